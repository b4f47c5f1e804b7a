"""Whose losses the gradients of an optimizer come from: its own turn's, or another one's too."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Backward, Event, Step
from lintgrad.flow.events.reach import Reach
from lintgrad.flow.names.place_parts import is_within
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import is_another, seen_inside
from lintgrad.typestates.gradients import GradAct
from lintgrad.typestates.gradients import act as on_gradients


class Origin(Enum):
    """Where the gradients of an optimizer come from."""

    CLEAR = auto()
    """There are none."""
    FRESH = auto()
    """From backwards that no step has followed."""
    LEFT = auto()
    """From backwards that another optimizer's step has followed: from that one's turn."""
    TAINTED = auto()
    """From such ones, and from later ones on top of them."""
    SPENT = auto()
    UNKNOWN = auto()


def is_tainted(origin: Origin) -> bool:
    """Whether a step would apply what another optimizer's turn has left, under something newer."""
    return origin is Origin.TAINTED


def is_unshared(origin: Origin) -> bool:
    """Whether a step would apply gradients, none of them under something newer."""
    return origin in (Origin.FRESH, Origin.LEFT)


class LeakAct(Enum):
    """What an event does to where an optimizer's gradients come from."""

    ADD = auto()
    OTHER = auto()
    """Another optimizer is stepped."""
    APPLY = auto()
    CLEAR = auto()
    LOSE = auto()


_AFTER: dict[LeakAct, dict[Origin, Origin]] = {
    LeakAct.ADD: {
        Origin.CLEAR: Origin.FRESH,
        Origin.FRESH: Origin.FRESH,
        Origin.LEFT: Origin.TAINTED,
        Origin.TAINTED: Origin.TAINTED,
    },
    LeakAct.OTHER: {
        Origin.FRESH: Origin.LEFT,
        Origin.TAINTED: Origin.LEFT,  # another turn of its own, or one that is shared
    },
    LeakAct.APPLY: dict.fromkeys(Origin, Origin.SPENT),
    LeakAct.CLEAR: dict.fromkeys(Origin, Origin.CLEAR),
    LeakAct.LOSE: dict.fromkeys(Origin, Origin.UNKNOWN),
}


def after(origin: Origin, act: LeakAct) -> Origin:
    """Where the gradients come from after an act."""
    unchanged = Origin.UNKNOWN if act is LeakAct.ADD else origin
    return _AFTER[act].get(origin, unchanged)


def act(event: Event, optimizer: Optimizer) -> LeakAct | None:
    """What an event does to where one optimizer's gradients come from, None if nothing."""
    match event:
        case Backward(reaches=reaches):
            return _adds(reaches, optimizer)
        case Step(optimizer=place) if place != optimizer.place and is_another(place, optimizer):
            return LeakAct.OTHER
    return _ACTS.get(on_gradients(event, optimizer))


def _adds(reaches: Reach | None, optimizer: Optimizer) -> LeakAct | None:
    owners = optimizer.owners
    if reaches is None or not owners.complete or optimizer.escaped:
        return LeakAct.LOSE
    if any(is_within(place, owner) for place in reaches.must for owner in owners.places):
        return LeakAct.ADD
    linked = owners.places | owners.related
    may = any(is_within(p, o) or is_within(o, p) for p in reaches.may for o in linked)
    return None if reaches.complete and not may else LeakAct.LOSE


_ACTS: dict[GradAct | None, LeakAct] = {
    GradAct.APPLY: LeakAct.APPLY,
    GradAct.CLEAR: LeakAct.CLEAR,
    GradAct.RENEW: LeakAct.CLEAR,
    GradAct.REPLACE: LeakAct.LOSE,
    GradAct.LOSE: LeakAct.LOSE,
}

LEAKS: Typestate[Origin, LeakAct, Optimizer] = Typestate(
    "leaks", Origin.CLEAR, act, after, seen_inside
)
"""Where one optimizer's gradients come from, there being none at the start."""
