"""One optimizer of a function: what it is called, what says so, and whose parameters it has."""

from dataclasses import dataclass

from lintgrad.flow.events import Owners
from lintgrad.flow.events.evidence import Basis


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer that the function steps or clears.

    Escaped if something that cannot be seen may clear it at any time. Suspects are places that
    may be the same thing, others are sure to be something else.
    """

    place: str
    basis: Basis
    owners: Owners
    escaped: bool = False
    suspects: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def by_hand(self) -> bool:
        """Whether there is no optimizer: code that names these owners updates them by hand."""
        return self.place in self.owners.places
