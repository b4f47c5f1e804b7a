"""What happens to each optimizer's gradients, in order: values that tables and pictures are of."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

_LEAST_EVENT = 16
"""Cells that are left for what happens, however narrow the terminal is."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens at one moment, with what the gradients may be around it."""

    iteration: str
    """The rounds of the loops around it, the outermost first; empty outside of loops."""
    row: int
    act: str
    code: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    window: int | None
    """How many backward calls the gradients are the sum of; None if that is not certain."""
    counters: tuple[tuple[str, int], ...] = ()
    """What places that guards count with hold."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happens to one optimizer's gradients."""

    place: str
    origin: str
    happenings: tuple[Happening, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """What was understood of one function."""

    name: str
    path: str
    first: int
    last: int
    timelines: tuple[Timeline, ...]
    guards: tuple[str, ...]
    """What was chosen to decide guards."""
    notes: tuple[tuple[int, str], ...]
    """Rows with what was not understood there."""


def as_table(trace: Trace, width: int | None = None) -> Iterator[str]:
    """The lines of a report for people, cropped to a terminal's width if there is one."""
    yield f"{trace.name}  ({trace.path}:{trace.first}-{trace.last})"
    for guard in trace.guards:
        yield f"  {guard}"
    for timeline in trace.timelines:
        yield f"  optimizer `{timeline.place}` ({timeline.origin})"
        yield from _rows(timeline, width)
        if not timeline.exact:
            yield "    too many paths: only what holds on all of them is reported"
    for row, text in trace.notes:
        yield f"  line {row}: not understood: {text}"
    yield ""


_TITLES = ("round", "counters", "line", "event", "before", "after", "window")
_EVENT, _COUNTERS = _TITLES.index("event"), _TITLES.index("counters")


def _rows(timeline: Timeline, width: int | None) -> Iterator[str]:
    values = {counter for happening in timeline.happenings for counter in happening.counters}
    places = [place for place, _ in values]
    varying = frozenset(place for place in places if places.count(place) > 1)
    rows = [_TITLES, *(_cells(happening, varying) for happening in timeline.happenings)]
    # A column in which nothing stands says nothing.
    used = [i for i in range(len(_TITLES)) if any(row[i] for row in rows[1:]) or i == _EVENT]
    widths = {i: max(cell_len(row[i]) for row in rows) for i in used}
    if width is not None:
        room = width - 4 - sum(widths[i] + 2 for i in used if i != _EVENT)
        if room < _LEAST_EVENT and _COUNTERS in used:
            used.remove(_COUNTERS)
            room += widths[_COUNTERS] + 2
        widths[_EVENT] = min(widths[_EVENT], max(room, _LEAST_EVENT))
    for row in rows:
        cells = (_padded(_short(row[i], widths[i]), widths[i]) for i in used)
        yield f"    {'  '.join(cells)}".rstrip()


def _cells(happening: Happening, varying: frozenset[str]) -> tuple[str, ...]:
    return (
        happening.iteration,
        ", ".join(f"{place}={value}" for place, value in happening.counters if place in varying),
        str(happening.row),
        f"{happening.act}: {happening.code}",
        " or ".join(happening.before),
        " or ".join(happening.after),
        "?" if happening.window is None else str(happening.window),
    )


def _short(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    while cell_len(text) >= width:
        text = text[:-1]
    return f"{text}…"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def as_json(traces: Sequence[Trace]) -> Iterator[str]:
    """The lines of a report for programs: one array."""
    yield from json.dumps([_value(t) for t in traces], indent=2, ensure_ascii=False).split("\n")


def _value(trace: Trace) -> dict[str, object]:
    return {
        "name": trace.name,
        "filename": trace.path,
        "first_row": trace.first,
        "last_row": trace.last,
        "guards": list(trace.guards),
        "optimizers": [
            {
                "place": timeline.place,
                "origin": timeline.origin,
                "exact": timeline.exact,
                "events": [_event(happening) for happening in timeline.happenings],
            }
            for timeline in trace.timelines
        ],
        "not_understood": [{"row": row, "message": text} for row, text in trace.notes],
    }


def _event(happening: Happening) -> dict[str, object]:
    return {
        "iteration": happening.iteration,
        "row": happening.row,
        "event": happening.act,
        "code": happening.code,
        "before": list(happening.before),
        "after": list(happening.after),
        "window": happening.window,
        "counters": dict(happening.counters),
    }
