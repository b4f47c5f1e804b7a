"""What there is to say of a step besides the gradients: schedulers, closures, parameters."""

from dataclasses import dataclass
from enum import Enum, auto

from lintgrad.source.text import Span


@dataclass(frozen=True, slots=True)
class NamedOnly:
    """`optimizer.zero_grad` without a call: nothing happens."""

    span: Span
    optimizer: str


@dataclass(frozen=True, slots=True)
class SchedulerStep:
    """A scheduler moves the learning rate of an optimizer on; None if that one is not known.

    Kinds are the dotted names of the classes it may be of; bare if it is called with nothing.
    """

    span: Span
    scheduler: str
    optimizer: str | None
    kinds: frozenset[str]
    bare: bool


@dataclass(frozen=True, slots=True)
class SchedulerBuild:
    """A scheduler is built on an optimizer, which has no other name in the function."""

    span: Span
    scheduler: str
    optimizer: str


@dataclass(frozen=True, slots=True)
class Replace:
    """A module, a layer or a parameter is replaced by one with parameters of its own.

    `text` is how the code spells the place.
    """

    span: Span
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Unheld:
    """An optimizer is stepped that was built on a module, without what is trained.

    The span is that of the construction; `part` is what the module hides from it, one of its
    attributes, or a copy of the module, and `made` where that is bound.
    """

    span: Span
    optimizer: str
    owner: str
    part: str
    made: Span


class Given(Enum):
    """What a step is called with."""

    NOTHING = auto()
    FUNCTION = auto()
    RESULT = auto()
    """The loss that a function of the project returned when it was called right there."""
    TENSOR = auto()


@dataclass(frozen=True, slots=True)
class StepCall:
    """The step of an optimizer of a class of torch's own is called with something or nothing.

    A function that it is called with is idle if it is sure to run no backward. It gathers if it is
    sure to clear nothing before its backward, and may run several times in a step.
    """

    span: Span
    optimizer: str
    kind: str
    given: Given
    returns: bool = True
    idle: bool = False
    clears: bool = False
    gathers: bool = False
