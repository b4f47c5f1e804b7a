"""Whose parameters a value depends on: what it must reach, what it may, and what is not known."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Reach:
    """The places whose parameters get gradients if backward is run on a value.

    Must are those that are sure to; may are those that are not sure not to. Complete if the whole
    way to the value was understood. Chains are pairs of a module and one that is fed with what it
    gave, or weighs the log-probability of what it draws; cut are those whose results were cut off
    from their graph on the way. Scores are those whose log-probability the value is made of.
    """

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    complete: bool = True
    chains: frozenset[tuple[str, str]] = frozenset()
    cut: frozenset[str] = frozenset()
    scores: frozenset[str] = frozenset()

    @property
    def doubtful(self) -> "Reach":
        """The same, with nothing sure any more."""
        return Reach(frozenset(), self.may, self.complete)

    @property
    def partly_known(self) -> "Reach":
        """The same of a value that other things may have gone into."""
        return Reach(frozenset(), self.may, complete=False)

    @property
    def cut_off(self) -> "Reach":
        """What the value reaches when it is detached: nothing."""
        return Reach(cut=self.cut | self.must)

    def through(self, module: str) -> "Reach":
        """What is reached when the value is fed to a module that lets gradients through."""
        fed = {(place, module) for place in self.must if place != module}
        own = frozenset({module})
        return replace(
            self,
            must=self.must | own,
            may=self.may | own,
            chains=self.chains | fed,
            scores=frozenset(),
        )

    @property
    def scored(self) -> "Reach":
        """The same of a log-probability that was computed from the value."""
        return replace(self, scores=self.must)

    def weighed_by(self, other: "Reach") -> "Reach":
        """What a product reaches: a weight judges what a log-probability is the score of."""
        judged = {(one, by) for one in self.scores for by in other.must if one != by}
        judged |= {(one, by) for one in other.scores for by in self.must if one != by}
        both = together((self, other))
        return replace(both, chains=both.chains | judged)


NOTHING = Reach()
"""Data and numbers."""

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
        frozenset[tuple[str, str]]().union(*(part.chains for part in found)),
        frozenset[str]().union(*(part.cut for part in found)),
        frozenset[str]().union(*(part.scores for part in found)),
    )


def either(one: Reach, other: Reach) -> Reach:
    """What a value reaches that is one of two."""
    return Reach(
        one.must & other.must,
        one.may | other.may,
        one.complete and other.complete,
        one.chains & other.chains,
        one.cut & other.cut,
    )
