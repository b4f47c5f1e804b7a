"""How many steps an optimizer takes before it is built again."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Build, Escape, Event, Rebind, Step
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates.gradients import GradAct
from lintgrad.typestates.gradients import act as on_gradients


class Life(Enum):
    """What an optimizer has behind it."""

    UNKNOWN = auto()
    NEW = auto()
    """It has not stepped."""
    ONCE = auto()
    """It has taken a single step since it was built."""
    MORE = auto()
    """It has taken several."""
    AGAIN = auto()
    """It was built again, on the same parameters, after a single step."""


def is_again(life: Life) -> bool:
    """Whether an optimizer was built again after a single step."""
    return life is Life.AGAIN


class LifeAct(Enum):
    """What an event does to an optimizer's life."""

    BUILD = auto()
    FORGET = auto()
    """It is built on the parameters it had."""
    STEP = auto()
    LOSE = auto()


def after(life: Life, act: LifeAct) -> Life:
    """What an optimizer has behind it after an act."""
    match act:
        case LifeAct.BUILD:
            return Life.NEW
        case LifeAct.FORGET:
            return Life.AGAIN if life in (Life.ONCE, Life.AGAIN) else Life.NEW
        case LifeAct.STEP:
            return Life.ONCE if life in (Life.NEW, Life.AGAIN) else _later(life)
        case LifeAct.LOSE:
            return Life.UNKNOWN


def _later(life: Life) -> Life:
    return Life.UNKNOWN if life is Life.UNKNOWN else Life.MORE


def act(event: Event, optimizer: Optimizer) -> LifeAct | None:
    """What an event does to an optimizer's life, None if nothing."""
    match event:
        case Build(optimizer=place, forgets=forgets):
            if place != optimizer.place:
                return None
            return LifeAct.FORGET if forgets else LifeAct.BUILD
        case Step() | Escape() | Rebind():
            return _STEPPING.get(on_gradients(event, optimizer))
    return None


_STEPPING: dict[GradAct | None, LifeAct] = {
    GradAct.APPLY: LifeAct.STEP,
    GradAct.LOSE: LifeAct.LOSE,
}

REBUILDS: Typestate[Life, LifeAct, Optimizer] = Typestate(
    "rebuilds", Life.UNKNOWN, act, after, seen_inside
)
"""The life of one optimizer, of which nothing is known at the start."""
