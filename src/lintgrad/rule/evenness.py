"""Loops that run a whole number of windows by construction: `range(steps * n)`, `range(400)`."""

from collections.abc import Iterator

from lintgrad.dataflow.arithmetic import evaluate
from lintgrad.flow.events import Assign
from lintgrad.flow.graph import Branch, FlowGraph
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Binary, Const, Expr
from lintgrad.syntax.walk import parts_of
from lintgrad.typestates.scales import same_number

_DEEPEST = 3
"""Names in the number of rounds are followed so far."""


def comes_out_even(graph: FlowGraph, loop: int) -> bool:
    """Whether the rounds of a loop are a multiple of what its guards take remainders of."""
    sizes = list(_sizes(graph, loop))
    drawn = graph.loops[loop].drawn
    iterated = () if drawn is None else tuple(_written(graph, drawn[1], _DEEPEST))
    length = evaluate(graph.loops[loop].length, {}, graph.guards)
    whole = length if isinstance(length, int) else 0
    return any(
        any(_is_multiple(part, size) for part in iterated)
        or (whole > 0 and isinstance(size, Const) and whole % _number(size) == 0)
        for size in sizes
    )


def _sizes(graph: FlowGraph, loop: int) -> Iterator[Expr]:
    """What the tests in a loop, and the flags that they name, take the remainder by."""
    for block in graph.blocks:
        if loop in block.loops and isinstance(block.exit, Branch) and block.exit.test is not None:
            for part in _written(graph, block.exit.test, 1):
                if isinstance(part, Binary) and part.op == "%":
                    yield part.right


def _written(graph: FlowGraph, expr: Expr, deep: int) -> Iterator[Expr]:
    """The parts of an expression, and of what the names in it are given."""
    for part in parts_of(expr):
        yield part
        for value in _given(graph, place_of(part)) if deep else ():
            yield from _written(graph, value, deep - 1)


def _given(graph: FlowGraph, place: str | None) -> Iterator[Expr]:
    for block in graph.blocks if place is not None else ():
        for event in block.events:
            if isinstance(event, Assign) and place in event.places and event.value is not None:
                yield event.value


def _is_multiple(expr: Expr, size: Expr) -> bool:
    """Whether an expression is a product with a factor."""
    match expr:
        case Binary(op="*", left=left, right=right):
            return any(same_number(one, size) or _is_multiple(one, size) for one in (left, right))
    return False


def _number(size: Const) -> int:
    return size.value if isinstance(size.value, int) and size.value > 0 else 1
