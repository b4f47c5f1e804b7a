"""Accumulation windows, recognised by what happens: backward runs several times for one step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lintgrad.dataflow.contexts import Context, LoopAround, contexts_of
from lintgrad.dataflow.solution import Point, Problem, Solution, events_of
from lintgrad.dataflow.solve import solve
from lintgrad.dataflow.typestate import Certainty
from lintgrad.dataflow.witness import trail
from lintgrad.flow.events import Backward, Event, Step, ZeroGrad
from lintgrad.flow.graph import Call, FlowGraph, reachable
from lintgrad.flow.loops.rounds import Rounds, repeated
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.accumulation import Accumulation, Rest, Spoilt, Windows
from lintgrad.rule.rests import Asked, Shares, certain, rest_of
from lintgrad.typestates.gradients import GRADIENTS, Grad, GradAct
from lintgrad.typestates.windows import (
    HOLDING,
    WINDOWS,
    Held,
    Lost,
    Share,
    Window,
    WindowAct,
    accumulates,
    loses_again,
    loses_or_moves,
)

Gradients = Solution[Grad, GradAct, Optimizer]


_MOST_OPTIMIZERS = 16
"""With more in one function, it would take long to follow each backward into each of them."""


def windows_of(
    graphs: Sequence[FlowGraph], number: int, solved: Callable[[Optimizer], Gradients]
) -> Windows:
    """The windows of a function's optimizers, whose gradients are solved already."""
    graph = graphs[number]
    if len(graph.optimizers) > _MOST_OPTIMIZERS:
        return Windows()
    found = _windows(graphs, number, solved)
    counts = graph.again and not graph.guards.tracked.isdisjoint(graph.guards.starts)
    return _again(graphs, number) if counts and found == Windows() else found


def _again(graphs: Sequence[FlowGraph], number: int) -> Windows:
    """The windows whose micro-batches are calls of a function that counts them by itself."""
    called = [*graphs]
    called[number] = replace(repeated(graphs[number], Rounds()), again=frozenset())

    def solved(optimizer: Optimizer) -> Gradients:
        return solve(Problem(called, number, optimizer, GRADIENTS))

    found = _windows(called, number, solved)
    whole = tuple(replace(window, again=True) for window in found.whole)
    spoilt = (replace(one, window=replace(one.window, again=True)) for one in found.spoilt)
    return Windows(whole, tuple(spoilt))


def _windows(
    graphs: Sequence[FlowGraph], number: int, solved: Callable[[Optimizer], Gradients]
) -> Windows:
    graph = graphs[number]
    whole: list[Accumulation] = []
    spoilt: list[Spoilt] = []
    rests: list[Rest] = []
    for optimizer in graph.optimizers.values():
        for backward in _repeated(graphs, number, solved(optimizer)):
            found = _Filled(graphs, number, Share(optimizer, backward))
            gathered = list(found.windows(accumulates, accumulates))
            whole += gathered
            rests += [rest for window in gathered for rest in found.rest(window)]
            for window in found.windows(loses_or_moves, loses_again):
                spoilt += found.spoilt(window)
    return Windows(tuple(whole), tuple(spoilt), tuple(rests))


def _repeated(graphs: Sequence[FlowGraph], number: int, solution: Gradients) -> Iterator[Backward]:
    """The backwards that certainly run again before a step, with or without a clear between.

    One in a function that is called from several places is several in truth: it is left out.
    """
    contexts = contexts_of(solution)
    if not any(_is_unapplied(context) for context in contexts):
        return
    entered = [
        block.exit.callee
        for each in reachable(graphs, number)
        for block in graphs[each].blocks
        if isinstance(block.exit, Call)
    ]
    seen: set[int] = set()
    for context in contexts:
        callers, inner = context, context.number
        while callers.caller is not None and entered.count(callers.number) == 1:
            callers = callers.caller
        if callers.caller is not None or inner in seen:
            continue
        seen.add(inner)
        for point, event in context.points():
            if isinstance(event, Backward) and context.around(point[0]):
                yield event


def _is_unapplied(context: Context[Grad, GradAct, Optimizer]) -> bool:
    """Whether gradients are cleared or added to that certainly no step has applied.

    Where something is counted, those count as well of which nothing is known.
    """
    counts = bool(context.graph.guards.stand_ins or context.graph.guards.moduli)
    unapplied = {Grad.PENDING, Grad.MIXED} | ({Grad.UNKNOWN, Grad.PRESENT} if counts else set())
    return any(
        isinstance(event, ZeroGrad | Backward)
        and context.certainty(point, lambda grad: grad in unapplied) is Certainty.ALWAYS
        for point, event in context.points()
    )


class _Filled:
    """How one backward's share of the gradients fares."""

    def __init__(self, graphs: Sequence[FlowGraph], number: int, share: Share) -> None:
        self._share = share
        self._solution = solve(Problem(graphs, number, share, WINDOWS))
        self.contexts: list[Shares] = contexts_of(self._solution)

    def windows(self, always: Asked, once: Asked) -> Iterator[Accumulation]:
        """The windows that at some moment end in one way always, and in another at least once."""
        added = self.around(self._share.backward)
        for context, point, event in self._steps():
            around = context.around(point[0])
            where = certain(context, point, always, once)
            if where is not None and around and added[: len(around)] == around:
                yield Accumulation(
                    self._share.optimizer,
                    context.subject.optimizer,
                    self._share.backward,
                    event,
                    trail(context, where, point[1]),
                    around,
                )

    def around(self, wanted: Event) -> tuple[LoopAround, ...]:
        """The loops around an event, those of the callers included."""
        for context in self.contexts:
            for (block, _), event in events_of(context.graph):
                if event is wanted:
                    return context.around(block)
        return ()

    def spoilt(self, window: Accumulation) -> Iterator[Spoilt]:
        """The clear to blame, if it stands in the loop that the step stands in."""
        for passed in reversed(window.trail):
            before, later = passed.before, passed.after
            if (
                isinstance(passed.event, ZeroGrad)
                and isinstance(before, Window)
                and isinstance(later, Window)
                and later.lost > Lost.NONE
                and before.held in HOLDING
                and not before.used
            ):
                if self.around(passed.event) == window.around:
                    framed = any(context.graph.guards.entered for context in self.contexts)
                    yield Spoilt(window, passed.event, before.held is Held.ONE, framed)
                return

    def rest(self, window: Accumulation) -> Iterator[Rest]:
        """What is certainly left of a window after its loop."""
        ends = [entry.state for entry in self._solution.exits]
        return rest_of(window, self.contexts, ends)

    def _steps(self) -> Iterator[tuple[Shares, Point, Event]]:
        for context in self.contexts:
            acts = context.solution.acts
            for point, event in context.points():
                if isinstance(event, Step) and acts.get(point) is WindowAct.APPLY:
                    yield context, point, event
