"""Which functions read a place that holds a thing, and what they do there with it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lintgrad.flow.joining.occurrences import Occurrence, occurrences_of
from lintgrad.flow.names.methods import is_property
from lintgrad.flow.names.place_parts import is_within, split_attribute
from lintgrad.flow.names.scopes import ClassScope, Scope, root_of
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Class, Const, Function, Global, Item, Stmt
from lintgrad.syntax.walk import parts_in, parts_of, statements_of

VIEWS = frozenset({"values", "items"})
_KNOWN_BASES = frozenset({"object", "ABC", "abc.ABC", "NamedTuple", "typing.NamedTuple"})


class OutOfSight(Exception):  # the word says it
    """The thing gets where it cannot be followed."""


class Held(NamedTuple):
    """A place that holds the thing, as a scope calls it, or all methods of a class do."""

    scope: Scope
    place: str
    own: ClassScope | None = None


class Given(NamedTuple):
    """What an occurrence has to do with the thing: it holds it in its part `rest`."""

    at: Occurrence
    rest: str


class Readers:
    """Finds where the places of a project are read."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def of(self, held: Held) -> Iterator[Scope]:
        """The functions in which a place goes by its name."""
        if held.own is not None:
            if not _KNOWN_BASES.issuperset(held.own.outside_bases()):
                raise OutOfSight
            for one in held.own.lineage():
                for method in one.methods.values():
                    yield from _inside(method, "")
            return
        root, scope = root_of(held.place), held.scope
        while not scope.binds(root) and scope.parent is not None:
            scope = scope.parent
        yield from _inside(scope, root)

    def _own(self, scope: Scope, place: str) -> ClassScope | None:
        """The class of the project that the object at a place is of."""
        if place == "self" and scope.owner is not None:
            return scope.owner
        found = self._roles.of_place(scope, place)
        return None if found is None else found.own

    def by_properties(self, held: Held) -> Iterator[Held]:
        """What the properties of an object call a part of it."""
        root = root_of(held.place)
        own = held.own or self._own(held.scope, root)
        part, more = split_attribute(held.place[len(root) + 1 :])
        for name, method in _methods(own) if own is not None else ():
            values = list(method.returns()) if is_property(method) else []
            if any(place_of(value) == f"self.{part}" for value in values):
                yield held._replace(place=f"{root}.{name}{more}")

    def given(self, scope: Scope, held: Held) -> Iterator[Given]:
        """Where a function has what holds the thing, and is not asked for its other parts."""
        root = root_of(held.place)
        if any(_hides(statement, root) for statement in statements_of(scope.node.body)):
            raise OutOfSight
        for occurrence in occurrences_of(scope, lambda part: place_of(part) == root):
            given = self._widened(scope, occurrence, held.place)
            if given is not None:
                yield given

    def _widened(self, scope: Scope, at: Occurrence, place: str) -> Given | None:
        """An occurrence with the parts of it that are asked for; None if that is another part."""
        rest = place[len(root_of(place)) :]
        while rest and isinstance(at.around, Attr | Item) and at.around.value is at.expr:
            own = _part(at.around)
            if own is None and rest.startswith("["):
                rest = rest[rest.index("]") + 1 :]
            elif own is not None and (rest + ".").startswith((f"{own}.", f"{own}[")):
                rest = rest[len(own) :]
            else:
                return None if self._is_data(scope, at) else Given(at, rest)
            at = at.outward()
        return Given(at, rest)

    def _is_data(self, scope: Scope, at: Occurrence) -> bool:
        """Whether another attribute of a holder is asked for, or a method that is followed."""
        if isinstance(at.around, Item):
            return isinstance(at.around.index, Const)
        if not isinstance(at.around, Attr):
            return False
        outer = at.outward()
        called = isinstance(outer.around, Call) and outer.around.func is outer.expr
        if self._roles.callees.own_class(scope, at.expr) is not None:
            return True  # its methods are read, and what else it has is not given the object
        return not called and at.around.name not in VIEWS


def _inside(scope: Scope, root: str) -> Iterator[Scope]:
    """A scope, and the functions in it that do not give a name another meaning."""
    yield scope
    inner: Iterable[Scope] = [
        *filter(None, map(scope.function, scope.functions)),
        *(method for own in scope.classes.values() for method in own.methods.values()),
    ]
    for one in inner:
        if not root or not one.binds(root):
            yield from _inside(one, root)
        elif any(_hides(statement, root) for statement in one.node.body):
            raise OutOfSight


def defaults(scope: Scope, place: str) -> Iterator[Held]:
    """The parameters of functions in a scope that the thing is the default of."""
    for function in filter(None, map(scope.function, scope.functions)):
        for parameter in function.parameters:
            default = parameter.default
            given = place_of(default) if default is not None else None
            if given is not None and is_within(place, given):
                yield Held(function, parameter.name + place[len(given) :])
            elif default is not None and root_of(place) in map(place_of, parts_of(default)):
                raise OutOfSight


def _methods(own: ClassScope) -> Iterator[tuple[str, Scope]]:
    for one in own.lineage():
        yield from one.methods.items()


def _hides(statement: Stmt, root: str) -> bool:
    """Whether a statement uses a name in a way that is not followed."""
    match statement:
        case Global(names=names):
            return root in names
        case Class(body=body):
            return any(place_of(part) == root for part in parts_in(body))
        case Function(decorators=decorators):
            return any(place_of(part) == root for d in decorators for part in parts_of(d))
    return False


def _part(expr: Attr | Item) -> str | None:
    """The part of a thing that is asked for; None if the index is not written down."""
    if isinstance(expr, Attr):
        return f".{expr.name}"
    return f"[{expr.index.value!r}]" if isinstance(expr.index, Const) else None
