"""Copies of a module that are trained in its place, by an optimizer that holds the original."""

from collections.abc import Iterator

from lintgrad.flow.events import Unheld
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax import modules
from lintgrad.syntax.grad_modes import MAY_TURN_OFF
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, For, While, With
from lintgrad.syntax.walk import parts_in, statements_of

_TRAINED_WITH = (modules.SAME_OBJECT | {"zero_grad"}) - {"eval", "requires_grad_", "apply"}
"""Methods that a copy which is only trained is used with."""


class Copies:
    """Finds the copies that a function trains while it steps an optimizer of the original."""

    def __init__(self, scope: Scope, places: Places, roles: Roles) -> None:
        self._scope = scope
        self._places = places
        self._roles = roles

    def events(self, step: Call, receiver: str) -> Iterator[Unheld]:
        """The copy that is trained where an optimizer is stepped that was not built on it."""
        place = self._places.canonical(receiver)
        found = self._roles.of_place(self._scope, place)
        if found is None or found.build is None or found.scope is not self._scope:
            return
        match found.build.argument(0, "params"):
            case Call(func=Attr(value=module, name="parameters"), args=()):
                owner = place_of(module)
            case _:
                return
        loop = self._around(step.span)
        if owner is None or loop is None or not owner.isidentifier():
            return
        inside = list(parts_in(loop.body))
        if any(place_of(part) == owner for part in inside):
            return
        called = {place_of(part.func) for part in inside if isinstance(part, Call)}
        for name, made in self._copies_of(owner):
            if name in called and self._is_only_trained(name):
                yield Unheld(found.build.span, place, owner, name, made)

    def _around(self, at: Span) -> For | While | None:
        loops = [s for s in statements_of(self._scope.node.body) if isinstance(s, For | While)]
        around = [loop for loop in loops if any(part.span == at for part in parts_in(loop.body))]
        return around[0] if around else None

    def _copies_of(self, owner: str) -> Iterator[tuple[str, Span]]:
        """The names that are bound to nothing but a copy of a module, and where."""
        for name, bindings in self._scope.bindings.items():
            if len(bindings) == 1 and bindings[0].via is Via.VALUE:
                value = bindings[0].value
                while isinstance(value, Call) and isinstance(value.func, Attr):
                    if value.func.name not in modules.SAME_OBJECT:
                        break
                    value = value.func.value
                if (
                    isinstance(value, Call)
                    and self._scope.dotted(value.func) == "copy.deepcopy"
                    and len(value.args) == 1
                    and place_of(value.args[0]) == owner
                ):
                    yield name, value.span

    def _is_only_trained(self, name: str) -> bool:
        """Whether nothing is done with a copy but to call it, with gradients, and to prepare it."""
        body = self._scope.node.body
        parts = list(parts_in(body))
        allowed = {
            part.func.span
            for part in parts
            if isinstance(part, Call) and place_of(part.func) == name
        }
        allowed |= {
            part.func.value.span
            for part in parts
            if isinstance(part, Call)
            and isinstance(part.func, Attr)
            and part.func.name in _TRAINED_WITH
        }
        allowed -= {
            part.span
            for statement in statements_of(body)
            if isinstance(statement, With) and self._has_no_gradients(statement)
            for part in parts_in(statement.body)
        }
        return {part.span for part in parts if place_of(part) == name} <= allowed

    def _has_no_gradients(self, statement: With) -> bool:
        return any(
            isinstance(item.value, Call) and self._scope.dotted(item.value.func) in MAY_TURN_OFF
            for item in statement.items
        )
