"""Statements that change what a place holds without assigning it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, ExprStmt, Stmt
from lintgrad.syntax.walk import statements_of

_OF_COLLECTIONS = frozenset({"append", "extend", "insert", "update", "pop", "clear"})


class Changed(NamedTuple):
    """A place, and the call of one of its methods that changes what it holds."""

    place: str
    call: Call


def change_of(statement: Stmt) -> Changed | None:
    """What a statement changes in place; torch's methods that do end in an underscore."""
    match statement:
        case ExprStmt(value=Call(func=Attr(value=receiver, name=name)) as call):
            place = place_of(receiver)
            in_place = name.endswith("_") and not name.endswith("__")
            if place is not None and (in_place or name in _OF_COLLECTIONS):
                return Changed(place, call)
    return None


def changes_in(statements: Iterable[Stmt]) -> Iterator[Changed]:
    """Everything that statements change in place, in any of their blocks."""
    for statement in statements_of(statements):
        found = change_of(statement)
        if found is not None:
            yield found
