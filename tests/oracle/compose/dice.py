"""Chance, the same for the same seed."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A source of choices."""

    def __init__(self, seed: str) -> None:
        """The same seed gives the same choices, on every machine."""
        self._random = random.Random(seed)

    def pick(self, *options: T) -> T:
        """One of some options."""
        return self._random.choice(options)

    def one_of(self, options: Sequence[T]) -> T:
        """One of a sequence."""
        return self._random.choice(options)

    def chance(self, probability: float) -> bool:
        """Whether something happens."""
        return self._random.random() < probability

    def number(self, low: int, high: int) -> int:
        """A number between two, both included."""
        return self._random.randint(low, high)

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in another order."""
        return self._random.sample(options, len(options))
