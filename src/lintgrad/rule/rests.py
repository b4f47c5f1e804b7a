"""What is left of an accumulation window when its loop ends."""

from collections.abc import Callable, Iterator, Sequence

from lintgrad.dataflow.arithmetic import evaluate
from lintgrad.dataflow.contexts import Context, LoopAround, Where
from lintgrad.dataflow.solution import Point, events_of
from lintgrad.flow.events import Backward, Step, ZeroGrad
from lintgrad.flow.graph import Block, Branch, FlowGraph
from lintgrad.rule.accumulation import Accumulation, Rest
from lintgrad.rule.evenness import comes_out_even
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Binary, Call, Compare, Expr, Name
from lintgrad.syntax.walk import parts_of
from lintgrad.typestates.windows import HOLDING, Share, Window, WindowAct

Shares = Context[Window, WindowAct, Share]
Asked = Callable[[Window], bool]


def certain(context: Shares, point: Point, always: Asked, once: Asked) -> Where[Window] | None:
    """What leads to a point at a moment at which one thing always holds, and another once."""
    for states in context.moments(point):
        if all(map(always, states)):
            for state, where in states.items():
                if once(state):
                    return where
    return None


def rest_of(
    window: Accumulation, contexts: Sequence[Shares], ends: Sequence[Window]
) -> Iterator[Rest]:
    """What is certainly left of a window after its loop, and what becomes of it."""
    number, loop = window.around[-1]
    if any(c.number == number and comes_out_even(c.graph, loop) for c in contexts):
        return
    missed = next(_missed(window, contexts), None)
    clear = next(_cleared(window, contexts), None)
    if clear is not None:
        yield Rest(window, clear, missed=missed)
    elif any(_leaks(window, context) for context in contexts):
        yield Rest(window, None, leaks=True, missed=missed)
    elif ends and all(map(_is_left, ends)):
        yield Rest(window, None, missed=missed)


def _is_left(window: Window) -> bool:
    return window.held in HOLDING and not window.used


def _cleared(window: Accumulation, contexts: Sequence[Shares]) -> Iterator[ZeroGrad]:
    """What clears micro-batches that are left, after the loop."""
    for context in contexts:
        for point, event in context.points():
            inside = context.around(point[0])[: len(window.around)] == window.around
            if not isinstance(event, ZeroGrad) or inside:
                continue
            if certain(context, point, _is_left, _is_left) is not None:
                yield event


def _leaks(window: Accumulation, context: Shares) -> bool:
    """Whether a loop that counts its micro-batches by its own rounds begins anew with a rest."""
    graph, (number, loop) = context.graph, window.around[-1]
    if number != context.number or not _counts_itself(graph, loop):
        return False
    for point, event in events_of(graph):
        if event is window.backward:
            reached = context.solution.reached.get(point)
            for moment, states in reached.moments.items() if reached is not None else ():
                if _begins_anew(moment, loop) and all(map(_is_left, states)):
                    return True
    return False


def _begins_anew(moment: object, loop: int) -> bool:
    """Whether it is the first round of a loop, in a later round of one around it."""
    turns = dict(moment[0]) if isinstance(moment, tuple) else {}
    return turns.get(loop) == 0 and any(turn > 0 for turn in turns.values())


def _counts_itself(graph: FlowGraph, loop: int) -> bool:
    """Whether a guard in a loop takes the remainder of what counts the rounds of that very loop."""
    own = {counter.place for counter in graph.loops[loop].counters}
    return any(
        isinstance(part, Binary)
        and part.op == "%"
        and not own.isdisjoint(place_of(inner) for inner in parts_of(part.left))
        for block in graph.blocks
        if block.loops[-1:] == (loop,) and isinstance(block.exit, Branch)
        if block.exit.test is not None
        for part in parts_of(block.exit.test)
    )


def _missed(window: Accumulation, contexts: Sequence[Shares]) -> Iterator[Span]:
    """Where a step for what is left is written down: after the loop, or for its last round."""
    for context in contexts:
        acts = context.solution.acts
        for point, event in events_of(context.graph):
            if (
                isinstance(event, Step)
                and acts.get(point) is WindowAct.APPLY
                and _follows(event.span, context.around(point[0]), window, context)
            ):
                yield event.span
        for block in context.graph.blocks:
            if context.graph is contexts[0].graph and _asks_too_late(context.graph, block, window):
                yield block.exit.span  # type: ignore[union-attr]  # it ends in a branch


def _follows(
    span: Span, around: tuple[LoopAround, ...], window: Accumulation, context: Shares
) -> bool:
    """Whether a step stands right after a window's loop, with no backward of its own."""
    begun = window.step.span
    if around != window.around[:-1] or span.path != begun.path or span.start < begun.end:
        return False
    return not any(
        isinstance(event, Backward) and begun.end <= event.span.start < span.start
        for _, event in events_of(context.graph)
    )


def _asks_too_late(graph: FlowGraph, block: Block, window: Accumulation) -> bool:
    """Whether a test in a window's loop asks for a round that comes after the last: `== len(x)`."""
    branch = block.exit
    if not isinstance(branch, Branch) or block.loops[-1:] != (window.around[-1][1],):
        return False
    match branch.test:
        case Compare(op="==", left=left, right=right):
            sides = ((left, right), (right, left))
            return any(_is_length(one) and _ends_before(graph, block, it) for it, one in sides)
    return False


def _is_length(expr: Expr) -> bool:
    return isinstance(expr, Call) and isinstance(expr.func, Name) and expr.func.id == "len"


def _ends_before(graph: FlowGraph, block: Block, counted: Expr) -> bool:
    """Whether a counter ends just before the length that it is compared with."""
    for counter in graph.loops[block.loops[-1]].counters:
        start = 0 if counter.start is None else evaluate(counter.start, {}, graph.guards)
        if counter.place == place_of(counted) and counter.step == 1:
            return start == 0
    return False
