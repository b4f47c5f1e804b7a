"""Whose gradients code means that reads or writes `p.grad`."""

from dataclasses import replace

from lintgrad.flow.events import UNKNOWN_OWNERS, Owners
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.bindings import Binding, Via, at
from lintgrad.flow.names.elements import element_source
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.groups import grouped_by
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.ownership import owners_of
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Expr


class Parameters:
    """Answers, for one function, which optimizer or owners hold a parameter."""

    def __init__(self, scope: Scope, places: Places) -> None:
        self._scope = scope
        self._places = places

    def of(self, holder: Expr) -> tuple[str | None, Owners]:
        """The optimizer or the owners whose gradients `holder.grad` stands for."""
        place = place_of(holder)
        if place is None:
            return None, UNKNOWN_OWNERS
        found = self._scope.lookup(place)
        for binding in at(found[1], holder.span) if found is not None else ():
            if binding.via is Via.ELEMENT:
                return self._elements(binding)
        if "[" in place:
            return None, UNKNOWN_OWNERS
        return None, Owners(frozenset({self._places.canonical(place)}), complete=True)

    def updated_by_hand(self, holder: Expr) -> str | None:
        """Note that code updates leaves by hand; the place that stands for who does so.

        None if it is not known whose they are, or if an optimizer does it in its own `step`.
        """
        return self._noted(*self.of(holder))

    def updated_elements(self, held: Expr) -> str | None:
        """The same for code that updates all the leaves which an expression holds."""
        return self._noted(*self._held(held))

    def _noted(self, optimizer: str | None, owners: Owners) -> str | None:
        if optimizer is not None or not owners.complete or not owners.whole or not owners.places:
            return None
        first = min(owners.places)
        if "[" in first or self._is_computed(owners.places):
            return None
        if root_of(first) == "self" and not self._runs_backward():
            return None  # another method may clear what this one applies
        made_here = all(root_of(place) in self._scope.bindings for place in owners.places)
        self._places.note_update(first, Basis.BUILT if made_here else Basis.USED, owners)
        return first

    def _runs_backward(self) -> bool:
        calls = (call.func for call in self._scope.calls)
        return any(isinstance(func, Attr) and func.name == "backward" for func in calls)

    def _is_computed(self, places: frozenset[str]) -> bool:
        """Whether arithmetic makes what one of the places holds: that is no leaf."""
        bound = (b for place in places for b in self._scope.bindings.get(place, ()))
        return any(b.via is Via.VALUE and isinstance(b.value, Binary) for b in bound)

    def _elements(self, binding: Binding) -> tuple[str | None, Owners]:
        return self._held(
            element_source(binding.value, binding.index, binding.parts) or binding.value
        )

    def _held(self, iterated: Expr) -> tuple[str | None, Owners]:
        optimizer = grouped_by(self._scope, iterated)
        if optimizer is not None:
            known = self._places.register(optimizer)
            return known, self._places.known(known).owners
        owners = owners_of(self._scope, iterated)
        places = frozenset(map(self._places.canonical, owners.places))
        renamed = bool(places) and places.isdisjoint(owners.places)
        return None, replace(owners, places=places, complete=owners.complete or renamed)
