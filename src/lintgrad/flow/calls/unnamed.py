"""Optimizers that no name is bound to: what a call returns, and `super()`."""

from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.builders import asks_trainer, is_optimizer_class
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Expr


class Unnamed:
    """Tells what the receivers of one function's method calls are that have no place."""

    def __init__(self, scope: Scope, roles: Roles) -> None:
        self._scope = scope
        self._roles = roles

    def place(self, receiver: Expr) -> str | None:
        """The place of a receiver, or a name for what asking for an optimizer gives each time."""
        if not isinstance(receiver, Call) or receiver.args or receiver.keywords:
            return place_of(receiver)
        found = self._roles.of_expr(self._scope, receiver)
        name = place_of(receiver.func)
        if name is None or found is None or found.role is not Role.OPTIMIZER:
            return None
        if not asks_trainer(self._scope, receiver) or self._is_bound(name):
            return None
        return f"{name}()"

    def _is_bound(self, asked: str) -> bool:
        """Whether the function gives what it asks for a name as well."""
        return any(
            isinstance(binding.value, Call) and place_of(binding.value.func) == asked
            for bindings in self._scope.bindings.values()
            for binding in bindings
        )

    def is_super_of_optimizer(self, receiver: Expr) -> bool:
        """Whether a method is that of torch's class, asked for by a class that derives from it."""
        if not isinstance(receiver, Call) or place_of(receiver.func) != "super":
            return False
        owner = self._scope.owner
        return owner is not None and any(map(is_optimizer_class, owner.outside_bases()))
