"""What a place can hold, and what the evidence for it is."""

from dataclasses import dataclass
from enum import Enum, IntEnum, auto

from lintgrad.flow.scopes import Scope
from lintgrad.syntax.nodes import Call


class Role(Enum):
    """What kind of thing a place holds, as far as gradients care."""

    OPTIMIZER = auto()
    SCALER = auto()
    SCHEDULER = auto()
    ENGINE = auto()
    """Runs backward on what it is given and does nothing else to gradients."""
    OWN_OBJECT = auto()
    """An object of a class in this file that is no torch optimizer."""
    COLLECTION = auto()
    """A list, tuple or dict of optimizers."""


class Basis(IntEnum):
    """The evidence for a role, weakest first."""

    NAMED = 0
    """Only the name speaks: a fragment without imports."""
    USED = 1
    """It is stepped or cleared in one flow with a torch backward."""
    ANNOTATED = 2
    """A type annotation says so."""
    BUILT = 3
    """Its construction is in sight."""


@dataclass(frozen=True, slots=True)
class Found:
    """A role with its basis, and the call that builds the thing, if it is in sight."""

    role: Role
    basis: Basis
    build: Call | None = None
    scope: Scope | None = None
