"""Slices: the places that a value is computed from, so that nothing else need be looked at."""

from collections.abc import Iterable, Iterator, Mapping

from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.lowering.changes import changes_in
from lintgrad.flow.lowering.relevance import assigned
from lintgrad.flow.names.place_parts import overlaps
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Expr, For, If, Item, Return, Stmt, While, With
from lintgrad.syntax.walk import children, statements_of

Sources = Mapping[str, set[str]]
"""For each place that is assigned, the places that its values are computed from."""


class Slice:
    """Some places, with all that they are computed from."""

    def __init__(self, sources: Sources, start: Iterable[str]) -> None:
        self._places: set[str] = set()
        self._above: set[str] = set()
        """What the places are parts of."""
        todo = list(start)
        while todo:
            place = todo.pop()
            if place in self._places:
                continue
            self._places.add(place)
            self._above.update(_prefixes(place))
            todo += [
                source
                for written, read in sources.items()
                if overlaps(written, place)
                for source in read
                if source not in self._places
            ]

    def __contains__(self, place: str) -> bool:
        """Whether a place is one of them, a part of one, or has one as its part."""
        place = place.removesuffix(".requires_grad")  # the flag changes the tensor that it is of
        if place in self._places or place in self._above:
            return True
        return any(prefix in self._places for prefix in _prefixes(place))


def sources_in(statements: Iterable[Stmt]) -> Sources:
    """What the places that statements assign or change are computed from."""
    body = tuple(statements)
    found: dict[str, set[str]] = {}
    for target, value in assigned(body):
        for name in names_in(target):
            found.setdefault(name, set()).update(read_in(value) if value is not None else ())
        if isinstance(target, Item) and (place := place_of(target.value)) is not None:
            found.setdefault(place, set()).update(read_in(value) if value is not None else ())
    for place, call in changes_in(body):
        for arg in call.args:
            found.setdefault(place, set()).update(read_in(arg))
    for statement in statements_of(body):
        if isinstance(statement, For):
            for name in names_in(statement.target):
                found.setdefault(name, set()).update(read_in(statement.iter))
        elif isinstance(statement, With):
            for item in statement.items:
                for name in names_in(item.target) if item.target is not None else ():
                    found.setdefault(name, set()).update(read_in(item.value))
    return found


def read_in(expr: Expr) -> Iterator[str]:
    """The places that an expression reads, the longest that are spelled out."""
    place = place_of(expr)
    if place is not None:
        yield place
        return
    for part in children(expr):
        yield from read_in(part)


def returned_in(statements: Iterable[Stmt]) -> Iterator[str]:
    """The places that what a function returns depends on at once: results and tests."""
    for statement in statements_of(statements):
        match statement:
            case Return(value=value) if value is not None:
                yield from read_in(value)
            case If(test=test) | While(test=test):
                yield from read_in(test)


def _prefixes(place: str) -> Iterator[str]:
    for at, letter in enumerate(place):
        if letter in ".[" and at:
            yield place[:at]
