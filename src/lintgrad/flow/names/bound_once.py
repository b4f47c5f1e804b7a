"""What a place is bound to, where it is bound once, and what that says of it."""

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.syntax import modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, IfExp


def definition(scope: Scope, place: str, depth: int = 0) -> Argument | None:
    """The expression that a place is bound to once, through what calls pass and names pass on."""
    if depth > 8:
        return None
    passed = (scope.arguments or {}).get(place)
    if passed is not None and not scope.bindings.get(place):
        inner = place_of(passed.expr)
        return definition(passed.scope, inner, depth + 1) if inner is not None else passed
    found = scope.lookup(place)
    if found is None or len(found[1]) != 1 or found[1][0].via is not Via.VALUE:
        return None
    where, value = found[0], found[1][0].value
    while isinstance(value, Call) and isinstance(value.func, Attr):
        if value.func.name not in modules.SAME_OBJECT or where.dotted(value.func) is not None:
            break
        if value.func.name == "requires_grad_":
            break
        value = value.func.value
    inner = place_of(value)
    return definition(where, inner, depth + 1) if inner is not None else Argument(where, value)


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
