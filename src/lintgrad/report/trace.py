"""What was understood of one function: events in order, states before them, and gaps."""

from collections.abc import Iterator

from lintgrad.dataflow.solve import Problem, Reached, Solution, events_of, solve
from lintgrad.flow.events import (
    Backward,
    Build,
    Escape,
    Event,
    GradAssign,
    MayBackward,
    NamedOnly,
    Step,
    ZeroGrad,
)
from lintgrad.flow.graph import FlowGraph, Optimizer
from lintgrad.flow.role import Basis
from lintgrad.source.text import Source, spelled
from lintgrad.typestates.gradients import GRADIENTS, Grad, GradAct

_BASIS = {
    Basis.BUILT: "its construction is in sight",
    Basis.ANNOTATED: "by its annotation",
    Basis.USED: "by its use",
    Basis.NAMED: "by its name alone",
}
_EVENTS: dict[type, str] = {
    Backward: "adds gradients",
    Step: "applies",
    ZeroGrad: "clears",
    GradAssign: "overwrites gradients",
    Build: "builds",
    Escape: "not understood",
    MayBackward: "may add gradients",
    NamedOnly: "names only",
}


def traced(graph: FlowGraph, source: Source) -> Iterator[str]:
    """The lines of the report."""
    start, end = source.locate(graph.span.start).row, source.locate(graph.span.end).row
    yield f"{graph.name}  ({source.path}:{start}-{end})"
    for optimizer in graph.optimizers.values():
        yield f"  optimizer `{optimizer.place}` ({_origin(optimizer)})"
    yield from _guards(graph)
    solutions = {p: solve(Problem(graph, o, GRADIENTS)) for p, o in graph.optimizers.items()}
    yield from _table(graph, source, solutions)
    for place, solution in solutions.items():
        if not solution.exact:
            yield f"  too many paths for `{place}`: only what holds on all of them is reported"
    yield from _notes(graph, source)
    yield ""


def _origin(optimizer: Optimizer) -> str:
    basis = _BASIS[optimizer.basis]
    if not optimizer.owners.places:
        return f"{basis}; whose parameters it holds is not known"
    owners = ", ".join(f"`{place}`" for place in sorted(optimizer.owners.places))
    more = "" if optimizer.owners.complete else " and more"
    return f"{basis}; holds parameters of {owners}{more}"


def _guards(graph: FlowGraph) -> Iterator[str]:
    guards = graph.guards
    if guards.tracked:
        tracked = ", ".join(f"`{place}`" for place in sorted(guards.tracked))
        yield f"  guards are decided by counting {tracked}; counted loops run {guards.length} times"
    for place, number in sorted(guards.stand_ins.items()):
        yield f"  `{place}` is taken to be {number}"


def _table(
    graph: FlowGraph, source: Source, solutions: dict[str, Solution[Grad, GradAct, Optimizer]]
) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("line", "event", *(f"`{p}` before" for p in solutions))]
    events = [(point, e) for point, e in events_of(graph) if type(e) in _EVENTS]
    shown: set[tuple[int, type]] = set()
    for point, event in sorted(events, key=lambda item: (item[1].span, item[0])):
        if (event.span.start, type(event)) in shown:
            continue  # a `finally` body or a loop over elements is lowered more than once
        shown.add((event.span.start, type(event)))
        states = (_states(solution.reached.get(point)) for solution in solutions.values())
        line = str(source.locate(event.span.start).row)
        rows.append((line, _told(event, source), *states))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _told(event: Event, source: Source) -> str:
    text = spelled(source.text, event.span)
    short = text if len(text) <= 40 else f"{text[:37]}..."
    return f"{_EVENTS[type(event)]}: {short}"


def _states(reached: Reached[Grad] | None) -> str:
    """The states at each moment, in the order in which loops come to them."""
    if reached is None:
        return ""
    found: dict[str, None] = {}
    for moment in sorted(reached.moments, key=repr):
        states = sorted(state.name.lower() for state in reached.moments[moment])
        found[" or ".join(states)] = None
    return ", then ".join(found)


def _notes(graph: FlowGraph, source: Source) -> Iterator[str]:
    for note in dict.fromkeys(graph.notes):
        yield f"  line {source.locate(note.span.start).row}: not understood: {note.text}"
