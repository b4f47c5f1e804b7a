"""Guards decided by counting: the value of an expression where everything in it is known."""

import operator
from collections.abc import Callable, Mapping

from lintgrad.flow.graph import Guards
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    Binary,
    BoolOp,
    Call,
    Compare,
    Const,
    Expr,
    IfExp,
    Item,
    Name,
    Unary,
)

Value = int | bool | None
"""A known number or truth value; None is Python's own None."""


class _Unknown:
    """What an expression has whose value nobody can tell."""


UNKNOWN = _Unknown()
Known = Value | _Unknown

_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expr: Expr | None, values: Mapping[str, Value], guards: Guards) -> Known:
    """The value of an expression, or UNKNOWN.

    A length is the number of times that counted loops run; a window length that is not written
    down has its stand-in.
    """
    match expr:
        case Const(value=value):
            return value if value is None or isinstance(value, int) else UNKNOWN
        case Name() | Attr() | Item():
            return _place(expr, values, guards)
        case Call(func=Name(id="len"), args=(_,)):
            return guards.length
        case Call(func=Name(id="int" | "bool" | "max" | "min" as name), args=args):
            return _builtin(name, [evaluate(arg, values, guards) for arg in args])
        case Unary(op=op, value=inner):
            return _unary(op, evaluate(inner, values, guards))
        case Binary(op=op, left=left, right=right):
            operands = evaluate(left, values, guards), evaluate(right, values, guards)
            return (
                UNKNOWN
                if op == "%" and _out_of_reach(operands[1], guards)
                else _binary(op, *operands)
            )
        case Compare(op=op, left=left, right=right):
            operands = evaluate(left, values, guards), evaluate(right, values, guards)
            written = isinstance(right, Const) and _out_of_reach(operands[1], guards)
            return UNKNOWN if written else _compare(op, *operands)
        case BoolOp(op=op, parts=parts):
            return _boolean(op, [evaluate(part, values, guards) for part in parts])
        case IfExp(test=test, body=body, orelse=orelse):
            chosen = evaluate(test, values, guards)
            if isinstance(chosen, _Unknown):
                return UNKNOWN
            return evaluate(body if chosen else orelse, values, guards)
    return UNKNOWN


def _out_of_reach(value: Known, guards: Guards) -> bool:
    """Whether counted loops are too short to tell anything about a number."""
    return isinstance(value, int) and value > guards.length


def _place(expr: Expr, values: Mapping[str, Value], guards: Guards) -> Known:
    place = place_of(expr)
    if place is None:
        return UNKNOWN
    if place in values:
        return values[place]
    if place in guards.lasts:
        return guards.length
    return guards.stand_ins.get(place, UNKNOWN)


def _builtin(name: str, args: list[Known]) -> Known:
    numbers = [arg for arg in args if isinstance(arg, int)]
    if not numbers or len(numbers) != len(args):
        return UNKNOWN
    if name in ("int", "bool"):
        return numbers[0] if name == "int" else bool(numbers[0])
    return max(numbers) if name == "max" else min(numbers)


def _unary(op: str, value: Known) -> Known:
    if isinstance(value, _Unknown):
        return UNKNOWN
    if op == "not":
        return not value
    return -value if op == "-" and isinstance(value, int) else UNKNOWN


def _binary(op: str, left: Known, right: Known) -> Known:
    if not isinstance(left, int) or not isinstance(right, int) or op not in _ARITHMETIC:
        return UNKNOWN
    if op in ("%", "//") and right == 0:
        return UNKNOWN
    return _ARITHMETIC[op](left, right)


def _compare(op: str, left: Known, right: Known) -> Known:
    if isinstance(left, _Unknown) or isinstance(right, _Unknown):
        return UNKNOWN
    if op in ("is", "is not"):
        return (left is right) == (op == "is")
    if isinstance(left, int) and isinstance(right, int) and op in _COMPARISONS:
        return _COMPARISONS[op](left, right)
    return UNKNOWN


def _boolean(op: str, parts: list[Known]) -> Known:
    deciding = op == "or"
    if any(not isinstance(part, _Unknown) and bool(part) is deciding for part in parts):
        return deciding
    return UNKNOWN if any(isinstance(part, _Unknown) for part in parts) else not deciding
