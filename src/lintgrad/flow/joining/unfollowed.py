"""Functions that clear, that the code mentions, and that no call was followed into.

Something runs them at a time that cannot be seen: a table of functions, a registry, a property, a
subclass made on the spot. What they may clear is not known any more.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lintgrad.flow.names.methods import trains
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.flow.places.generators import Generators
from lintgrad.flow.places.gradients_by_hand import grad_holder, writes_grad
from lintgrad.flow.places.usage import ANYWHERE
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, AugAssign, Call, Const, Delete, Expr, Function
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

_IMPORT = re.compile(r"^[ \t\f]*(from[ \t]+\S+[ \t]+)?import\b.*$", re.MULTILINE)


_EXPORT = re.compile(r"^__all__\s*=\s*[\[(][^\])]*[\])]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ran:
    """The functions that calls were followed into, and the methods that were called by name.

    A method goes with each class that its object is of.
    """

    functions: frozenset[Scope]
    methods: frozenset[tuple[str, ClassScope]]


def cleared_out_of_sight(scopes: Iterable[Scope], ran: Ran, texts: Iterable[str]) -> frozenset[str]:
    """The last names of what such functions clear, or ANYWHERE if it cannot be told.

    `scopes` are those of a file, `texts` those of the files that may mention the functions.
    """
    read = tuple(_IMPORT.sub("", text) for text in texts)
    return frozenset(
        name
        for scope in scopes
        if isinstance(scope.node, Function)
        and scope.function_itself not in ran.functions
        and (scope.name_alone, scope.owner) not in ran.methods
        for name in _cleared(scope)
        if not trains(scope) and _is_mentioned(scope, read)
    )


def is_run_in_pieces(whole: Scope, scopes: Iterable[Scope], generators: Generators) -> bool:
    """Whether all that mentions a generator function goes through its generator on the spot."""
    pattern = re.compile(rf"\b(?<!def ){re.escape(whole.name_alone)}\b")
    inside = [s for s in scopes if pattern.search(s.source.text)]
    texts = {s.source.path: _EXPORT.sub("", _IMPORT.sub("", s.source.text)) for s in inside}
    mentions = sum(len(pattern.findall(text)) for text in texts.values())
    return mentions <= sum(
        each is whole for scope in inside for each in generators.gone_through(scope)
    )


def _is_mentioned(scope: Scope, texts: tuple[str, ...]) -> bool:
    name = scope.name_alone
    if scope.owner is not None and name.startswith("__") and name != "__init__":
        return True  # the language calls it
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    defined = re.compile(rf"\bdef\s+{re.escape(name)}\b")
    return any(len(pattern.findall(t)) > len(defined.findall(t)) for t in texts) or bool(
        isinstance(scope.node, Function) and scope.node.decorators
    )


def _cleared(scope: Scope) -> Iterator[str]:
    for statement in statements_of(scope.node.body):
        if isinstance(statement, Assign | Delete) and any(map(writes_grad, statement.targets)):
            yield ANYWHERE
        if isinstance(statement, AugAssign) and writes_grad(statement.target):
            yield ANYWHERE
        for expr in expressions_of(statement):
            for part in parts_of(expr):
                yield from _cleared_by(part)


def _cleared_by(part: Expr) -> Iterator[str]:
    match part:
        case Attr(value=receiver, name="zero_grad"):
            place = place_of(receiver) or ""
            yield place.rsplit(".", 1)[-1] if place.startswith("self.") else ANYWHERE
        case Call(func=Attr(value=inner, name=name)) if (
            name.endswith("_") and grad_holder(inner) is not None
        ):
            yield ANYWHERE
        case Attr(name=name) if name.startswith("_foreach_") and name.endswith("_"):
            yield ANYWHERE
        case Const(value="grad" | "zero_grad"):
            yield ANYWHERE
