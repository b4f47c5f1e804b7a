"""What an optimizer's gradients are: clear, pending, spent, mixed."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import (
    Assign,
    Backward,
    Build,
    Doubt,
    Escape,
    Event,
    GradAssign,
    MayBackward,
    Owners,
    Rebind,
    Restore,
    Step,
    ZeroGrad,
)
from lintgrad.flow.names.place_parts import has_constant_index, is_part
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import is_another, seen_inside


class Grad(Enum):
    """What `.grad` of an optimizer's parameters holds."""

    CLEAR = auto()
    """Nothing, or nothing that was asked for yet."""
    PENDING = auto()
    """Gradients that no step has applied."""
    SPENT = auto()
    """Gradients that a step has applied and nothing has cleared."""
    MIXED = auto()
    """Spent gradients, and new ones on top of them."""
    WIPED = auto()
    """Nothing: gradients were there, and were cleared before a step could apply them."""
    DOUBTFUL = auto()
    """Nothing, or new ones: they were cleared, and a backward may have run out of sight."""
    PRESENT = auto()
    """Some: what was there is not understood, and new ones have been added to it."""
    UNKNOWN = auto()
    """Something that is not understood has had its hands on them."""


def is_mixed(grad: Grad) -> bool:
    """Whether a step would apply some gradients a second time."""
    return grad is Grad.MIXED


def is_wiped(grad: Grad) -> bool:
    """Whether a step would find nothing where gradients had been."""
    return grad is Grad.WIPED


class GradAct(Enum):
    """What an event does to one optimizer's gradients."""

    ADD = auto()
    APPLY = auto()
    CLEAR = auto()
    REPLACE = auto()
    """They are overwritten with new ones."""
    RESTORE = auto()
    """The parameters are what they were before a step: nothing has been applied to them."""
    RENEW = auto()
    """The optimizer gets parameters that have no gradients yet."""
    DOUBT = auto()
    """New ones may have been added out of sight."""
    LOSE = auto()
    """They may have been changed in a way that is not understood."""


_AFTER: dict[GradAct, dict[Grad, Grad]] = {
    GradAct.ADD: {
        Grad.CLEAR: Grad.PENDING,
        Grad.PENDING: Grad.PENDING,
        Grad.SPENT: Grad.MIXED,
        Grad.MIXED: Grad.MIXED,
        Grad.WIPED: Grad.PENDING,
        Grad.DOUBTFUL: Grad.PENDING,
        Grad.PRESENT: Grad.PRESENT,
        Grad.UNKNOWN: Grad.PRESENT,
    },
    GradAct.APPLY: {
        Grad.CLEAR: Grad.CLEAR,
        Grad.PENDING: Grad.SPENT,
        Grad.SPENT: Grad.SPENT,
        Grad.MIXED: Grad.SPENT,
        Grad.WIPED: Grad.CLEAR,
        Grad.DOUBTFUL: Grad.SPENT,
        Grad.PRESENT: Grad.SPENT,
        Grad.UNKNOWN: Grad.UNKNOWN,
    },
    GradAct.CLEAR: {
        Grad.CLEAR: Grad.CLEAR,
        Grad.PENDING: Grad.WIPED,
        Grad.SPENT: Grad.CLEAR,
        Grad.MIXED: Grad.WIPED,
        Grad.WIPED: Grad.WIPED,
        Grad.DOUBTFUL: Grad.WIPED,
        Grad.PRESENT: Grad.CLEAR,
        Grad.UNKNOWN: Grad.CLEAR,
    },
    GradAct.REPLACE: dict.fromkeys(Grad, Grad.PENDING),
    GradAct.RESTORE: {grad: grad for grad in Grad}
    | {Grad.SPENT: Grad.PENDING, Grad.MIXED: Grad.PENDING},
    GradAct.RENEW: dict.fromkeys(Grad, Grad.CLEAR),
    GradAct.DOUBT: {grad: grad for grad in Grad} | {Grad.WIPED: Grad.DOUBTFUL},
    GradAct.LOSE: dict.fromkeys(Grad, Grad.UNKNOWN),
}


def after(grad: Grad, act: GradAct) -> Grad:
    """What gradients are after an act (torch 2.13: `backward` adds, `step` leaves them)."""
    return _AFTER[act][grad]


