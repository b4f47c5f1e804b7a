"""Timelines as pictures: which states the gradients go through, and what leads from one to another.

https://mermaid.js.org/syntax/stateDiagram.html, https://graphviz.org/doc/info/lang.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from lintgrad.report.timeline import Timeline, Trace

_BAD = {"mixed": "gold", "wiped": "tomato"}
"""States in which a step does harm, with the colours that say so."""


@dataclass(frozen=True, slots=True)
class _Arrow:
    before: str
    after: str
    label: str


def as_mermaid(traces: Sequence[Trace]) -> Iterator[str]:
    """The lines of a Mermaid state diagram."""
    yield "stateDiagram-v2"
    for number, trace, timeline in _numbered(traces):
        arrows = _arrows(timeline)
        states = _states(arrows)
        yield f'  state "{_mermaid_text(_title(trace, timeline))}" as t{number} {{'
        yield from (f'    state "{state}" as t{number}_{state}' for state in states)
        yield from (f"    [*] --> t{number}_{state}" for state in states[:1])
        for arrow in arrows:
            label = _mermaid_text(arrow.label)
            yield f"    t{number}_{arrow.before} --> t{number}_{arrow.after}: {label}"
        yield "  }"
        for state in states:
            if state in _BAD:
                yield f"  style t{number}_{state} fill:{_BAD[state]}"


def as_dot(traces: Sequence[Trace]) -> Iterator[str]:
    """The lines of a Graphviz graph."""
    yield "digraph lintgrad {"
    yield "  node [shape=box, style=rounded];"
    for number, trace, timeline in _numbered(traces):
        arrows = _arrows(timeline)
        yield f"  subgraph cluster_{number} {{"
        yield f"    label={_dot_text(_title(trace, timeline))};"
        for state in _states(arrows):
            colour = f', style="rounded,filled", fillcolor={_BAD[state]}' if state in _BAD else ""
            yield f"    t{number}_{state} [label={state}{colour}];"
        for arrow in arrows:
            ends = f"t{number}_{arrow.before} -> t{number}_{arrow.after}"
            yield f"    {ends} [label={_dot_text(arrow.label)}];"
        yield "  }"
    yield "}"


def _numbered(traces: Sequence[Trace]) -> Iterator[tuple[int, Trace, Timeline]]:
    pairs = [(trace, timeline) for trace in traces for timeline in trace.timelines]
    for number, (trace, timeline) in enumerate(pairs):
        yield number, trace, timeline


def _title(trace: Trace, timeline: Timeline) -> str:
    return f"{trace.path}: {trace.name}: {timeline.place}"


def _arrows(timeline: Timeline) -> list[_Arrow]:
    """What leads from state to state, in order; what happens again and again is told once."""
    labels: dict[tuple[str, str], list[str]] = {}
    for one in timeline.happenings:
        told = f"line {one.row} {one.act}"
        when = f"{told} ({one.iteration})" if one.iteration else told
        pairs = (
            zip(one.before, one.after, strict=True)
            if len(one.before) == len(one.after)
            else product(one.before, one.after)
        )
        for pair in pairs:
            labels.setdefault(pair, []).append(when)
    return [_Arrow(*pair, ", ".join(dict.fromkeys(told))) for pair, told in labels.items()]


def _states(arrows: Sequence[_Arrow]) -> list[str]:
    return list(dict.fromkeys(state for arrow in arrows for state in (arrow.before, arrow.after)))


def _mermaid_text(text: str) -> str:
    # Quotes and colons would end the text, and brackets begin a tag; entity codes stand for them.
    codes = {"#": "#35;", '"': "#quot;", ":": "#58;", "<": "#lt;", ">": "#gt;"}
    return "".join(codes.get(character, character) for character in text)


def _dot_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
