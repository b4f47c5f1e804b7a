"""Assignments to events: values given to places, optimizers built and lost."""

from collections.abc import Iterable, Iterator

from lintgrad.flow.calls.rebuilding import forgets as forgets_history
from lintgrad.flow.calls.rebuilding import resets
from lintgrad.flow.calls.rebuilt_by_calls import repeating_call
from lintgrad.flow.calls.replacing import Replacing
from lintgrad.flow.calls.scheduling import Scheduling
from lintgrad.flow.events import Assign, Build, Event, Rebind
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.lowering.relevance import Relevance
from lintgrad.flow.names.bindings import displayed
from lintgrad.flow.names.methods import trains
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.builders import asks_trainer
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, Item, Sequence
from lintgrad.syntax.walk import parts_of


class Assignments:
    """Turns the assignments of one function into events."""

    def __init__(self, scope: Scope, roles: Roles, places: Places, relevance: Relevance) -> None:
        self._scope = scope
        self._roles = roles
        self._places = places
        self._relevance = relevance
        self._replacing = Replacing(scope, places, roles)
        self._scheduling = Scheduling(scope, places, roles)

    def events(
        self, targets: Iterable[Expr], value: Expr, span: Span, remade: frozenset[str] | None
    ) -> Iterable[Event]:
        """The events of assigning a value to targets.

        `remade` are the names assigned in the loop around it; None outside of loops.
        """
        for target in targets:
            lost = tuple(name for name in names_in(target) if self._is_lost(name, value))
            if lost:
                yield Rebind(span, lost)
                yield from self._made_by_call(lost, value, span)
            if (
                isinstance(target, Sequence)
                and isinstance(value, Sequence)
                and len(target.items) == len(value.items)
            ):
                # All values are read before the first target is written.
                yield from forget(names_in(target), span)
                for part, item in zip(target.items, value.items, strict=True):
                    known = item if _independent(target, item) else None
                    yield from self._one(part, known, span, remade)
            else:
                yield from self._one(target, value, span, remade)

    def _one(
        self, target: Expr, value: Expr | None, span: Span, remade: frozenset[str] | None
    ) -> Iterable[Event]:
        place = place_of(target)
        if place is None:
            yield Assign(span, names_in(target), None, target, value)
            return
        yield Assign(span, (place,), value, target, value)
        if isinstance(value, Call):
            yield from self._replacing.assigned(place, value, span)
            yield from self._scheduling.built(place, value, span)
        if value is None or self._places.canonical(place) != place:
            return
        for element, built in _elements(place, value):
            if self._relevance.is_build(built):
                yield self._build(element, built, span, remade)

    def _made_by_call(self, places: Iterable[str], value: Expr, span: Span) -> Iterator[Build]:
        """The optimizers that a function of the project makes and gives back, not yet stepped."""
        for place in places if isinstance(value, Call) else ():
            found = self._roles.of_place(self._scope, place)
            maker = found.scope if found is not None and found.build is not None else None
            made = maker is not None and maker.call is not None and maker.call[1] is value
            if made and maker is not None and not trains(maker):
                self._places.register(place)
                yield Build(span, place, fresh=False)

    def _is_lost(self, place: str, value: Expr) -> bool:
        """Whether a place gets a value that is neither built here nor made from what it was."""
        if isinstance(value, Const) or self._relevance.is_build(value):
            return False
        if isinstance(value, Call) and asks_trainer(self._scope, value):
            return False
        if self._places.canonical(place) != place:
            return False
        if isinstance(value, Attr | Item):
            return True  # `node = node.next` is another node
        return place not in {place_of(part) for part in parts_of(value)}

    def _build(self, place: str, value: Expr, span: Span, remade: frozenset[str] | None) -> Build:
        self._places.register(place)
        owners = self._places.owners(self._roles.of_expr(self._scope, value))
        old = (
            remade is not None
            and owners.complete
            and remade.isdisjoint(map(root_of, owners.places))
        )
        forgets = (
            old
            and isinstance(value, Call)
            and forgets_history(self._scope, value)
            and not resets(self._scope, owners.places, span)
        )
        by_call = (
            repeating_call(self._scope, value, place, owners.places)
            if remade is None and owners.complete and isinstance(value, Call)
            else None
        )
        return Build(span, place, not old, forgets, by_call)


def _elements(place: str, value: Expr) -> Iterator[tuple[str, Expr]]:
    """The places that an assignment fills: those of the elements, where a display is assigned."""
    parts = list(displayed(place, value))
    for part, item in parts:
        yield from _elements(part, item)
    if not parts:
        yield place, value


def forget(places: tuple[str, ...], span: Span) -> Iterable[Event]:
    """The event of assigning places something that is not followed."""
    return (Assign(span, places, None),) if places else ()


def _independent(target: Sequence, value: Expr) -> bool:
    """Whether a value reads none of the places that the tuple assignment writes."""
    written = set(names_in(target))
    return not any(place_of(part) in written for part in parts_of(value))
