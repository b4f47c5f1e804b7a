"""What a rule says: findings, how bad and how sure they are."""

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import NamedTuple

from lintgrad.flow.events.evidence import Basis
from lintgrad.source.text import Span


class Severity(StrEnum):
    """How bad a finding is if it is true."""

    ERROR = "error"
    """Raises, or provably trains nothing or the wrong thing."""
    WARNING = "warning"
    """Silent and almost surely unintended."""
    INFO = "info"
    """Depends on intent."""


class Confidence(IntEnum):
    """How sure a finding is."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    def __str__(self) -> str:
        return self.name.lower()


_BY_BASIS = {
    Basis.BUILT: Confidence.HIGH,
    Basis.ANNOTATED: Confidence.HIGH,
    Basis.USED: Confidence.MEDIUM,
    Basis.NAMED: Confidence.LOW,
}


def confidence_by(basis: Basis) -> Confidence:
    """How sure a finding can be that rests on what something is taken to be."""
    return _BY_BASIS[basis]


class Category(Enum):
    """What a group of rules is about: the hundreds of their codes."""

    CLEARING = "Clearing gradients"
    LOSSES = "Losses and backward"
    STEPPING = "Optimizers and their steps"
    ACCUMULATION = "Accumulation windows"
    SCALING = "Clipping and loss scaling"
    LEAVES = "Leaves and gradients by hand"
    OWNERSHIP = "Whose gradients they are"
    REPORTING = "The report itself"


class Related(NamedTuple):
    """Another place that belongs to a finding, and what happens there."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of one place.

    The story tells what happens, in the order in which it does; asides are other places that
    explain it. It is not told where one of the rules in `unless` finds something at its place,
    and so tells the same harm with more about it.
    """

    span: Span
    message: str
    confidence: Confidence
    story: tuple[Related, ...] = ()
    asides: tuple[Related, ...] = ()
    help: str | None = None
    unless: tuple[str, ...] = ()
    severity: Severity | None = None
    """How bad this one is, if not as bad as what the rule finds otherwise."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be read: why, and where."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Unused:
    """A comment that asks for silence and silences nothing: why, and where."""

    message: str
    span: Span
