"""What becomes of one backward's gradients in a window: kept, applied, thrown away."""

from dataclasses import dataclass, replace
from enum import Enum, IntEnum, auto
from typing import NamedTuple

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Backward, Doubt, Escape, Event, MayBackward, Step
from lintgrad.flow.graph import FlowGraph, Link
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates import gradients
from lintgrad.typestates.gradients import GradAct


class Held(Enum):
    """What `.grad` holds of one backward's gradients."""

    NOTHING = auto()
    ONE = auto()
    """Those of one micro-batch."""
    MANY = auto()
    """The sum of several micro-batches."""
    SPENT = auto()
    """Those that a step has applied."""
    MIXED = auto()
    """New ones on top of spent ones."""
    UNKNOWN = auto()


class Lost(IntEnum):
    """What was cleared since the last step without having been applied."""

    NONE = 0
    ONE = 1
    """A single micro-batch at a time."""
    MANY = 2
    """Several micro-batches at once."""


class Window(NamedTuple):
    """Where a window stands.

    Again if the one before it lost something, too; used if another optimizer has applied what is
    held; taken if something that cannot be seen may have read it. Moved if what was taken so was
    cleared since the last step.
    """

    held: Held = Held.NOTHING
    lost: Lost = Lost.NONE
    again: bool = False
    used: bool = False
    taken: bool = False
    moved: bool = False


class WindowAct(Enum):
    """What an event does to one backward's share of the gradients."""

    ADD = auto()
    APPLY = auto()
    USE = auto()
    """Another optimizer applies it, or its own share of the same gradients."""
    CLEAR = auto()
    REPLACE = auto()
    DOUBT = auto()
    """Something that cannot be seen may apply it or clear it, if there is any."""
    TAKE = auto()
    """Something that cannot be seen gets what has the gradients: it may read them."""
    LOSE = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """One backward's share of one optimizer's gradients."""

    optimizer: Optimizer
    backward: Backward

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Share)
            and self.backward is other.backward
            and self.optimizer == other.optimizer
        )

    def __hash__(self) -> int:
        return hash((self.optimizer, id(self.backward)))


HOLDING = frozenset({Held.ONE, Held.MANY, Held.MIXED})
"""The share has gradients that no step has applied."""


def accumulates(window: Window) -> bool:
    """Whether a step would apply the sum of several micro-batches, all of them new."""
    return window.held is Held.MANY and window.lost is Lost.NONE


def loses(window: Window) -> bool:
    """Whether a step would apply the rest of a window."""
    return window.held in (Held.ONE, Held.MANY) and window.lost is not Lost.NONE


def loses_or_moves(window: Window) -> bool:
    """Whether a step would apply the rest of a window, whatever became of what is not in it."""
    return loses(window) or (window.held in (Held.ONE, Held.MANY) and window.moved)


def loses_again(window: Window) -> bool:
    """Whether a step would apply the rest of a window, as the one before it did."""
    return loses(window) and window.again


def after(window: Window, act: WindowAct) -> Window:
    """Where a window stands after an act."""
    match act:
        case WindowAct.ADD:
            return window._replace(held=_ADDED[window.held], used=False, taken=False)
        case WindowAct.APPLY:
            applied = window.held in HOLDING
            again = applied and window.lost is not Lost.NONE
            return Window(Held.SPENT if applied else Held.NOTHING, Lost.NONE, again)
        case WindowAct.USE:
            return window._replace(used=window.held in HOLDING)
        case WindowAct.CLEAR:
            if window.held is Held.UNKNOWN:
                return Window()
            wiped = _WIPED.get(window.held, Lost.NONE)
            known = Lost.NONE if window.used or window.taken else wiped
            moved = window.moved or (window.taken and wiped is not Lost.NONE)
            return Window(Held.NOTHING, max(window.lost, known), window.again, moved=moved)
        case WindowAct.TAKE:
            return window._replace(taken=window.held in HOLDING)
        case WindowAct.REPLACE:
            return Window()
        case WindowAct.DOUBT if window.held is Held.NOTHING:
            return window
    return Window(Held.UNKNOWN)


_ADDED = {
    Held.NOTHING: Held.ONE,
    Held.ONE: Held.MANY,
    Held.MANY: Held.MANY,
    Held.SPENT: Held.MIXED,
    Held.MIXED: Held.MIXED,
    Held.UNKNOWN: Held.UNKNOWN,
}

_WIPED = {Held.ONE: Lost.ONE, Held.MANY: Lost.MANY, Held.MIXED: Lost.MANY}

_ACTS = {
    GradAct.APPLY: WindowAct.APPLY,
    GradAct.CLEAR: WindowAct.CLEAR,
    GradAct.REPLACE: WindowAct.REPLACE,
    GradAct.RENEW: WindowAct.REPLACE,
    GradAct.LOSE: WindowAct.LOSE,
}


def act(event: Event, share: Share) -> WindowAct | None:
    """What an event does to a share, None if nothing."""
    if isinstance(event, Backward):
        if share.optimizer.escaped:
            return WindowAct.LOSE
        return WindowAct.ADD if event is share.backward else None
    found = gradients.act(event, share.optimizer)
    if isinstance(event, MayBackward):
        return WindowAct.TAKE if event.doubt is Doubt.OPEN else None
    if found is None:
        return WindowAct.USE if isinstance(event, Step) else None
    if found is GradAct.LOSE and isinstance(event, Escape):
        return WindowAct.DOUBT
    return _ACTS.get(found)


def _inside(called: FlowGraph, link: Link, share: Share) -> Share:
    return replace(share, optimizer=seen_inside(called, link, share.optimizer))


WINDOWS: Typestate[Window, WindowAct, Share] = Typestate("windows", Window(), act, after, _inside)
"""One backward's share of an optimizer's gradients, nothing when a function is entered."""
