"""Places that get a new value."""

from dataclasses import dataclass

from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Binary, Call, Expr


@dataclass(frozen=True, slots=True)
class Assign:
    """Places get a new value; None if it is not known to be anything in particular.

    Where a statement says it, the target is what is written, and the source what it is made of:
    a tuple of names and a call, for instance.
    """

    span: Span
    places: tuple[str, ...]
    value: Expr | None
    target: Expr | None = None
    source: Expr | None = None

    @property
    def changes(self) -> bool:
        """Whether what is there is changed: `w -= ...`, whose value spans the whole statement."""
        return self.value is not None and self.value.span == self.span

    @property
    def added(self) -> Expr | None:
        """What `total += loss` adds to what is there."""
        return self.value.right if self.changes and isinstance(self.value, Binary) else None


@dataclass(frozen=True, slots=True)
class Change:
    """A method changes what a place holds in place: `losses.append(x)`, `w.requires_grad_()`."""

    span: Span
    place: str
    call: Call


@dataclass(frozen=True, slots=True)
class Rebind:
    """Places stand for something else from here on, of which nothing is known."""

    span: Span
    places: tuple[str, ...]
