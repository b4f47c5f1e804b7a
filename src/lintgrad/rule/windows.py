"""Accumulation windows, recognised by what happens: backward runs several times for one step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lintgrad.dataflow.contexts import Context, LoopAround, Where, contexts_of
from lintgrad.dataflow.solution import Point, Problem, Solution, events_of
from lintgrad.dataflow.solve import solve
from lintgrad.dataflow.typestate import Certainty
from lintgrad.dataflow.witness import Passed, trail
from lintgrad.flow.events import Backward, Event, Step, ZeroGrad
from lintgrad.flow.graph import Call, FlowGraph, reachable
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.finding import Confidence, confidence_by
from lintgrad.typestates.gradients import Grad, GradAct
from lintgrad.typestates.windows import (
    HOLDING,
    WINDOWS,
    Held,
    Lost,
    Share,
    Window,
    WindowAct,
    accumulates,
    loses,
    loses_again,
)

Gradients = Solution[Grad, GradAct, Optimizer]
Shares = Context[Window, WindowAct, Share]


@dataclass(frozen=True)
class Accumulation:
    """A window of micro-batches: the backward that fills it, and the step that ends it.

    The trail is one path to the step; around are the loops that the step is in, the innermost of
    which takes one micro-batch a round.
    """

    subject: Optimizer
    """The optimizer as the function calls it that is looked at."""
    optimizer: Optimizer
    backward: Backward
    step: Event
    trail: tuple[Passed, ...]
    around: tuple[LoopAround, ...]

    @property
    def confidence(self) -> Confidence:
        """What the basis for the optimizer allows: a window is certain, or none."""
        return confidence_by(self.optimizer.basis)


@dataclass(frozen=True)
class Spoilt:
    """A window whose first micro-batches are cleared, every time, before the step applies the rest.

    Lone if each micro-batch is cleared by itself; framed if a framework counts them.
    """

    window: Accumulation
    clear: ZeroGrad
    lone: bool
    framed: bool


@dataclass(frozen=True)
class Rest:
    """Micro-batches that are left when the loop of a window ends, and that no step applies.

    Something may clear them after the loop; otherwise they are there when the function ends.
    """

    window: Accumulation
    clear: ZeroGrad | None


@dataclass(frozen=True)
class Windows:
    """The accumulation windows of a function: whole ones, spoilt ones, and what is left over."""

    whole: tuple[Accumulation, ...] = ()
    spoilt: tuple[Spoilt, ...] = ()
    rests: tuple[Rest, ...] = ()


_MOST_OPTIMIZERS = 16
"""With more in one function, it would take long to follow each backward into each of them."""


def windows_of(
    graphs: Sequence[FlowGraph], number: int, solved: Callable[[Optimizer], Gradients]
) -> Windows:
    """The windows of a function's optimizers, whose gradients are solved already."""
    graph = graphs[number]
    if len(graph.optimizers) > _MOST_OPTIMIZERS:
        return Windows()
    whole: list[Accumulation] = []
    spoilt: list[Spoilt] = []
    rests: list[Rest] = []
    for optimizer in graph.optimizers.values():
        for backward in _repeated(graphs, number, solved(optimizer)):
            found = _Filled(graphs, number, Share(optimizer, backward))
            gathered = list(found.windows(accumulates, accumulates))
            whole += gathered
            rests += [rest for window in gathered for rest in found.rest(window)]
            for window in found.windows(loses, loses_again):
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
    """Whether gradients are cleared or added to that certainly no step has applied."""
    unapplied = (Grad.PENDING, Grad.MIXED)
    return any(
        isinstance(event, ZeroGrad | Backward)
        and context.certainty(point, lambda grad: grad in unapplied) is Certainty.ALWAYS
        for point, event in context.points()
    )


_Asked = Callable[[Window], bool]


def _is_left(window: Window) -> bool:
    return window.held in HOLDING and not window.used


def _certain(context: Shares, point: Point, always: _Asked, once: _Asked) -> Where[Window] | None:
    """What leads to a point at a moment at which one thing always holds, and another once."""
    for states in context.moments(point):
        if all(map(always, states)):
            for state, where in states.items():
                if once(state):
                    return where
    return None


class _Filled:
    """How one backward's share of the gradients fares."""

    def __init__(self, graphs: Sequence[FlowGraph], number: int, share: Share) -> None:
        self._share = share
        self._solution = solve(Problem(graphs, number, share, WINDOWS))
        self.contexts: list[Shares] = contexts_of(self._solution)

    def windows(self, always: _Asked, once: _Asked) -> Iterator[Accumulation]:
        """The windows that at some moment end in one way always, and in another at least once."""
        added = self.around(self._share.backward)
        for context, point, event in self._steps():
            around = context.around(point[0])
            where = _certain(context, point, always, once)
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
        for context in self.contexts:
            for point, event in context.points():
                inside = context.around(point[0])[: len(window.around)] == window.around
                if not isinstance(event, ZeroGrad) or inside:
                    continue
                if _certain(context, point, _is_left, _is_left) is not None:
                    yield Rest(window, event)
                    return
        ends = [entry.state for entry in self._solution.exits]
        if ends and all(map(_is_left, ends)):
            yield Rest(window, None)

    def _steps(self) -> Iterator[tuple[Shares, Point, Event]]:
        for context in self.contexts:
            acts = context.solution.acts
            for point, event in context.points():
                if isinstance(event, Step) and acts.get(point) is WindowAct.APPLY:
                    yield context, point, event
