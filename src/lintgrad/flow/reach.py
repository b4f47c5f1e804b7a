"""Whose parameters a value depends on: what it must reach, what it may, and what is not known."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """The places whose parameters get gradients if backward is run on a value.

    Must are those that are sure to; may are those that are not sure not to. Complete if the whole
    way to the value was understood.
    """

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    complete: bool = True

    @property
    def doubtful(self) -> "Reach":
        """The same, with nothing sure any more."""
        return Reach(frozenset(), self.may, self.complete)

    @property
    def partly_known(self) -> "Reach":
        """The same of a value that other things may have gone into."""
        return Reach(frozenset(), self.may, complete=False)


NOTHING = Reach()
"""Data, numbers, and what was cut from its graph."""

UNKNOWN = Reach(complete=False)


def of(place: str) -> Reach:
    """What the parameters at a place themselves reach."""
    return Reach(frozenset({place}), frozenset({place}))


def together(parts: Iterable[Reach]) -> Reach:
    """What a value reaches that is computed from several."""
    found = list(parts)
    return Reach(
        frozenset[str]().union(*(part.must for part in found)),
        frozenset[str]().union(*(part.may for part in found)),
        all(part.complete for part in found),
    )


def either(one: Reach, other: Reach) -> Reach:
    """What a value reaches that is one of two."""
    return Reach(one.must & other.must, one.may | other.may, one.complete and other.complete)