def act(event: Event, optimizer: Optimizer) -> GradAct | None:
    """What an event does to the gradients of one optimizer, None if nothing."""
    match event:
        case Backward():
            return GradAct.LOSE if optimizer.escaped else GradAct.ADD
        case Step(optimizer=place):
            return _by_place(place, optimizer, GradAct.APPLY)
        case ZeroGrad(optimizer=None, owners=owners):
            return _by_owners(owners, optimizer, GradAct.CLEAR)
        case ZeroGrad(optimizer=str() as place, owners=owners):
            direct = _by_place(place, optimizer, GradAct.CLEAR)
            if direct is None and not is_another(place, optimizer):
                return GradAct.LOSE
            if direct is None and optimizer.by_hand and not owners.complete:
                return GradAct.LOSE  # its parameters may be the leaves
            if direct is not None or not owners.places:
                return direct
            shared = _by_owners(owners, optimizer, GradAct.CLEAR)
            unknown = not optimizer.owners.complete and not owners.complete
            return None if shared is None or unknown else GradAct.LOSE
        case GradAssign(owners=owners):
            return _by_owners(owners, optimizer, GradAct.REPLACE)
        case Build(optimizer=place, fresh=fresh):
            return GradAct.RENEW if fresh and place == optimizer.place else None
    return _besides(event, optimizer)


def _besides(event: Event, optimizer: Optimizer) -> GradAct | None:
    """What an event does that neither adds to gradients, applies nor clears them."""
    match event:
        case Restore(module=place, own=own):
            return GradAct.RESTORE if _restored(place, optimizer, own=own) else None
        case Escape(places=places):
            return _escape(places, optimizer)
        case Rebind(places=places):
            return GradAct.LOSE if _rebound(places, optimizer.place) else None
        case MayBackward(doubt=doubt):
            return None if doubt is Doubt.PASS else GradAct.DOUBT
        case Assign():
            return _given_anew(event, optimizer)
    return None


def _given_anew(assign: Assign, optimizer: Optimizer) -> GradAct | None:
    """What an assignment to a leaf's own name does: the name stands for something else then.

    `w -= ...` leaves it the leaf.
    """
    if not optimizer.by_hand:
        return None
    if assign.changes or not any(_rebound(assign.places, own) for own in optimizer.owners.places):
        return None
    return GradAct.LOSE


def _by_place(place: str, optimizer: Optimizer, act_: GradAct) -> GradAct | None:
    own = optimizer.place
    if place == own:
        return act_
    if _is_suspect(place, optimizer):
        return GradAct.LOSE
    if place.endswith("[each]") and own.startswith(place.removesuffix("each]")):
        return act_
    return GradAct.LOSE if _overlap(place, own) else None


def _is_suspect(place: str, optimizer: Optimizer) -> bool:
    """Whether a place may be the optimizer: elements of a collection that has no name may."""
    return place.startswith("<") or place in optimizer.suspects


def _overlap(place: str, own: str) -> bool:
    """Whether two different places may be the same thing, or one a part of the other."""
    if is_part(own, place) or is_part(place, own):
        return True
    one, other = place.partition("[")[0], own.partition("[")[0]
    variable = not (has_constant_index(place) and has_constant_index(own))
    return one == other and "[" in place and "[" in own and variable


def _escape(places: frozenset[str] | None, optimizer: Optimizer) -> GradAct | None:
    if places is None:
        return GradAct.LOSE
    own = optimizer.place
    reached = any(
        place == own or _overlap(place, own) or _is_suspect(place, optimizer) for place in places
    )
    return GradAct.LOSE if reached else None


def _rebound(places: tuple[str, ...], own: str) -> bool:
    """Whether one of the places is the optimizer's, what it is part of, or an index in it."""
    return any(p == own or is_part(own, p) or f"[{p}]" in own for p in places)


def _by_owners(touched: Owners, optimizer: Optimizer, act_: GradAct) -> GradAct | None:
    own = optimizer.owners
    if (
        own.complete
        and own.places
        and touched.whole
        and all(_covered(p, touched.places) for p in own.places)
    ):
        return act_
    suspected = optimizer.suspects & touched.places
    if own.complete and touched.complete and not suspected and not _linked(touched, own):
        return None
    return GradAct.LOSE


def _restored(place: str, optimizer: Optimizer, *, own: bool) -> bool:
    """Whether a module that is set back is one whose parameters the optimizer holds."""
    owners = optimizer.owners
    if not owners.complete or not owners.places:
        return own
    return any(_connected(place, other) for other in owners.places)


def _covered(place: str, by: frozenset[str]) -> bool:
    return any(place == other or is_part(place, other) for other in by)


def _linked(touched: Owners, own: Owners) -> bool:
    """Whether two sets of parameters may share some."""
    for one in touched.places:
        for other in own.places:
            if _connected(one, other):
                return True
    return any(_connected(one, other) for one in touched.places for other in own.related) or any(
        _connected(one, other) for one in own.places for other in touched.related
    )


def _connected(one: str, other: str) -> bool:
    return one == other or is_part(other, one) or is_part(one, other)


GRADIENTS: Typestate[Grad, GradAct, Optimizer] = Typestate(
    "gradients", Grad.CLEAR, act, after, seen_inside
)
"""The gradients of one optimizer, clear when a function is entered."""
