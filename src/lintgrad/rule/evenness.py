"""Loops that run a whole number of windows by construction: `range(steps * n)`, `range(400)`."""

from collections.abc import Iterator

from lintgrad.dataflow.arithmetic import evaluate
from lintgrad.dataflow.solution import events_of
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
    values = _values(graph)
    sizes = list(_sizes(graph, loop, values))
    drawn = graph.loops[loop].drawn
    iterated = () if drawn is None else tuple(_written(values, drawn[1], _DEEPEST))
    length = evaluate(graph.loops[loop].length, {}, graph.guards)
    rounds = length if isinstance(length, int) and length > 0 else None
    return any(
        any(_is_multiple(part, size) for part in iterated)
        or (rounds is not None and isinstance(size, Const) and rounds % _number(size) == 0)
        for size in sizes
    )


def _values(graph: FlowGraph) -> dict[str, Expr]:
    """What the places hold that one assignment alone gives a value."""
    found: dict[str, list[Expr | None]] = {}
    for _, event in events_of(graph):
        if isinstance(event, Assign):
            for place in event.places:
                found.setdefault(place, []).append(event.value)
    alone = {place: given[0] for place, given in found.items() if len(given) == 1}
    return {place: value for place, value in alone.items() if value is not None}


def _sizes(graph: FlowGraph, loop: int, values: dict[str, Expr]) -> Iterator[Expr]:
    """What the tests in a loop, and the flags that they name, take the remainder by."""
    for block in graph.blocks:
        if loop in block.loops and isinstance(block.exit, Branch) and block.exit.test is not None:
            for part in _written(values, block.exit.test, 1):
                if isinstance(part, Binary) and part.op == "%":
                    yield part.right


def _written(values: dict[str, Expr], expr: Expr, deep: int) -> Iterator[Expr]:
    """The parts of an expression, and of what the names in it are given."""
    for part in parts_of(expr):
        yield part
        value = values.get(place_of(part) or "") if deep else None
        if value is not None:
            yield from _written(values, value, deep - 1)


def _is_multiple(expr: Expr, size: Expr) -> bool:
    """Whether an expression is a product with a factor."""
    match expr:
        case Binary(op="*", left=left, right=right):
            return any(same_number(one, size) or _is_multiple(one, size) for one in (left, right))
    return False


def _number(size: Const) -> int:
    return size.value if isinstance(size.value, int) and size.value > 0 else 1
