"""Which call runs backward, on what, and whose parameters it reaches."""

from lintgrad.flow.calls.dependence import Dependence
from lintgrad.flow.calls.differentiating import is_formula
from lintgrad.flow.calls.scaling import Scaling, is_scaling
from lintgrad.flow.events import Backward, Event
from lintgrad.flow.names.bound_once import bound_once
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Const, Expr, Name, Starred, Unary
from lintgrad.syntax.walk import children


class Backwards:
    """Turns what runs backward in one function into events."""

    def __init__(self, scope: Scope, places: Places, roles: Roles, scaling: Scaling) -> None:
        self._scope = scope
        self._places = places
        self._scaling = scaling
        self._dependence = Dependence(scope, places, roles)

    def method(self, call: Call, func: Attr) -> tuple[Event, ...] | None:
        """What calling a method `backward` does; None if it may be no tensor's."""
        if self._scope.dotted(func) == apis.AUTOGRAD_BACKWARD:
            return (function(call),)
        receiver = place_of(func.value)
        found = None if receiver is None else self._places.role(receiver)
        if found is Role.ENGINE:
            return (Backward(call.span, call.argument(0, "loss")),)
        if receiver in ("self", "super()") or found is not None:
            return None
        if is_formula(self._scope) and self._scope.dotted(func.value) == receiver:
            return ()
        known = self._is_tensor(func.value) or self._places.kinds.tensor(func.value) is not None
        if call.args and not known and not self._is_tensor(call.args[0]):
            return None
        scaled, scaler = self._scaling.of_loss(func.value)
        loss = func.value
        if isinstance(loss, Call) and is_scaling(loss):
            loss = loss.args[0]
        gradient = _given(call.argument(0, "gradient") or _unpacked(call))
        reaches = self._dependence.of(call)
        return (Backward(call.span, loss, gradient, scaled, scaler, reaches),)

    def _is_tensor(self, expr: Expr, seen: frozenset[str] = frozenset()) -> bool:
        """Whether an expression shows that it makes a tensor (or passes no gradient at all).

        Seen are the names on the way to it: one that is computed from itself shows nothing.
        """
        if isinstance(expr, Const):
            return expr.value is None
        if isinstance(expr, Binary | Unary):
            return any(self._is_tensor(part, seen) for part in children(expr))
        if isinstance(expr, Name):
            bound = bound_once(self._scope, expr) if expr.id not in seen else None
            computed = bound is not None and isinstance(bound.expr, Call | Binary | Unary)
            return bound is not None and computed and self._is_tensor(bound.expr, seen | {expr.id})
        name = self._scope.dotted(expr.func) if isinstance(expr, Call) else None
        return name is not None and name.rpartition(".")[0] == "torch"


def function(call: Call) -> Backward:
    """What `torch.autograd.backward` does."""
    gradient = _given(call.argument(1, "grad_tensors"))
    return Backward(call.span, call.argument(0, "tensors"), gradient, takes_several=True)


def _given(gradient: Expr | None) -> Expr | None:
    """The gradient that is passed, if it is not None."""
    is_none = isinstance(gradient, Const) and gradient.value is None
    return None if is_none else gradient


def _unpacked(call: Call) -> Expr | None:
    """What `*args` or `**kwargs` may pass for an argument that is not written down."""
    starred = (arg for arg in call.args if isinstance(arg, Starred))
    return next((k.value for k in call.keywords if k.name is None), next(starred, None))
