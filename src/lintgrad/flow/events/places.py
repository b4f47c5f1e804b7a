"""Places that get a new value."""

from dataclasses import dataclass

from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Expr


@dataclass(frozen=True, slots=True)
class Assign:
    """Places get a new value; None if it is not known to be anything in particular."""

    span: Span
    places: tuple[str, ...]
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Rebind:
    """Places stand for something else from here on, of which nothing is known."""

    span: Span
    places: tuple[str, ...]
