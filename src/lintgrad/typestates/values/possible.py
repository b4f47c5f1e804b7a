"""Sets of values that an expression may have, and operations on them."""

from collections.abc import Callable, Iterable
from itertools import product

from lintgrad.typestates.values.value import UNKNOWN, Value

Values = frozenset[Value]

ANYTHING: Values = frozenset({UNKNOWN})
_MOST_VALUES = 8
"""More values than this in one place count as not known."""
_MOST_COMBINATIONS = 40


def lifted(operation: Callable[..., Value], operands: Iterable[Values]) -> Values:
    """An operation over every combination of values."""
    known = list(operands)
    size = 1
    for operand in known:
        size *= len(operand)
    if size > _MOST_COMBINATIONS:
        return ANYTHING
    return limited({operation(*combination) for combination in product(*known)})


def joined(sets: Iterable[Values]) -> Values:
    """The values of any of some sets."""
    return limited(frozenset[Value]().union(*sets))


def limited(values: Iterable[Value]) -> Values:
    """The values, or nothing known if there are too many."""
    found = frozenset(values)
    return found if len(found) <= _MOST_VALUES else ANYTHING
