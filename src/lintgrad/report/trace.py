"""What was understood of one function, read off its solved flow graph."""

from collections.abc import Iterator
from typing import NamedTuple

from lintgrad.dataflow.paths import Facts
from lintgrad.dataflow.solution import Entered, Point, Problem, Solution
from lintgrad.dataflow.solve import solve
from lintgrad.flow.events import (
    Backward,
    Build,
    Escape,
    GradAssign,
    MayBackward,
    NamedOnly,
    Restore,
    Slipped,
    Step,
    ZeroGrad,
)
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.graph import Call, FlowGraph
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.project import Analysis
from lintgrad.report.timeline import Happening, Timeline, Trace
from lintgrad.source.text import Span, spelled
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
    Restore: "sets parameters back",
    Build: "builds",
    Escape: "not understood",
    MayBackward: "may add gradients",
    NamedOnly: "names only",
    Slipped: "has no effect",
}

_Solution = Solution[Grad, GradAct, Optimizer]


def traced(analysis: Analysis, number: int, row: int | None = None) -> Trace:
    """What was understood of a function, or of the loop in it whose header is at a row."""
    graph = analysis.graphs[number]
    source = analysis.sources[graph.span.path]
    loops = [n for n, p in enumerate(graph.loops) if source.locate(p.span.start).row == row]
    return Trace(
        graph.name,
        source.path,
        source.locate(graph.span.start).row,
        source.locate(graph.span.end).row,
        tuple(
            _timeline(
                solve(Problem(analysis.graphs, number, optimizer, GRADIENTS)), analysis, loops
            )
            for optimizer in graph.optimizers.values()
        ),
        tuple(_guards(graph)),
        tuple((source.locate(n.span.start).row, n.text) for n in dict.fromkeys(graph.notes)),
    )


def _origin(optimizer: Optimizer) -> str:
    basis = "updated by hand" if optimizer.by_hand else _BASIS[optimizer.basis]
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


def _timeline(solution: _Solution, analysis: Analysis, loops: list[int]) -> Timeline:
    optimizer = solution.problem.subject
    source = analysis.sources[solution.problem.graph.span.path]
    happenings: dict[Happening, None] = {}
    window: int | None = 0
    moments = [*_events(solution, loops), *_calls(solution, analysis, loops)]
    for moment in sorted(moments, key=lambda one: one.order):
        if moment.act is not None:
            window = _window(window, moment.act, moment.after)
        elif moment.after != moment.before:
            window = None if len(moment.after) > 1 else _window(None, GradAct.LOSE, moment.after)
        if moment.act in (None, GradAct.DOUBT) and moment.after == moment.before:
            continue  # a forward pass as good as always, or a call that leaves all as it was
        happenings[
            Happening(
                _iteration(solution.problem.graph, moment.facts.turns),
                source.locate(moment.span.start).row,
                moment.told,
                spelled(source.text, moment.span),
                _names(moment.before),
                _names(moment.after),
                window,
                tuple((p, v) for p, v in moment.facts.values if type(v) is int),
            )
        ] = None
    return Timeline(optimizer.place, _origin(optimizer), tuple(happenings), solution.exact)


class _Moment(NamedTuple):
    """An event or a call as it is first come to, with the states around it."""

    order: tuple[int, Point]
    span: Span
    told: str
    act: GradAct | None
    before: frozenset[Grad]
    after: frozenset[Grad]
    facts: Facts


def _names(states: frozenset[Grad]) -> tuple[str, ...]:
    return tuple(state.name.lower() for state in sorted(states, key=lambda one: one.value))


def _events(solution: _Solution, loops: list[int]) -> Iterator[_Moment]:
    acts = solution.acts
    for point, reached in solution.reached.items():
        if not _shown(solution, loops, point[0]):
            continue
        act, told = acts[point], _EVENTS.get(type(reached.event), "changes")
        for states in reached.moments.values():
            length, facts = min((len(solution.path(n)), n.facts) for n in states.values())
            after = frozenset(GRADIENTS.after(state, act) for state in states)
            before = frozenset(states)
            yield _Moment((length, point), reached.event.span, told, act, before, after, facts)


def _calls(solution: _Solution, analysis: Analysis, loops: list[int]) -> Iterator[_Moment]:
    """The calls that were followed, with what the called functions make of the gradients."""
    graph = solution.problem.graph
    met: dict[tuple[int, object], list[Entered[Grad, GradAct, Optimizer]]] = {}
    for entered in solution.entered:
        if _shown(solution, loops, entered.node.block):
            met.setdefault((entered.node.block, entered.moment), []).append(entered)
    for (block, _), all_entered in met.items():
        call = graph.blocks[block].exit
        if isinstance(call, Call):
            length, facts = min((len(solution.path(e.node)), e.node.facts) for e in all_entered)
            yield _Moment(
                (length, (block, len(graph.blocks[block].events))),
                call.span,
                f"goes through {analysis.graphs[call.callee].name}",
                None,
                frozenset(e.entry.state for e in all_entered),
                frozenset(left.state for e in all_entered for left in e.solution.exits),
                facts,
            )


def _shown(solution: _Solution, loops: list[int], block: int) -> bool:
    return not loops or bool(set(loops) & set(solution.problem.graph.blocks[block].loops))


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
    if window is None or len(after) > 1 or after & {Grad.UNKNOWN, Grad.PRESENT, Grad.DOUBTFUL}:
        return None
    return window + 1 if act is GradAct.ADD else window
