"""Scopes of one file: what is bound where, and what a name in a function refers to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from lintgrad.syntax.names import dotted, imports_of, place_of
from lintgrad.syntax.nodes import (
    Assign,
    AugAssign,
    Call,
    Class,
    Comprehension,
    Const,
    Expr,
    ExprStmt,
    For,
    Function,
    Mapping,
    Module,
    Parameter,
    Return,
    Sequence,
    Starred,
    Stmt,
    Walrus,
    With,
)
from lintgrad.syntax.walk import definitions_of, expressions_of, parts_of, statements_of


class Via(Enum):
    """How a place got its value from the expression bound to it."""

    VALUE = auto()
    ELEMENT = auto()
    """The place is an element of the expression: a loop variable."""
    PART = auto()
    """The place is one of several that an unpacked expression fills."""
    APPENDED = auto()
    """The expression was appended to the place."""
    ENTERED = auto()
    """The expression is a context manager, and the place what entering it gives."""
    CHANGED = auto()
    """`place += expression` and the like."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One assignment to a place; the index says which part an unpacked value gives it."""

    value: Expr
    via: Via = Via.VALUE
    index: int = 0
    parts: int = 1
    annotation: Expr | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module or function with what it binds, and the scope that encloses it."""

    name: str
    node: Module | Function
    parent: "Scope | None"
    owner: "ClassScope | None"
    imports: dict[str, str]
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    functions: dict[str, "Scope"] = field(default_factory=dict)
    classes: dict[str, "ClassScope"] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    """Every call in the scope's own statements, lambdas and comprehensions included."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The function's parameters; none for a module."""
        return self.node.parameters if isinstance(self.node, Function) else ()

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, if there is one."""
        return next((p for p in self.parameters if p.name == name), None)

    def binds(self, root: str) -> bool:
        """Whether a bare name is local here."""
        return root in self.bindings or self.parameter(root) is not None

    def dotted(self, expr: Expr) -> str | None:
        """The full dotted name of an imported thing, unless a local binding shadows the import."""
        name = dotted(expr, self.imports)
        if name is None:
            return None
        root = place_of(expr)
        return None if root is not None and self.binds(root.split(".")[0]) else name

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
        """The function that a bare name calls, if it is defined in this file."""
        if name in self.functions:
            return self.functions[name]
        if self.binds(name):
            return None
        return None if self.parent is None else self.parent.function(name)

    def class_named(self, name: str) -> "ClassScope | None":
        """The class that a bare name builds, if it is defined in this file."""
        if name in self.classes:
            return self.classes[name]
        return None if self.parent is None else self.parent.class_named(name)

    def returns(self) -> Iterator[Expr]:
        """The values a function returns."""
        for statement in statements_of(self.node.body):
            if isinstance(statement, Return) and statement.value is not None:
                yield statement.value


@dataclass(slots=True, eq=False)
class ClassScope:
    """A class with its methods, and what they bind to `self`."""

    name: str
    node: Class
    scope: Scope
    methods: dict[str, Scope] = field(default_factory=dict)

    def lookup(self, place: str) -> tuple[Scope, list[Binding]] | None:
        """The bindings that a method of the class gives to a `self.` place."""
        found = [(m, m.bindings[place]) for m in self.methods.values() if place in m.bindings]
        if not found:
            return None
        return found[0][0], [binding for _, bindings in found for binding in bindings]

    def method(self, name: str) -> Scope | None:
        """The method of that name, looking through the base classes in this file."""
        return next((c.methods[name] for c in self.lineage() if name in c.methods), None)

    def lineage(self) -> Iterator["ClassScope"]:
        """The class and those it derives from in this file, each once, nearest first."""
        seen: list[ClassScope] = []
        todo = [self]
        while todo:
            one = todo.pop(0)
            if one not in seen:
                seen.append(one)
                yield one
                todo.extend(one.bases())

    def bases(self) -> Iterator["ClassScope"]:
        """The base classes that are defined in this file."""
        for base in self.node.bases:
            place = place_of(base)
            known = self.scope.class_named(place) if place else None
            if known is not None and known is not self:
                yield known

    def outside_bases(self) -> Iterator[str]:
        """The dotted names of the base classes that are not defined in this file."""
        for one in self.lineage():
            for base in one.node.bases:
                place = place_of(base)
                if place and one.scope.class_named(place) is None:
                    yield one.scope.dotted(base) or place


def root_of(place: str) -> str:
    """The bare name that a place begins with."""
    return place.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]


