"""What was understood of one function, read off its solved flow graph."""

from collections.abc import Iterator

from lintgrad.dataflow.paths import Facts
from lintgrad.dataflow.solve import Point, Problem, Solution, solve
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
from lintgrad.flow.graph import FlowGraph, Optimizer
from lintgrad.flow.role import Basis
from lintgrad.report.timeline import Happening, Timeline, Trace
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

_Solution = Solution[Grad, GradAct, Optimizer]


def traced(graph: FlowGraph, source: Source, row: int | None = None) -> Trace:
    """What was understood of a function, or of the loop in it whose header is at a row."""
    loops = [n for n, p in enumerate(graph.loops) if source.locate(p.span.start).row == row]
    return Trace(
        graph.name,
        source.path,
        source.locate(graph.span.start).row,
        source.locate(graph.span.end).row,
        tuple(
            _timeline(solve(Problem(graph, optimizer, GRADIENTS)), source, loops)
            for optimizer in graph.optimizers.values()
        ),
        tuple(_guards(graph)),
        tuple((source.locate(n.span.start).row, n.text) for n in dict.fromkeys(graph.notes)),
    )


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
        yield f"guards are decided by counting {tracked}; counted loops run {guards.length} times"
    for place, number in sorted(guards.stand_ins.items()):
        yield f"`{place}` is taken to be {number}"


def _timeline(solution: _Solution, source: Source, loops: list[int]) -> Timeline:
    optimizer = solution.problem.subject
    moments = sorted(_moments(solution, loops), key=lambda moment: moment[0])
    happenings: dict[Happening, None] = {}
    window: int | None = 0
    for _, point, facts, states in moments:
        block = solution.problem.graph.blocks[point[0]]
        event = block.events[point[1]]
        act = GRADIENTS.act(event, optimizer)  # type: ignore[arg-type]  # loops do not concern it
        if act is None:
            continue
        before = sorted(states, key=lambda state: state.value)
        after = dict.fromkeys(GRADIENTS.after(state, act) for state in before)
        window = _window(window, act, frozenset(after))
        if act is GradAct.DOUBT and set(after) == states:
            continue  # a forward pass as good as always
        happenings[
            Happening(
                _iteration(solution.problem.graph, facts.turns),
                source.locate(event.span.start).row,  # type: ignore[union-attr]
                _EVENTS.get(type(event), "changes"),
                spelled(source.text, event.span),  # type: ignore[union-attr]
                tuple(state.name.lower() for state in before),
                tuple(state.name.lower() for state in after),
                window,
                tuple((p, v) for p, v in facts.values if type(v) is int),
            )
        ] = None
    return Timeline(optimizer.place, _origin(optimizer), tuple(happenings), solution.exact)


def _moments(
    solution: _Solution, loops: list[int]
) -> Iterator[tuple[tuple[int, Point], Point, Facts, set[Grad]]]:
    """Every event with the states before it: when it is first come to, where, and what is known."""
    for point, reached in solution.reached.items():
        if loops and not set(loops) & set(solution.problem.graph.blocks[point[0]].loops):
            continue
        for states in reached.moments.values():
            nodes = sorted((len(solution.path(node)), node.facts) for node in states.values())
            yield (nodes[0][0], point), point, nodes[0][1], set(states)


def _iteration(graph: FlowGraph, turns: tuple[tuple[int, int], ...]) -> str:
    """The rounds of loops, counted from 1; a loop that is not counted has a first and the rest."""
    tracked = graph.guards.tracked
    told = []
    for number, turn in turns:
        counted = any(counter.place in tracked for counter in graph.loops[number].counters)
        told.append(f"{turn + 1}" if counted or turn == 0 else f"{turn + 1}+")
    return ".".join(told)


def _window(window: int | None, act: GradAct, after: frozenset[Grad]) -> int | None:
    """How many backward calls the gradients are the sum of, after an act."""
    if after in ({Grad.CLEAR}, {Grad.WIPED}):
        return 0
    if act is GradAct.REPLACE:
        return 1
    if window is None or len(after) > 1 or Grad.UNKNOWN in after:
        return None
    return window + 1 if act is GradAct.ADD else window
