"""What makes the thing that a place holds, wherever it was made and handed on from."""

from lintgrad.flow.names.bound_once import definition
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.crossing import Crossing
from lintgrad.flow.places.ownership import owners_of
from lintgrad.flow.places.role import Found, Role
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.nodes import Call, Expr


class Origins:
    """Follows places of a project to the calls that make what they hold."""

    def __init__(self, roles: Roles, crossing: Crossing) -> None:
        self._roles = roles
        self._crossing = crossing

    def made(self, scope: Scope, place: str) -> Argument | None:
        """The expression that makes what a place holds; None if that is not bound once."""
        for where, name in self._crossing.outward(scope, place):
            found = definition(where, name)
            if found is not None:
                return found
        return None

    def role(self, scope: Scope, place: str) -> Found | None:
        """The role of a place as the name says that it has where it is made."""
        for where, name in self._crossing.outward(scope, place)[1:]:
            found = self._roles.of_place(where, name)
            if found is not None and found.build is not None:
                return found
        return None

    def trained(self, scope: Scope) -> tuple[Expr, ...]:
        """What makes the modules that a function's optimizers of torch hold the parameters of."""
        found: list[Expr] = []
        for place, bindings in scope.bindings.items():
            if any(isinstance(binding.value, Call) for binding in bindings):
                held = self._roles.of_place(scope, place)
                if held is not None and held.role is Role.OPTIMIZER and held.build is not None:
                    found += self._owners(held.scope, held.build)
        return tuple(found)

    def _owners(self, scope: Scope | None, build: Call) -> list[Expr]:
        params = build.argument(0, "params")
        if scope is None or params is None:
            return []
        if not (scope.dotted(build.func) or "").startswith("torch.optim."):
            return []
        made = (self.made(scope, place) for place in owners_of(scope, params).places)
        return [one.expr for one in made if one is not None]
