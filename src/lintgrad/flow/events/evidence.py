"""How well it is known what a place holds."""

from enum import IntEnum


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
