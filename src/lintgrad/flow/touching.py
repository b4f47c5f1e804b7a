"""Which functions of a file may clear, step or run backward when they are called."""

from collections.abc import Iterable

from lintgrad.flow import guesses
from lintgrad.flow.gradients_by_hand import grad_holder, writes_grad
from lintgrad.flow.roles import Roles
from lintgrad.flow.scopes import Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, Call, Delete, Expr, Name
from lintgrad.syntax.walk import statements_of

_METHODS = frozenset({"backward", "zero_grad", "step", "first_step", "second_step"})


class Touching:
    """Answers whether calling a function of the file may change gradients."""

    def __init__(self, scopes: Iterable[Scope], roles: Roles) -> None:
        self._roles = roles
        touching = {scope for scope in scopes if touches_itself(scope)}
        calls = {scope: set(self._called(scope)) for scope in scopes}
        while True:
            more = {s for s, called in calls.items() if s not in touching and called & touching}
            if not more:
                break
            touching |= more
        self._touching = touching

    def may_touch(self, scope: Scope) -> bool:
        """Whether a call of the function may clear, step or run backward."""
        return scope in self._touching

    def _called(self, scope: Scope) -> Iterable[Scope]:
        for call in scope.calls:
            local = self._roles.local_function(scope, call)
            if local is not None:
                yield local
            for argument in call.args:  # handed over as a value: it may be called
                if isinstance(argument, Name) and (known := scope.function(argument.id)):
                    yield known


def touches_itself(scope: Scope) -> bool:
    """Whether a function's own statements may clear, step or run backward."""
    return (
        any(map(_touching_call, scope.calls))
        or _rebuilds(scope)
        or any(
            writes_grad(target)
            for statement in statements_of(scope.node.body)
            if isinstance(statement, (Assign, Delete))
            for target in statement.targets
        )
    )


def _rebuilds(scope: Scope) -> bool:
    """Whether a method gives `self` an optimizer, but for the one that makes the object."""
    return not scope.name.endswith("__init__") and any(
        place.startswith("self.") and _is_built_on_parameters(binding.value)
        for place, bindings in scope.bindings.items()
        for binding in bindings
    )


def _is_built_on_parameters(value: Expr) -> bool:
    return isinstance(value, Call) and any(
        isinstance(arg, Call) and isinstance(arg.func, Attr) and arg.func.name == "parameters"
        for arg in value.args
    )


def _touching_call(call: Call) -> bool:
    func = call.func
    if isinstance(func, Call) and isinstance(func.func, Name) and func.func.id == "getattr":
        return True
    if isinstance(func, Name):
        return guesses.changes_gradients(func.id)
    if not isinstance(func, Attr):
        return False
    if func.name in ("zero_", "fill_", "copy_"):
        return grad_holder(func.value) is not None
    if func.name == "step":
        return not guesses.not_an_optimizer(place_of(func.value) or "")
    return func.name in _METHODS or guesses.changes_gradients(func.name)
