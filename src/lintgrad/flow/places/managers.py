"""Generators of the project that `contextlib.contextmanager` makes context managers of."""

from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.callees import Callee, Callees
from lintgrad.syntax.nodes import Attr, Call, Expr, Function, Name

_MAKES_MANAGERS = "contextlib.contextmanager"


def managed(callees: Callees, scope: Scope, call: Call) -> Callee | None:
    """The generator behind the context manager that a call makes; None if it makes none."""
    found = _function(callees, scope, call.func)
    node = found.scope.node if found is not None else None
    if found is None or not isinstance(node, Function) or len(node.decorators) != 1:
        return None
    around = found.scope.parent or found.scope.root
    return found if around.dotted(node.decorators[0]) == _MAKES_MANAGERS else None


def _function(callees: Callees, scope: Scope, func: Expr) -> Callee | None:
    match func:
        case Name(id=name):
            function = scope.function(name)
            return None if function is None else Callee(function, owner=function.owner)
        case Attr(value=receiver, name=name):
            own = callees.own_class(scope, receiver)
            method = own.method(name) if own is not None else None
            if method is None or callees.is_open(scope, func):
                return None
            return Callee(method, Argument(scope, receiver), own)
    return None
