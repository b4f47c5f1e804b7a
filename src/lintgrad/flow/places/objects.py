"""Objects of the project's classes: how they were made, and what they were given."""

from typing import TYPE_CHECKING

from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.role import Found
from lintgrad.syntax.nodes import Attr

if TYPE_CHECKING:
    from lintgrad.flow.places.roles import Roles


class Objects:
    """Answers what the objects of a project were made with."""

    def __init__(self, roles: "Roles") -> None:
        self._roles = roles

    def constructor_of(self, holder: Found) -> Scope | None:
        """The frame in which an object's `__init__` ran, if the call is in sight."""
        init = holder.own.method("__init__") if holder.own is not None else None
        if init is None or holder.build is None or holder.scope is None:
            return None
        callee = Callee(init, Argument(holder.scope, holder.build), holder.own)
        return self._roles.frames.of_call(holder.scope, holder.build, callee)

    def passed_to(self, holder: Found, method: Scope, parameter: str) -> list[Argument]:
        """What an object's method is passed for a parameter where the object is made."""
        made = self.constructor_of(holder)
        if made is not None and method.name_alone == "__init__":
            return self._passed_up(made, method, parameter)
        scope = holder.scope
        names = [each.name for each in method.parameters]
        found = []
        for call in scope.calls if scope is not None else ():
            if isinstance(call.func, Attr) and call.func.name == method.name_alone:
                owner = self._roles.of_expr(scope, call.func.value) if scope is not None else None
                expr = call.argument(names.index(parameter) - 1, parameter)
                if owner is not None and owner.build is holder.build and expr and scope:
                    found.append(Argument(scope, expr))
        return found

    def _passed_up(self, made: Scope, method: Scope, parameter: str) -> list[Argument]:
        """What the `__init__` of a class or of one of its bases is passed for a parameter."""
        if made.origin is not method:
            for call in made.calls:
                if isinstance(call.func, Attr) and call.func.name == "__init__":
                    callee = self._roles.callees.of_call(made, call)
                    up = (
                        self._roles.frames.of_call(made, call, callee)
                        if callee is not None
                        else None
                    )
                    if up is not None and up.origin in (method, method.function_itself):
                        return self._passed_up(up, method, parameter)
            return []
        passed = (made.arguments or {}).get(parameter)
        return [] if passed is None else [passed]

    def field_of(self, holder: Found, name: str) -> Argument | None:
        """What an object without `__init__`, such as a dataclass, was given for a field."""
        own, build, scope = holder.own, holder.build, holder.scope
        if own is None or build is None or scope is None or own.method("__init__") is not None:
            return None
        fields = own.fields()
        expr = build.argument(fields.index(name), name) if name in fields else None
        return None if expr is None else Argument(scope, expr)
