"""Whether an optimizer still holds the parameters of the modules it was built on."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Build, Escape, Event, Rebind, Replace, Step
from lintgrad.flow.names.place_parts import overlaps
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates.gradients import GradAct
from lintgrad.typestates.gradients import act as on_gradients


class Held(Enum):
    """What an optimizer holds, compared with the modules it was built on."""

    UNKNOWN = auto()
    CURRENT = auto()
    """Their parameters."""
    OLD = auto()
    """Parameters that some of them had before they got others."""


def is_old(held: Held) -> bool:
    """Whether an optimizer holds parameters that were replaced."""
    return held is Held.OLD


def is_current(held: Held) -> bool:
    """Whether an optimizer holds what it was built on, and that is still there."""
    return held is Held.CURRENT


class HeldAct(Enum):
    """What an event does to what an optimizer holds."""

    BUILD = auto()
    REPLACE = auto()
    STEP = auto()
    LOSE = auto()


def after(held: Held, act: HeldAct) -> Held:
    """What an optimizer holds after an act."""
    match act:
        case HeldAct.BUILD:
            return Held.CURRENT
        case HeldAct.REPLACE:
            return Held.UNKNOWN if held is Held.UNKNOWN else Held.OLD
        case HeldAct.STEP:
            return held
        case HeldAct.LOSE:
            return Held.UNKNOWN


def act(event: Event, optimizer: Optimizer) -> HeldAct | None:
    """What an event does to what an optimizer holds, None if nothing."""
    match event:
        case Build(optimizer=place):
            return HeldAct.BUILD if place == optimizer.place else None
        case Replace(place=place):
            owners = optimizer.owners
            reached = owners.complete and any(overlaps(place, o) for o in owners.places)
            return HeldAct.REPLACE if reached else None
        case Step() | Escape() | Rebind():
            return _STEPPING.get(on_gradients(event, optimizer))
    return None


_STEPPING: dict[GradAct | None, HeldAct] = {
    GradAct.APPLY: HeldAct.STEP,
    GradAct.LOSE: HeldAct.LOSE,
}

HOLDINGS: Typestate[Held, HeldAct, Optimizer] = Typestate(
    "holdings", Held.UNKNOWN, act, after, seen_inside
)
"""What one optimizer holds; where it was built is out of sight at the start."""
