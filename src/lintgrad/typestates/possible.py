"""Sets of shapes that a value may have, and operations on them."""

from collections.abc import Callable, Iterable
from itertools import product

from lintgrad.typestates.shapes import UNKNOWN, Shape

Shapes = frozenset[Shape]

ANYTHING: Shapes = frozenset({UNKNOWN})
_MOST_SHAPES = 6
"""More shapes than this in one place count as not known."""


def lifted(operation: Callable[..., Shape], operands: list[Shapes]) -> Shapes:
    """An operation over every combination of shapes."""
    size = 1
    for operand in operands:
        size *= len(operand)
    if size > _MOST_SHAPES**2:
        return ANYTHING
    return limited({operation(*combination) for combination in product(*operands)})


def limited(shapes: Iterable[Shape]) -> Shapes:
    """The shapes, or nothing known if there are too many."""
    found = frozenset(shapes)
    return found if len(found) <= _MOST_SHAPES else ANYTHING
