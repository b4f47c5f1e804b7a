"""Scopes: what is bound where, and what a name refers to, across the files of a project."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from lintgrad.flow.names.bindings import Binding
from lintgrad.flow.names.resolution import resolution_order
from lintgrad.source.text import Source
from lintgrad.syntax.names import dotted, place_of
from lintgrad.syntax.nodes import (
    Call,
    Class,
    Declare,
    Expr,
    Function,
    Module,
    Parameter,
    Return,
    Yield,
)
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of


class Argument(NamedTuple):
    """An expression that is passed, with the scope it stands in."""

    scope: "Scope"
    expr: Expr


class Importer(Protocol):
    """Finds the modules of a project."""

    def module(self, dotted: str, importing: str) -> "Scope | None":
        """The scope of a module by its dotted name, as seen from the file at a path."""

    def definition(self, dotted: str, importing: str) -> "Scope | ClassScope | Global | None":
        """What a dotted name refers to, as seen from the file at a path."""


class Global(NamedTuple):
    """A name that a module of the project binds to a value."""

    scope: "Scope"
    name: str


@dataclass(slots=True, eq=False)
class Scope:
    """A module or function with what it binds, and the scope that encloses it.

    With arguments it is one call of the function: a frame. Its parameters are then what the call
    passes; one that is missing is not known.
    """

    name: str
    node: Module | Function
    parent: "Scope | None"
    owner: "ClassScope | None"
    imports: dict[str, str]
    source: Source
    importer: Importer | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    functions: dict[str, "Scope"] = field(default_factory=dict)
    classes: dict[str, "ClassScope"] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    """Every call in the scope's own statements, lambdas and comprehensions included."""
    arguments: Mapping[str, Argument] | None = None
    origin: "Scope | None" = None
    """The function that a frame is a call of."""
    call: "tuple[Scope, Call] | None" = None
    """The call that a frame was made for, with the scope it stands in."""
    whole: "Scope | None" = None
    """The function whose body this is a piece of."""
    _inner: dict[str, "Scope"] = field(default_factory=dict)
    _imported: dict[str, "Scope | ClassScope | Global | None"] = field(default_factory=dict)

    @property
    def function_itself(self) -> "Scope":
        """The function that a frame is a call of, otherwise the scope itself."""
        return self if self.origin is None else self.origin

    @property
    def name_alone(self) -> str:
        """The name without what it stands in."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def root(self) -> "Scope":
        """The module around the scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The function's parameters; none for a module."""
        return self.node.parameters if isinstance(self.node, Function) else ()

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, if there is one."""
        return next((p for p in self.parameters if p.name == name), None)

    def called_with(
        self,
        arguments: Mapping[str, Argument],
        parent: "Scope | None",
        owner: "ClassScope | None",
    ) -> "Scope":
        """The frame of a call: the function with its parameters given values."""
        return Scope(
            self.name,
            self.node,
            parent,
            owner,
            self.imports,
            self.source,
            self.importer,
            self.bindings,
            self.functions,
            self.classes,
            self.calls,
            arguments,
            self.function_itself,
        )

    def binds(self, root: str) -> bool:
        """Whether a bare name is local here."""
        return root in self.bindings or self.parameter(root) is not None

    def dotted(self, expr: Expr) -> str | None:
        """The full dotted name of an imported thing, unless a local binding shadows the import."""
        name = dotted(expr, self.imports)
        if name is None:
            return None
        root = place_of(expr)
        return None if root is not None and self.binds(root_of(root)) else name

    def lookup(self, place: str) -> tuple["Scope", list[Binding]] | None:
        """The bindings of a place with the scope they stand in, looking outwards."""
        if place in self.bindings:
            return self, self.bindings[place]
        if place.startswith("self.") and self.owner is not None:
            return self.owner.lookup(place)
        if self.binds(root_of(place)):
            return None
        return None if self.parent is None else self.parent.lookup(place)

    def function(self, name: str) -> "Scope | None":
        """The function of the project that a bare name calls."""
        if name in self.functions:
            return self._own_function(name)
        if self.binds(name):
            return None
        if self.parent is not None and name not in self._own_imports:
            return self.parent.function(name)
        found = self.imported(name)
        return found if isinstance(found, Scope) and found.parent is not None else None

    def _own_function(self, name: str) -> "Scope":
        found = self.functions[name]
        if self.arguments is None and found.parent is self:
            return found
        if name not in self._inner:
            inner = found.called_with({}, self, self.owner)
            inner.arguments = None
            self._inner[name] = inner
        return self._inner[name]

    @property
    def _own_imports(self) -> set[str]:
        outer = {} if self.parent is None else self.parent.imports
        return {name for name, value in self.imports.items() if outer.get(name) != value}

    def class_named(self, name: str) -> "ClassScope | None":
        """The class of the project that a bare or dotted name refers to."""
        if name in self.classes:
            return self.classes[name]
        if name == "cls" and self.owner is not None and self.parameter(name) is not None:
            return self.owner  # of a classmethod
        if self.binds(root_of(name)):
            return None
        if self.parent is not None and root_of(name) not in self._own_imports:
            return self.parent.class_named(name)
        found = self.imported(name)
        return found if isinstance(found, ClassScope) else None

    def all_classes(self) -> Iterator["ClassScope"]:
        """The classes of the scope, and of all functions in it."""
        yield from self.classes.values()
        for function in self.functions.values():
            yield from function.all_classes()

    def imported(self, place: str) -> "Scope | ClassScope | Global | None":
        """What a name that the scope imports from another file of the project refers to."""
        if self.importer is None or "[" in place:
            return None
        if place not in self._imported:
            self._imported[place] = None
            self._imported[place] = self._import(self.importer, place)
        return self._imported[place]

    def _import(self, importer: Importer, place: str) -> "Scope | ClassScope | Global | None":
        head, _, rest = place.partition(".")
        names = [self.imports[head]] if head in self.imports else []
        stars = [star for key, star in self.imports.items() if key.startswith("*")]
        names += [f"{star}{'' if star.endswith('.') else '.'}{head}" for star in stars]
        for name in names:
            whole = f"{name}.{rest}" if rest else name
            found = importer.definition(whole, self.source.path)
            if found is not None:
                return found
        return None

    def returns(self) -> Iterator[Expr]:
        """The values a function returns."""
        for statement in statements_of(self.node.body):
            if isinstance(statement, Return) and statement.value is not None:
                yield statement.value

    @property
    def is_generator(self) -> bool:
        """Whether calling the function only makes a generator."""
        return any(
            isinstance(part, Yield)
            for statement in statements_of(self.node.body)
            for expr in expressions_of(statement)
            for part in parts_of(expr)
        )


@dataclass(slots=True, eq=False)
class ClassScope:
    """A class with its methods, and what they bind to `self`."""

    name: str
    node: Class
    scope: Scope
    methods: dict[str, Scope] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    """What the class body itself binds."""

    def lookup(self, place: str) -> tuple[Scope, list[Binding]] | None:
        """The bindings that the methods of the class and its bases give to a `self.` place."""
        found = [
            (method, method.bindings[place])
            for one in self.lineage()
            for method in one.methods.values()
            if place in method.bindings
        ]
        if found:
            return found[0][0], [binding for _, bindings in found for binding in bindings]
        name = place.removeprefix("self.")
        return next(
            ((c.scope, c.attributes[name]) for c in self.lineage() if name in c.attributes), None
        )

    def method(self, name: str) -> Scope | None:
        """The method of that name, looking through the base classes of the project."""
        return next((c.methods[name] for c in self.lineage() if name in c.methods), None)

    def lineage(self) -> Iterator["ClassScope"]:
        """The class and those of the project it derives from, as methods are looked for."""
        yield from resolution_order(self, ClassScope.bases)

    def bases(self) -> Iterator["ClassScope"]:
        """The base classes that are defined in the project."""
        for base in self.node.bases:
            place = place_of(base)
            known = self.scope.class_named(place) if place else None
            if known is not None and known is not self:
                yield known

    def outside_bases(self) -> Iterator[str]:
        """The dotted names of the base classes that are not defined in the project."""
        for one in self.lineage():
            for base in one.node.bases:
                place = place_of(base)
                if place and one.scope.class_named(place) is None:
                    yield one.scope.dotted(base) or place

    def fields(self) -> tuple[str, ...]:
        """The names that the class body declares, in order: what a dataclass is built from."""
        return tuple(
            place
            for statement in self.node.body
            if isinstance(statement, Declare) and (place := place_of(statement.target)) is not None
        )


def root_of(place: str) -> str:
    """The bare name that a place begins with."""
    return place.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
