"""Whether an optimizer was stepped before its scheduler was."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Build, Escape, Event, Rebind, SchedulerStep, Step
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates.gradients import GradAct
from lintgrad.typestates.gradients import act as on_gradients


class Order(Enum):
    """What of the two came first."""

    FRESH = auto()
    """Neither was stepped yet, as far as can be seen."""
    AHEAD = auto()
    """The scheduler was stepped, and the optimizer was not."""
    STEPPED = auto()
    """The optimizer was stepped."""
    UNKNOWN = auto()
    """Something that is not understood may have stepped either."""


def is_ahead(order: Order) -> bool:
    """Whether the scheduler was stepped before the optimizer ever was."""
    return order is Order.AHEAD


def is_fresh(order: Order) -> bool:
    """Whether neither was stepped yet."""
    return order is Order.FRESH


class OrderAct(Enum):
    """What an event does to the order of one optimizer and its schedulers."""

    BUILD = auto()
    STEP = auto()
    SCHEDULE = auto()
    LOSE = auto()


def after(order: Order, act: OrderAct) -> Order:
    """What the order is after an act."""
    match act:
        case OrderAct.BUILD:
            return Order.FRESH
        case OrderAct.STEP:
            return Order.STEPPED
        case OrderAct.SCHEDULE:
            return Order.AHEAD if order is Order.FRESH else order
        case OrderAct.LOSE:
            return Order.STEPPED if order is Order.STEPPED else Order.UNKNOWN


def act(event: Event, optimizer: Optimizer) -> OrderAct | None:
    """What an event has to do with an optimizer and its schedulers, None if nothing."""
    match event:
        case SchedulerStep(optimizer=place):
            return OrderAct.SCHEDULE if place == optimizer.place else None
        case Build(optimizer=place):
            return OrderAct.BUILD if place == optimizer.place else None
        case Step() | Escape() | Rebind():
            return _STEPPING.get(on_gradients(event, optimizer))
    return None


_STEPPING: dict[GradAct | None, OrderAct] = {
    GradAct.APPLY: OrderAct.STEP,
    GradAct.LOSE: OrderAct.LOSE,
}

SCHEDULES: Typestate[Order, OrderAct, Optimizer] = Typestate(
    "schedules", Order.FRESH, act, after, seen_inside
)
"""The order of one optimizer's steps and its schedulers', neither stepped at the start."""
