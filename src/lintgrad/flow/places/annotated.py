"""What annotations and docstrings say a place holds."""

import re
from collections.abc import Iterator
from dataclasses import replace

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.scopes import ClassScope, Scope, root_of
from lintgrad.flow.places.builders import built_by, is_optimizer_class
from lintgrad.flow.places.role import Found, Role
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assert,
    Attr,
    Binary,
    Call,
    Const,
    Expr,
    ExprStmt,
    If,
    Item,
    Name,
    Raise,
    Stmt,
    Unary,
)

_DOTTED = re.compile(r"[A-Za-z_][\w.]*")
_MAY_BE_NONE = ("Optional", "typing.Optional", "t.Optional")


def of_annotation(scope: Scope, annotation: Expr | None) -> Found | None:
    """What an annotation says, if it names one class (or None): an optimizer, an engine, an own."""
    names = list(_named(annotation)) if annotation is not None else []
    if len(names) != 1:
        return None
    spelled, dotted = names[0], _imported(scope, names[0])
    if spelled == "Optimizer" or spelled.endswith(".Optimizer") or is_optimizer_class(dotted):
        text = isinstance(annotation, Const) or is_optimizer_class(dotted)
        return Found(Role.OPTIMIZER, Basis.ANNOTATED) if text else None
    own = scope.class_named(spelled)
    if own is not None:
        return Found(Role.OWN_OBJECT, Basis.ANNOTATED, own=own)
    built = built_by(dotted)
    if built is not None and built[0] is Role.ENGINE:
        return Found(Role.ENGINE, Basis.ANNOTATED, kind=built[1])
    return None


def declared_type(scope: Scope, parameter: str) -> Found | None:
    """What the annotation of a parameter says, or the docstring of its method.

    A method that says nothing itself goes by what the one says that it is in the place of.
    """
    declared = scope.parameter(parameter)
    if declared is None:
        return None
    if declared.annotation is not None:
        return of_annotation(scope, declared.annotation)
    if scope.owner is None:
        return None
    name = scope.name_alone
    for one in scope.owner.lineage():
        method = one.methods.get(name)
        if method is None:
            continue
        own = _documented(method, parameter)
        if own is not None:
            return Found(Role.OWN_OBJECT, Basis.USED, own=own)
        above = method.parameter(parameter)
        if above is not None and above.annotation is not None:
            found = of_annotation(method, above.annotation)
            return found if found is None else replace(found, basis=Basis.USED)
    return None


def asserted_type(scope: Scope, place: str) -> Found | None:
    """What a function makes sure of, or any method of its object: `assert isinstance(x, C)`."""
    looked_at = [scope]
    if place.startswith("self.") and scope.owner is not None:
        looked_at = [m for one in scope.owner.lineage() for m in one.methods.values()]
    if root_of(place) != "self" and not scope.binds(root_of(place)):
        return None
    for function in looked_at:
        for statement in function.node.body:
            match _made_sure_of(statement):
                case Call(func=Name(id="isinstance"), args=(what, kind)) if place_of(what) == place:
                    return of_annotation(function, kind)
    return None


def _made_sure_of(statement: Stmt) -> Expr | None:
    """What holds after a statement, or something is raised."""
    match statement:
        case Assert(test=test):
            return test
        case If(test=Unary(op="not", value=test), body=(*_, Raise())):
            return test
    return None


def _named(annotation: Expr) -> Iterator[str]:
    """The classes that an annotation names, None and `Optional` left aside."""
    match annotation:
        case Name() | Attr():
            place = place_of(annotation)
            if place is not None:
                yield place
        case Const(value=str() as text):
            inner = text.strip().removeprefix("Optional[").removesuffix("]")
            yield from (part.strip() for part in inner.split("|") if part.strip() != "None")
        case Item(value=value, index=index) if place_of(value) in _MAY_BE_NONE:
            yield from _named(index)
        case Binary(op="|", left=left, right=right):
            yield from _named(left)
            yield from _named(right)


def _imported(scope: Scope, name: str) -> str:
    """The full dotted name of what an annotation names."""
    head, dot, rest = name.partition(".")
    return f"{scope.imports.get(head, head)}{dot}{rest}"


def _documented(method: Scope, parameter: str) -> ClassScope | None:
    """The class of the project that a docstring says a parameter to be of (Google's style)."""
    text = _docstring(method)
    if text is None or method.importer is None:
        return None
    said = re.search(rf"(?m)^\s*{re.escape(parameter)} \(([^)]*)\):", text)
    named = _DOTTED.search(said[1].removeprefix(":class:")) if said is not None else None
    if named is None:
        return None
    known = method.class_named(named[0])
    if known is None and "." in named[0]:
        found = method.importer.definition(named[0], method.source.path)
        known = found if isinstance(found, ClassScope) else None
    return known


def _docstring(method: Scope) -> str | None:
    match method.node.body[:1]:
        case (ExprStmt(value=Const(value=str() as text)),):
            return text
    return None
