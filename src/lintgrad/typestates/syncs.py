"""Whether all processes have the same gradients in an optimizer's parameters."""

from enum import Enum, auto
from typing import NamedTuple

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Doubt, Event, Forward, MayBackward, SyncMode
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates import gradients
from lintgrad.typestates.gradients import GradAct


class Shared(Enum):
    """What there is of one micro-batch, or of the gradients, in all processes."""

    SAME = auto()
    """The same: synchronised, or nothing."""
    OWN = auto()
    """What each process has computed for itself."""
    UNKNOWN = auto()


class Sync(NamedTuple):
    """Whether micro-batches are kept local now, were when the module was called, and gradients."""

    mode: Shared = Shared.SAME
    forward: Shared = Shared.UNKNOWN
    decides: bool = False
    held: Shared = Shared.SAME


class SyncAct(Enum):
    """What an event does to how far one optimizer's gradients are synchronised."""

    KEEP_LOCAL = auto()
    SYNCHRONISE = auto()
    PASS = auto()
    PASS_AND_DECIDE = auto()
    ADD = auto()
    APPLY = auto()
    CLEAR = auto()
    LOSE = auto()


def is_own(sync: Sync) -> bool:
    """Whether each process has gradients of its own."""
    return sync.held is Shared.OWN


def synchronises(sync: Sync) -> bool:
    """Whether a backward that runs now synchronises what it adds."""
    return _added(sync) is Shared.SAME


def _added(sync: Sync) -> Shared:
    if sync.decides or sync.forward is sync.mode:
        return sync.forward
    return Shared.UNKNOWN


def after(sync: Sync, act_: SyncAct) -> Sync:
    """How far things are synchronised after an act."""
    match act_:
        case SyncAct.KEEP_LOCAL:
            return sync._replace(mode=Shared.OWN)
        case SyncAct.SYNCHRONISE:
            return sync._replace(mode=Shared.SAME)
        case SyncAct.PASS | SyncAct.PASS_AND_DECIDE:
            return sync._replace(forward=sync.mode, decides=act_ is SyncAct.PASS_AND_DECIDE)
        case SyncAct.ADD:  # what is reduced is all that `.grad` holds by then
            return sync._replace(held=_added(sync), forward=Shared.UNKNOWN, decides=False)
        case SyncAct.CLEAR:
            return sync._replace(held=Shared.SAME)
        case SyncAct.APPLY:
            return sync
    return sync._replace(held=Shared.UNKNOWN)


_BY_GRAD_ACT = {
    GradAct.ADD: SyncAct.ADD,
    GradAct.APPLY: SyncAct.APPLY,
    GradAct.CLEAR: SyncAct.CLEAR,
    GradAct.REPLACE: SyncAct.LOSE,
    GradAct.RENEW: SyncAct.LOSE,
    GradAct.RESTORE: SyncAct.LOSE,
    GradAct.LOSE: SyncAct.LOSE,
}


def act(event: Event, optimizer: Optimizer) -> SyncAct | None:
    """What an event does to how far one optimizer's gradients are synchronised."""
    match event:
        case SyncMode(local=local):
            return SyncAct.KEEP_LOCAL if local else SyncAct.SYNCHRONISE
        case Forward(decides=decides):
            return SyncAct.PASS_AND_DECIDE if decides else SyncAct.PASS
        case MayBackward(doubt=doubt):
            return SyncAct.LOSE if doubt is Doubt.OPEN else None
    found = gradients.act(event, optimizer)
    return None if found is None else _BY_GRAD_ACT.get(found)


SYNCS: Typestate[Sync, SyncAct, Optimizer] = Typestate("syncs", Sync(), act, after, seen_inside)
"""How far one optimizer's gradients are synchronised, all of them when a function is entered."""
