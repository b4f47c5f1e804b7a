"""Whether an optimizer's schedulers were built on the optimizer that it is now, and how often."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Build, Escape, Event, Rebind, SchedulerBuild, SchedulerStep, Step
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates.gradients import GradAct
from lintgrad.typestates.gradients import act as on_gradients


class Bond(Enum):
    """What is between an optimizer and the last scheduler that was built on it."""

    UNKNOWN = auto()
    NONE = auto()
    BOUND = auto()
    """The scheduler has not been stepped."""
    ONCE = auto()
    MORE = auto()
    """It has been stepped once, or more often."""
    AGAIN = auto()
    """It was built again after a single step."""
    LOOSE = auto()
    """The optimizer is another one now."""


def is_again(bond: Bond) -> bool:
    """Whether the scheduler was built again after a single step."""
    return bond is Bond.AGAIN


def is_loose(bond: Bond) -> bool:
    """Whether the scheduler drives an optimizer that is not stepped any more."""
    return bond is Bond.LOOSE


class BondAct(Enum):
    """What an event does to the bond."""

    BUILD = auto()
    BIND = auto()
    SCHEDULE = auto()
    LOSE = auto()


_AFTER: dict[BondAct, dict[Bond, Bond]] = {
    BondAct.BUILD: dict.fromkeys(Bond, Bond.LOOSE)
    | {Bond.NONE: Bond.NONE, Bond.UNKNOWN: Bond.NONE},
    BondAct.BIND: dict.fromkeys(Bond, Bond.BOUND) | {Bond.ONCE: Bond.AGAIN},
    BondAct.SCHEDULE: {Bond.BOUND: Bond.ONCE, Bond.AGAIN: Bond.ONCE, Bond.ONCE: Bond.MORE},
    BondAct.LOSE: dict.fromkeys(Bond, Bond.UNKNOWN),
}


def after(bond: Bond, act: BondAct) -> Bond:
    """What the bond is after an act."""
    return _AFTER[act].get(bond, bond)


def act(event: Event, optimizer: Optimizer) -> BondAct | None:
    """What an event does to the bond of one optimizer, None if nothing."""
    match event:
        case Build(optimizer=place):
            return BondAct.BUILD if place == optimizer.place else None
        case SchedulerBuild(optimizer=place):
            return BondAct.BIND if place == optimizer.place else None
        case SchedulerStep(optimizer=place):
            return BondAct.SCHEDULE if place == optimizer.place else None
        case Step() | Escape() | Rebind():
            lost = on_gradients(event, optimizer) is GradAct.LOSE
            return BondAct.LOSE if lost else None
    return None


BONDS: Typestate[Bond, BondAct, Optimizer] = Typestate(
    "bonds", Bond.UNKNOWN, act, after, seen_inside
)
"""What is between one optimizer and its scheduler, of which nothing is known at the start."""
