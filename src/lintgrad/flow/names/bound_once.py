"""What a place is bound to, where it is bound once, and what that says of it."""

from collections.abc import Sequence

from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.syntax import modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, Call, Const, Expr, IfExp
from lintgrad.syntax.walk import parts_of


def once(found: tuple[Scope, Sequence[Binding]] | None) -> Argument | None:
    """The value of a place that was looked up, if a plain assignment is all that binds it."""
    if found is None or len(found[1]) != 1 or found[1][0].via is not Via.VALUE:
        return None
    return Argument(found[0], found[1][0].value)


def bound_once(scope: Scope, expr: Expr) -> Argument | None:
    """What a place is bound to, if a plain assignment is all that binds it."""
    place = place_of(expr)
    return once(scope.lookup(place)) if place is not None else None


def passed_for(scope: Scope, place: str) -> Argument | None:
    """What a call passes for a parameter that the function leaves as it is."""
    return None if scope.bindings.get(place) else (scope.arguments or {}).get(place)


def from_caller(scope: Scope, expr: Expr) -> Argument:
    """What an expression stands for where it is passed from, through any number of calls."""
    at = Argument(scope, expr)
    while (place := place_of(at.expr)) is not None:
        passed = passed_for(at.scope, place)
        if passed is None:
            break
        at = passed
    return at


def followed(scope: Scope, expr: Expr) -> Argument:
    """What an expression stands for, through parameters and names that are bound once."""
    at = Argument(scope, expr)
    seen = set()
    while (place := place_of(at.expr)) is not None and (at.scope, place) not in seen:
        seen.add((at.scope, place))
        onward = passed_for(at.scope, place) or bound_once(at.scope, at.expr)
        if onward is None:
            break
        at = onward
    return at


def definition(scope: Scope, place: str) -> Argument | None:
    """What makes the object that a place holds, through what hands the same object on.

    None if that is not bound once.
    """
    seen: set[tuple[Scope, str]] = set()
    while (scope, place) not in seen:
        seen.add((scope, place))
        at = passed_for(scope, place) or once(scope.lookup(place))
        if at is None:
            return None
        at = Argument(at.scope, _handed_on(at.scope, at.expr))
        inner = place_of(at.expr)
        if inner is None:
            return at
        scope, place = at.scope, inner
    return None


def _handed_on(scope: Scope, value: Expr) -> Expr:
    """What `.to(device)` and its like are methods of."""
    while isinstance(value, Call) and isinstance(value.func, Attr):
        name = value.func.name
        if name not in modules.SAME_OBJECT - {"requires_grad_"} or scope.dotted(value.func):
            break
        value = value.func.value
    return value


def is_replaced(scope: Scope, parameter: str) -> bool:
    """Whether a function gives a parameter a value of its own, whatever it is passed."""
    return bool(scope.bindings.get(parameter)) and any(
        isinstance(statement, Assign)
        and parameter in map(place_of, statement.targets)
        and parameter not in map(place_of, parts_of(statement.value))
        for statement in scope.node.body
    )


def is_public(scope: Scope, expr: Expr) -> bool:
    """Whether an expression names something of torch's, or chooses among such things."""
    if isinstance(expr, IfExp):
        return is_public(scope, expr.body) and is_public(scope, expr.orelse)
    name = scope.dotted(expr)
    return name is not None and name.startswith("torch.")


def is_shape(expr: Expr) -> bool:
    """Whether an expression asks a tensor for what is no tensor."""
    return isinstance(expr, Attr) and expr.name in ("shape", "device", "dtype")


def requires_grad(call: Call) -> bool:
    """Whether a call makes a leaf that gets gradients."""
    if isinstance(call.func, Attr) and call.func.name == "requires_grad_":
        return not call.args and not call.keywords
    return any(
        k.name == "requires_grad" and isinstance(k.value, Const) and k.value.value is True
        for k in call.keywords
    )
