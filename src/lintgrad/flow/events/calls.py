"""What functions do that are called: those that are followed, and those that cannot be seen."""

from dataclasses import dataclass
from enum import Enum, auto

from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Expr


@dataclass(frozen=True, slots=True)
class Called:
    """A function of the project runs; the number is that of its graph in the program."""

    span: Span
    callee: int


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A method runs that classes of the project have each their own of.

    The callees go by the class that the object at a place is of; None for one that has no effect.
    """

    span: Span
    receiver: str
    callees: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Awaited:
    """What else a call does waits for a test, which a place holds the outcome of."""

    span: Span
    asked: Expr
    flag: str


@dataclass(frozen=True, slots=True)
class Escape:
    """Something that is not understood may clear, step or run backward.

    It concerns the optimizers at the given places and below them, or all of them if None. Unseen
    if it is a function that cannot be seen, and may just as well have nothing to do with them.
    """

    span: Span
    places: frozenset[str] | None
    reason: str
    unseen: bool = False


class Doubt(Enum):
    """What a call that cannot be seen is likely to be."""

    PASS = auto()
    """A forward pass through a module that is known to run no backward of its own."""
    FORWARD = auto()
    """A forward pass: a module or a loss function is called."""
    GLANCE = auto()
    """Nothing that has gradients, steps or scales is handed to it, as far as that shows."""
    OPEN = auto()
    """Anything."""


@dataclass(frozen=True, slots=True)
class MayBackward:
    """A function that cannot be seen is called: it may run a backward of its own."""

    span: Span
    reason: str
    doubt: Doubt = Doubt.OPEN
