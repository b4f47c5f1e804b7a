"""Gradients clipped, and divided by what their loss was multiplied with."""

from dataclasses import dataclass

from lintgrad.flow.events.gradients import UNKNOWN_OWNERS, Owners, Scaler
from lintgrad.source.text import Span


@dataclass(frozen=True, slots=True)
class Clip:
    """Gradients that are too large are made smaller: an optimizer's, or some owners'.

    Read if what it returns, the norm from before, is used.
    """

    span: Span
    optimizer: str | None = None
    owners: Owners = UNKNOWN_OWNERS
    read: bool = False


@dataclass(frozen=True, slots=True)
class Unscale:
    """A scaler divides the gradients of an optimizer, of an unknown one if None."""

    span: Span
    optimizer: str | None
    scaler: Scaler


@dataclass(frozen=True, slots=True)
class ScalerUpdate:
    """A scaler chooses its next factor, or is given it, and forgets which optimizers it stepped."""

    span: Span
    scaler: Scaler
    given: bool = False
