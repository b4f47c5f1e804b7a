"""Tests that the values in them decide: `reduction == "mean"`, `loss.dim() > 0`."""

import operator
from collections.abc import Callable

from lintgrad.syntax.nodes import BoolOp, Call, Compare, Expr, Name, Sequence, Unary
from lintgrad.typestates.values.possible import Values
from lintgrad.typestates.values.value import Constant, Kind, Value

Valued = Callable[[Expr], Values]

_ORDERED: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_ABOVE = {">": True, ">=": True, "!=": True, "==": False, "<": False, "<=": False}
"""How a number compares with one that it is known to be above."""


def outcome(test: Expr, values: Valued) -> bool | None:
    """How a test turns out; None if that is not known."""
    match test:
        case Unary(op="not", value=value):
            found = outcome(value, values)
            return None if found is None else not found
        case BoolOp(op=op, parts=parts):
            answers = [outcome(part, values) for part in parts]
            decisive = op == "or"
            if decisive in answers:
                return decisive
            return None if None in answers else not decisive
        case Compare(op="in" | "not in", left=left, right=Sequence(items=choices)):
            answers = [_compared("==", values(left), values(choice)) for choice in choices]
            found = True if True in answers else None if None in answers else False
            return found if test.op == "in" or found is None else not found
        case Compare(op=op, left=left, right=right):
            return _compared(op, values(left), values(right))
        case Call(func=Name(id="isinstance" | "hasattr" | "callable")):
            return None
    found_values = {_truth(value) for value in values(test)}
    return found_values.pop() if len(found_values) == 1 else None


def is_of_type(test: Expr) -> bool:
    """Whether a test asks what type something has."""
    match test:
        case Call(func=Name(id="isinstance")):
            return True
        case Unary(op="not", value=value):
            return is_of_type(value)
        case BoolOp(parts=parts):
            return any(map(is_of_type, parts))
    return False


def _truth(value: Value) -> bool | None:
    if value.kind is Kind.NUMBER and value.constant is None:
        return None if value.above is None else True
    if value.kind in (Kind.NUMBER, Kind.CONSTANT):
        return bool(value.constant)
    if value.kind in (Kind.LOSS, Kind.LAYER):
        return True
    return None


def _compared(op: str, left: Values, right: Values) -> bool | None:
    answers = {_compare(op, one, other) for one in left for other in right}
    return answers.pop() if len(answers) == 1 else None


def _compare(op: str, left: Value, right: Value) -> bool | None:
    if op in ("is", "is not", "==", "!=") and (left.is_none or right.is_none):
        if not (_is_something(left) and _is_something(right)):
            return None
        same = left.is_none and right.is_none
        return same if op in ("is", "==") else not same
    if left.above is not None and right.whole is not None and right.whole <= left.above:
        return _ABOVE.get(op)
    if not (_is_known(left) and _is_known(right)):
        return None
    one, other = left.constant, right.constant
    if op in ("==", "is"):
        return one == other
    if op in ("!=", "is not"):
        return one != other
    numbers = _number(one), _number(other)
    if op in _ORDERED and numbers[0] is not None and numbers[1] is not None:
        return _ORDERED[op](numbers[0], numbers[1])
    return None


def _number(value: Constant) -> float | None:
    return value if isinstance(value, int | float) else None


def _is_known(value: Value) -> bool:
    is_number = value.kind is Kind.NUMBER and value.constant is not None
    return is_number or value.kind is Kind.CONSTANT


def _is_something(value: Value) -> bool:
    """Whether a value is known to be None or known not to be."""
    return value.kind not in (Kind.UNKNOWN, Kind.PICKED)
