"""What was understood of one function: events in order, states before them, and gaps."""

from collections.abc import Iterator

from lintgrad.dataflow.solve import Point, Problem, Solution, events_of, solve
from lintgrad.flow.events import (
    Backward,
    Build,
    Escape,
    GradAssign,
    MayBackward,
    NamedOnly,
    Step,
    ZeroGrad,
)
from lintgrad.flow.graph import Call, FlowGraph, Optimizer
from lintgrad.flow.project import Analysis
from lintgrad.flow.role import Basis
from lintgrad.source.text import Source, Span, spelled
from lintgrad.typestates.gradients import GRADIENTS, Grad, GradAct

Moments = dict[object, set[Grad]]

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


def traced(analysis: Analysis, number: int) -> Iterator[str]:
    """The lines of the report on the function with a number."""
    graph = analysis.graphs[number]
    source = analysis.sources[graph.span.path]
    start, end = source.locate(graph.span.start).row, source.locate(graph.span.end).row
    yield f"{graph.name}  ({source.path}:{start}-{end})"
    for optimizer in graph.optimizers.values():
        yield f"  optimizer `{optimizer.place}` ({_origin(optimizer)})"
    yield from _guards(graph)
    solutions = {
        place: solve(Problem(analysis.graphs, number, optimizer, GRADIENTS))
        for place, optimizer in graph.optimizers.items()
    }
    yield from _table(analysis, graph, solutions)
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
    analysis: Analysis,
    graph: FlowGraph,
    solutions: dict[str, Solution[Grad, GradAct, Optimizer]],
) -> Iterator[str]:
    source = analysis.sources[graph.span.path]
    rows: list[tuple[str, ...]] = [("line", "event", *(f"`{p}` before" for p in solutions))]
    shown: set[tuple[int, str]] = set()
    for span, told, point in sorted(_happens(analysis, graph), key=lambda one: (one[0], one[2])):
        if (span.start, told) in shown:
            continue  # a `finally` body or a loop over elements is lowered more than once
        shown.add((span.start, told))
        states = (_states(_before(solution, point)) for solution in solutions.values())
        text = spelled(source.text, span)
        short = text if len(text) <= 40 else f"{text[:37]}..."
        rows.append((str(source.locate(span.start).row), f"{told}: {short}", *states))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _happens(analysis: Analysis, graph: FlowGraph) -> Iterator[tuple[Span, str, Point]]:
    """The events of a graph and the calls that it follows, with what they are and where."""
    for point, event in events_of(graph):
        if type(event) in _EVENTS:
            yield event.span, _EVENTS[type(event)], point
    for number, block in enumerate(graph.blocks):
        if isinstance(block.exit, Call):
            called = analysis.graphs[block.exit.callee]
            row = analysis.sources[called.span.path].locate(called.span.start).row
            where = called.span.path if called.span.path != graph.span.path else "line"
            told = f"goes through {called.name} ({where}{':' if where != 'line' else ' '}{row})"
            yield block.exit.span, told, (number, len(block.events))


def _before(solution: Solution[Grad, GradAct, Optimizer], point: Point) -> Moments:
    """The states before an event or a call, by the moment at which they are met."""
    reached = solution.reached.get(point)
    if reached is not None:
        return {moment: set(states) for moment, states in reached.moments.items()}
    found: Moments = {}
    block = solution.problem.graph.blocks[point[0]]
    if point[1] == len(block.events) and isinstance(block.exit, Call):
        for entered in solution.entered:
            if entered.node.block == point[0]:
                found.setdefault(entered.moment, set()).add(entered.entry.state)
    return found


def _states(moments: Moments) -> str:
    """The states at each moment, in the order in which loops come to them."""
    found: dict[str, None] = {}
    for moment in sorted(moments, key=repr):
        states = sorted(state.name.lower() for state in moments[moment])
        found[" or ".join(states)] = None
    return ", then ".join(found)


def _notes(graph: FlowGraph, source: Source) -> Iterator[str]:
    for note in dict.fromkeys(graph.notes):
        yield f"  line {source.locate(note.span.start).row}: not understood: {note.text}"
