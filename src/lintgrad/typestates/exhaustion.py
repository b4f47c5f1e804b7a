"""What a generator still holds: everything, or nothing."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Assign, Consumed, Event, Exhaustible
from lintgrad.flow.graph import FlowGraph, Link


class Held(Enum):
    """What a place with a generator holds."""

    UNKNOWN = auto()
    KEPT = auto()
    """What another method has put there, or what is left of it."""
    FRESH = auto()
    EMPTY = auto()


class HeldAct(Enum):
    """What an event does to a generator's place."""

    MAKE = auto()
    CONSUME = auto()
    LOSE = auto()


def is_empty(held: Held) -> bool:
    """Whether whatever runs through it now finds nothing."""
    return held is Held.EMPTY


def act(event: Event, subject: Exhaustible) -> HeldAct | None:
    """What an event does to a generator's place, None if nothing."""
    match event:
        case Assign(places=places, value=value) if subject.place in places:
            return HeldAct.MAKE if value in subject.made else HeldAct.LOSE
        case Consumed(subject=other, by=by) if other == subject:
            return HeldAct.LOSE if by is None else HeldAct.CONSUME
    return None


def after(held: Held, act_: HeldAct) -> Held:
    """What a generator holds after an act: one pass empties it."""
    match act_:
        case HeldAct.MAKE:
            return Held.FRESH
        case HeldAct.CONSUME:
            return Held.EMPTY if held is not Held.UNKNOWN else Held.UNKNOWN
    return Held.UNKNOWN


def _elsewhere(_: FlowGraph, __: Link, subject: Exhaustible) -> Exhaustible:
    """What a called function calls a generator of its caller: its own events never name it."""
    return Exhaustible("", (), subject.basis)


def exhaustion_of(subject: Exhaustible) -> Typestate[Held, HeldAct, Exhaustible]:
    """The typestate of one generator, as a function finds it when it is entered."""
    start = Held.UNKNOWN
    if subject.place.startswith("self."):
        start = Held.KEPT if subject.emptied is None else Held.EMPTY
    return Typestate("exhaustion", start, act, after, _elsewhere)