def scopes_of(module: Module) -> list[Scope]:
    """The module's scope followed by those of all its functions, in source order."""
    root = Scope("<module>", module, None, None, imports_of(module.body))
    found = [root]
    _fill(root, None, found)
    return found


def _fill(scope: Scope, owner: ClassScope | None, found: list[Scope]) -> None:
    for statement in statements_of(scope.node.body):
        _bind_statement(statement, scope.bindings)
        for expr in expressions_of(statement):
            for part in parts_of(expr):
                if isinstance(part, Call):
                    scope.calls.append(part)
                elif isinstance(part, Walrus):
                    bind(part.target, part.value, Via.VALUE, scope.bindings)
                elif isinstance(part, Comprehension):
                    for clause in part.clauses:
                        bind(clause.target, clause.iter, Via.ELEMENT, scope.bindings)
    for definition in definitions_of(scope.node.body):
        if isinstance(definition, Function):
            scope.functions[definition.name] = _function_scope(definition, scope, owner, found)
        else:
            scope.classes[definition.name] = _class_scope(definition, scope, found)


def _function_scope(
    node: Function, parent: Scope, owner: ClassScope | None, found: list[Scope]
) -> Scope:
    prefix = "" if parent.parent is None else f"{parent.name}."
    name = f"{owner.name}.{node.name}" if owner is not None else f"{prefix}{node.name}"
    scope = Scope(name, node, parent, owner, parent.imports | imports_of(node.body))
    found.append(scope)
    _fill(scope, owner, found)
    return scope


def _class_scope(node: Class, parent: Scope, found: list[Scope]) -> ClassScope:
    owner = ClassScope(node.name, node, parent)
    for definition in definitions_of(node.body):
        if isinstance(definition, Function):
            owner.methods[definition.name] = _function_scope(definition, parent, owner, found)
        else:
            parent.classes.setdefault(definition.name, _class_scope(definition, parent, found))
    return owner


def _bind_statement(statement: Stmt, into: dict[str, list[Binding]]) -> None:
    match statement:
        case Assign():
            for target in statement.targets:
                bind(target, statement.value, Via.VALUE, into, statement.annotation)
        case AugAssign():
            if (place := place_of(statement.target)) is not None:
                into.setdefault(place, []).append(Binding(statement.value, Via.CHANGED))
        case For():
            bind(statement.target, statement.iter, Via.ELEMENT, into)
        case With():
            for item in statement.items:
                if item.target is not None:
                    bind(item.target, item.value, Via.ENTERED, into)
        case ExprStmt(value=Call() as call):
            _bind_append(call, into)


def _bind_append(call: Call, into: dict[str, list[Binding]]) -> None:
    place = place_of(call.func)
    if place is not None and place.endswith(".append") and len(call.args) == 1:
        collection = place.removesuffix(".append")
        into.setdefault(collection, []).append(Binding(call.args[0], Via.APPENDED))


def bind(
    target: Expr,
    value: Expr,
    via: Via,
    into: dict[str, list[Binding]],
    annotation: Expr | None = None,
) -> None:
    """Record what an assignment of a value to a target binds, element by element where it shows."""
    if isinstance(target, Starred):
        target = target.value
    if isinstance(target, Sequence):
        if via is Via.VALUE and isinstance(value, Sequence) and _same_length(target, value):
            for part, item in zip(target.items, value.items, strict=True):
                bind(part, item, via, into)
            return
        for index, part in enumerate(target.items):
            place = place_of(part)
            kind = Via.PART if via is Via.VALUE else via
            if place is not None:
                binding = Binding(value, kind, index, len(target.items))
                into.setdefault(place, []).append(binding)
            elif isinstance(part, Sequence):
                bind(part, value, kind, into)
        return
    place = place_of(target)
    if place is None:
        return
    into.setdefault(place, []).append(Binding(value, via, annotation=annotation))
    if via is Via.VALUE:
        _bind_literal_elements(place, value, into)


def _same_length(target: Sequence, value: Sequence) -> bool:
    starred = any(isinstance(item, Starred) for item in (*target.items, *value.items))
    return len(target.items) == len(value.items) and not starred


def _bind_literal_elements(place: str, value: Expr, into: dict[str, list[Binding]]) -> None:
    if isinstance(value, Sequence):
        for index, item in enumerate(value.items):
            into.setdefault(f"{place}[{index}]", []).append(Binding(item))
    elif isinstance(value, Mapping):
        for key, item in value.items:
            if isinstance(key, Const):
                into.setdefault(f"{place}[{key.value!r}]", []).append(Binding(item))
