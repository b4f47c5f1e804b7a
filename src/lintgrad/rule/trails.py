"""What happened on the way to an event, of one kind."""

from collections.abc import Sequence
from typing import TypeVar

from lintgrad.dataflow.witness import Passed
from lintgrad.flow.events import Event

E = TypeVar("E", bound=Event)


def events_on(trail: Sequence[Passed], kind: type[E]) -> list[E]:
    """The events of a kind on a trail, in the order in which they happened."""
    return [passed.event for passed in trail if isinstance(passed.event, kind)]


def last_on(trail: Sequence[Passed], kind: type[E]) -> E | None:
    """The last event of a kind on a trail; None if there is none."""
    found = events_on(trail, kind)
    return found[-1] if found else None
