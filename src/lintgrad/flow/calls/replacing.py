"""Parameters that are replaced by new ones: modules built again, layers put in, copies taken."""

from collections.abc import Iterator

from lintgrad.flow.events import Replace
from lintgrad.flow.names.passing import Passing
from lintgrad.flow.names.place_parts import overlaps
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.module_classes import makes_parameters
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.ownership import canonical_module, owners_of
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax import apis, modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, Call, Const, Expr, Item
from lintgrad.syntax.walk import parts_of, statements_of

_DEEPCOPY = "copy.deepcopy"
_SIZES = frozenset(
    "in_features out_features in_channels out_channels num_features embedding_dim "
    "num_embeddings hidden_size input_size".split()
)


class Replacing:
    """Finds what one function replaces, and whether it goes on to use the new."""

    def __init__(self, scope: Scope, places: Places, roles: Roles) -> None:
        self._scope = scope
        self._places = places
        self._roles = roles
        self._passing = Passing(scope)

    def assigned(self, place: str, value: Expr, span: Span) -> Iterator[Replace]:
        """What assigning a value to a place replaces, if the value has parameters of its own."""
        new = self._is_new(place, value)
        if new and self._is_used(place, span) and not self._passing.is_passed_on(place, span):
            yield Replace(span, self._places.canonical(place), place)

    def called(self, call: Call) -> Iterator[Replace]:
        """What a call replaces in a module."""
        name = self._scope.dotted(call.func)
        if name in modules.GIVE_NEW_PARAMETERS and call.args:
            place = place_of(call.args[0])
        elif isinstance(call.func, Attr) and call.func.name == "load_state_dict":
            given = next((k.value for k in call.keywords if k.name == "assign"), None)
            always = isinstance(given, Const) and given.value is True
            place = place_of(call.func.value) if always else None
        else:
            return
        if place is not None and self._is_used(place, call.span):
            yield Replace(call.span, canonical_module(self._places.canonical(place)), place)

    def _is_new(self, place: str, value: Expr) -> bool:
        while isinstance(value, Call) and isinstance(value.func, Attr):
            if value.func.name not in modules.SAME_OBJECT or self._scope.dotted(value.func):
                break
            value = value.func.value
        if not isinstance(value, Call):
            return False
        name = self._scope.dotted(value.func)
        if name == _DEEPCOPY:
            return len(value.args) == 1 and bool(self._places.module_owners(place).places)
        named = [part for part in parts_of(value) if place_of(part) == place]
        if len(named) > len([part for part in parts_of(value) if _is_size_of(place, part)]):
            return False  # what is made of the old one may hold its parameters
        if name is not None and name.startswith("torchvision.models."):
            return True
        return makes_parameters(self._scope, value)

    def _is_used(self, place: str, after: Span) -> bool:
        """Whether what a place is a part of is called later on, and not trained by another."""
        places = [place]
        while "." in places[-1] or "[" in places[-1]:
            head, _, _ = places[-1].replace("[", ".").rpartition(".")
            places.append(head)
        later = [
            *(call for call in self._scope.calls if call.span.start > after.end),
            *_elsewhere(self._scope, places[-1]),
        ]
        called = any(
            place_of(call.func) in places
            or self._is_forward(call, places)
            or any(place_of(arg) in places for arg in call.args)
            for call in later
        )
        held = any(self._holds(call, places) for call in later)
        return called and not held and not _regroups(self._scope)

    def _is_forward(self, call: Call, places: list[str]) -> bool:
        func = call.func
        is_forward = isinstance(func, Attr) and func.name == "forward"
        return is_forward and isinstance(func, Attr) and place_of(func.value) in places

    def _holds(self, call: Call, places: list[str]) -> bool:
        """Whether a call builds an optimizer on the new, or freezes it."""
        if isinstance(call.func, Attr) and call.func.name == "requires_grad_":
            return place_of(call.func.value) in places
        if isinstance(call.func, Attr) and call.func.name == "add_param_group":
            return True
        built = self._scope.dotted(call.func) in apis.OPTIMIZER_CLASSES
        owners = owners_of(self._scope, call.args[0]).places if built and call.args else ()
        return bool(built) and (not owners or any(overlaps(o, places[0]) for o in owners))


def may_leave_behind(scope: Scope) -> bool:
    """Whether what makes an object builds an optimizer, and gives it a thing more than once."""
    return (
        scope.owner is not None
        and scope.name_alone == "__init__"
        and any(scope.dotted(call.func) in apis.OPTIMIZER_CLASSES for call in scope.calls)
        and any(
            place.startswith("self.") and sum(isinstance(b.value, Call) for b in bindings) > 1
            for place, bindings in scope.bindings.items()
        )
    )


def _elsewhere(scope: Scope, root: str) -> Iterator[Call]:
    """The calls of other functions that see a name of this one: its own, and the object's."""
    if root == "self" and scope.owner is not None:
        methods = scope.owner.methods.values()
        yield from (
            call for one in methods if one is not scope.function_itself for call in one.calls
        )
    for function in scope.functions.values():
        if not function.binds(root):
            yield from function.calls
            yield from _elsewhere(function, root)


def _is_size_of(place: str, part: Expr) -> bool:
    return isinstance(part, Attr) and part.name in _SIZES and place_of(part.value) == place


def _regroups(scope: Scope) -> bool:
    """Whether a function gives the groups of an optimizer other parameters by hand."""
    return any(
        isinstance(part, Item) and isinstance(part.index, Const) and part.index.value == "params"
        for statement in statements_of(scope.node.body)
        if isinstance(statement, Assign)
        for target in statement.targets
        for part in parts_of(target)
    )
