"""Gradients of a module that several processes train: whether they are synchronised."""

from dataclasses import dataclass

from lintgrad.source.text import Span


@dataclass(frozen=True, slots=True)
class SyncMode:
    """From here on, micro-batches of a module are kept local, or are synchronised again."""

    span: Span
    module: str
    local: bool


@dataclass(frozen=True, slots=True)
class Forward:
    """A module that can keep micro-batches local is called.

    It decides if the module is known to look at its mode then, and not when backward runs.
    """

    span: Span
    module: str
    decides: bool
