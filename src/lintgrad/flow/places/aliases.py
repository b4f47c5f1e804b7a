"""The other names that the bindings of one function give to its places."""

from collections.abc import Iterator

from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.place_parts import is_part
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.crossing import Crossing
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.places.usage import Usage
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Item, Name

_LONGEST_CHAIN = 8
"""Names that stand for names that stand for names are followed so far."""


class Aliases:
    """Answers what a place of one function is another name for; remembers its answers."""

    def __init__(self, scope: Scope, roles: Roles, crossing: Crossing, usage: Usage) -> None:
        self._scope = scope
        self._roles = roles
        self._crossing = crossing
        self._usage = usage
        self._known: dict[str, list[str | None]] = {}

    def of(self, place: str) -> list[str | None]:
        """What the bindings of a place make it another name for; None for anything else."""
        if place not in self._known:
            self._known[place] = self._find(place)
        return self._known[place]

    def _find(self, place: str) -> list[str | None]:
        found: list[str | None] = []
        hidden = guesses.attribute_behind(place)
        if hidden is not None and self._scope.lookup(place) is None and self._is_known(hidden):
            return [hidden]
        if self._scope.parameter(place) is not None:
            found.append(self._same_argument(place))  # or it may still be what it was passed
        elif place not in self._scope.bindings:
            held = self._crossing.in_scope(self._scope, place)
            found += [held] if held is not None else []
        bindings = self._scope.bindings.get(place) or self._of_object(place)
        for binding in bindings:
            if isinstance(binding.value, Const):
                continue
            alias = self._alias(binding)
            if alias is not None and is_part(alias, place):
                alias = None  # `node = node.next` is no other name of the same thing
            if alias is not None and isinstance(binding.value, Call):
                alias = alias if self._may_wrap(place, alias) else None
            if alias != place and alias not in found:
                found.append(alias)
        return found

    def _may_wrap(self, place: str, optimizer: str) -> bool:
        """Whether what a call made of an optimizer is one itself, going by name and use."""
        if guesses.not_an_optimizer(place):
            return False
        return place == optimizer or not self._usage.goes_beside(place, optimizer)

    def _of_object(self, place: str) -> list[Binding]:
        """What another method of the object makes an attribute another name of."""
        found = self._scope.lookup(place) if place.startswith("self.") else None
        once = found[1] if found is not None and len(found[1]) == 1 else []
        same = [b for b in once if (place_of(b.value) or "").startswith("self.")]
        return same if once and once[0].via is Via.VALUE else []

    def _same_argument(self, parameter: str) -> str | None:
        """An earlier parameter that is passed the same thing."""
        arguments = dict(self._scope.arguments or self._only_arguments())
        own = arguments.get(parameter)
        place = _passed_place(own) if own is not None else None
        if own is None or place is None:
            return None
        for name, other in arguments.items():
            if name == parameter:
                return None
            if other.scope is own.scope and _passed_place(other) == place:
                return name
        return None

    def _only_arguments(self) -> Iterator[tuple[str, Argument]]:
        """What the only visible caller passes for each parameter."""
        for parameter in self._scope.parameters:
            passed = list(self._roles.callers.passed(self._scope, parameter.name))
            if len(passed) == 1:
                yield parameter.name, passed[0]

    def _is_known(self, place: str) -> bool:
        return self._scope.lookup(place) is not None or bool(self._usage.methods(place))

    def _alias(self, binding: Binding) -> str | None:
        if binding.via is Via.VALUE and isinstance(binding.value, (Name, Attr, Item)):
            return place_of(binding.value)
        if binding.via is Via.PART and isinstance(binding.value, (Name, Attr, Item)):
            return self._part(binding)
        if not isinstance(binding.value, Call) or binding.via not in (Via.VALUE, Via.PART):
            return None
        args = (*binding.value.args, *(k.value for k in binding.value.keywords))
        if binding.via is Via.PART:
            if len(args) != binding.parts:
                return None
            args = (args[binding.index],)
        else:
            made = self._roles.of_expr(self._scope, binding.value)
            if made is None or made.role is not Role.OPTIMIZER:
                return None
        handed = [place_of(arg) for arg in args]
        roles = {p: self._roles.of_place(self._scope, p) for p in handed if p is not None}
        optimizers = [p for p, found in roles.items() if found and found.role is Role.OPTIMIZER]
        return optimizers[0] if len(optimizers) == 1 else None

    def _part(self, binding: Binding) -> str | None:
        """The place of what an unpacked collection or named tuple gives one of the targets."""
        place = place_of(binding.value)
        found = self._roles.of_expr(self._scope, binding.value)
        fields = found.own.fields() if found is not None and found.own is not None else ()
        if place is None or not fields:
            return None if place is None else f"{place}[{binding.index}]"
        return f"{place}.{fields[binding.index]}" if len(fields) == binding.parts else None


def _passed_place(passed: Argument) -> str | None:
    """The place that is passed, through names that are bound once to another place."""
    place = place_of(passed.expr)
    for _ in range(_LONGEST_CHAIN):
        bound = passed.scope.bindings.get(place or "", [])
        once = bound[0] if len(bound) == 1 and bound[0].via is Via.VALUE else None
        if once is None or not isinstance(once.value, Name | Attr):
            break
        place = place_of(once.value)
    return place
