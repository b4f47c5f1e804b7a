"""What an optimizer's gradients are multiplied by, and how far its scaler's round has come.

Two things go together here: what `.grad` holds, in more detail than the gradient typestate tells
it, and what the scaler has done for the optimizer since its last `update()`.
"""

from enum import Enum, auto
from typing import NamedTuple

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import (
    Backward,
    Clip,
    Doubt,
    Event,
    MayBackward,
    Owners,
    ScalerUpdate,
    Step,
    Unscale,
)
from lintgrad.flow.names.place_parts import is_within
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates import gradients
from lintgrad.typestates.gradients import GradAct


class Held(Enum):
    """What `.grad` of an optimizer's parameters holds."""

    UNSEEN = auto()
    """What it held when the function was entered."""
    CLEARED = auto()
    """Nothing."""
    FORWARDED = auto()
    """Nothing, and a forward pass has run since."""
    DOUBTED = auto()
    """Nothing, unless a call that cannot be seen runs backward."""
    CLIPPED = auto()
    """Nothing, and that was clipped."""
    TRUE = auto()
    """Gradients as they are."""
    SCALED = auto()
    """Gradients that are multiplied by a scaler's factor."""
    STALE = auto()
    """Gradients that are multiplied by a factor which the scaler has since replaced."""
    UNSCALED = auto()
    """Gradients that a scaler has divided by its factor again."""
    APPLIED = auto()
    """Gradients that a step has applied."""
    UNKNOWN = auto()


class Round(Enum):
    """What a scaler has done for an optimizer since its last update."""

    UNSEEN = auto()
    OPEN = auto()
    """Nothing."""
    UNSCALED = auto()
    STEPPED = auto()


class Scaled(NamedTuple):
    """What an optimizer's gradients are, and where its scaler's round stands."""

    held: Held
    round: Round


class ScaleAct(Enum):
    """What an event does to one optimizer's gradients, as far as scale and clipping care."""

    ADD = auto()
    ADD_SCALED = auto()
    ADD_UNKNOWN = auto()
    APPLY = auto()
    APPLY_BY_SCALER = auto()
    CLEAR = auto()
    UNSCALE = auto()
    UPDATE = auto()
    CLIP = auto()
    """The gradients of some of its parameters, and of nothing else, are clipped."""
    CLIP_MORE = auto()
    """Its gradients are clipped together with others."""
    FORWARD = auto()
    GLANCE = auto()
    DOUBT = auto()
    RENEW = auto()
    LOSE = auto()


class Concern(Enum):
    """How a clip and an optimizer's parameters go together."""

    NONE = auto()
    LIKELY = auto()
    """As far as is known they may, which is certain enough where there is no other optimizer."""
    WITHIN = auto()
    """The clipped parameters are among the optimizer's."""
    AROUND = auto()
    """The optimizer's parameters are among the clipped ones."""


NOTHING_THERE = frozenset({Held.CLEARED, Held.FORWARDED, Held.DOUBTED, Held.CLIPPED})
"""What `.grad` is when there is nothing in it that a clip could act on, or a step apply."""

_EMPTY_ADD = dict.fromkeys((Held.UNSEEN, *NOTHING_THERE, Held.APPLIED), Held.TRUE)
_EMPTY_SCALED = dict.fromkeys((Held.UNSEEN, *NOTHING_THERE, Held.APPLIED), Held.SCALED)
_HELD: dict[ScaleAct, dict[Held, Held]] = {
    # What is not listed stays as it is.
    ScaleAct.ADD: _EMPTY_ADD
    | dict.fromkeys((Held.SCALED, Held.STALE, Held.UNSCALED), Held.UNKNOWN),
    ScaleAct.ADD_SCALED: _EMPTY_SCALED
    | dict.fromkeys((Held.TRUE, Held.STALE, Held.UNSCALED), Held.UNKNOWN),
    ScaleAct.ADD_UNKNOWN: dict.fromkeys(Held, Held.UNKNOWN),
    ScaleAct.APPLY: dict.fromkeys(Held, Held.APPLIED)
    | dict.fromkeys(NOTHING_THERE, Held.CLEARED)
    | {Held.UNSEEN: Held.UNSEEN},
    ScaleAct.CLEAR: dict.fromkeys(Held, Held.CLEARED),
    ScaleAct.UNSCALE: dict.fromkeys((Held.SCALED, Held.STALE), Held.UNSCALED),
    ScaleAct.UPDATE: {Held.SCALED: Held.STALE},
    ScaleAct.CLIP: dict.fromkeys(NOTHING_THERE - {Held.DOUBTED}, Held.CLIPPED),
    ScaleAct.CLIP_MORE: {},
    ScaleAct.FORWARD: {Held.CLEARED: Held.FORWARDED},
    ScaleAct.GLANCE: dict.fromkeys(NOTHING_THERE, Held.DOUBTED) | {Held.APPLIED: Held.UNKNOWN},
    ScaleAct.DOUBT: dict.fromkeys(NOTHING_THERE, Held.DOUBTED)
    | dict.fromkeys((Held.APPLIED, Held.TRUE, Held.SCALED, Held.STALE), Held.UNKNOWN),
    ScaleAct.RENEW: dict.fromkeys(Held, Held.UNSEEN),
    ScaleAct.LOSE: dict.fromkeys(Held, Held.UNKNOWN),
}
_HELD[ScaleAct.APPLY_BY_SCALER] = _HELD[ScaleAct.APPLY]

_ROUND: dict[ScaleAct, dict[Round, Round]] = {
    ScaleAct.UNSCALE: {Round.UNSEEN: Round.UNSCALED, Round.OPEN: Round.UNSCALED},
    ScaleAct.APPLY_BY_SCALER: dict.fromkeys(Round, Round.STEPPED),
    ScaleAct.UPDATE: dict.fromkeys(Round, Round.OPEN),
    ScaleAct.GLANCE: {Round.OPEN: Round.UNSEEN},
    ScaleAct.DOUBT: dict.fromkeys(Round, Round.UNSEEN),
    ScaleAct.RENEW: dict.fromkeys(Round, Round.UNSEEN),
    ScaleAct.LOSE: dict.fromkeys(Round, Round.UNSEEN),
}


def after(scaled: Scaled, act_: ScaleAct) -> Scaled:
    """What gradients and round are after an act (torch 2.13, torch/amp/grad_scaler.py)."""
    return Scaled(
        _HELD[act_].get(scaled.held, scaled.held),
        _ROUND.get(act_, {}).get(scaled.round, scaled.round),
    )


_BY_GRAD_ACT = {
    GradAct.ADD: ScaleAct.ADD,
    GradAct.APPLY: ScaleAct.APPLY,
    GradAct.CLEAR: ScaleAct.CLEAR,
    GradAct.REPLACE: ScaleAct.ADD_UNKNOWN,
    GradAct.RESTORE: ScaleAct.LOSE,
    GradAct.RENEW: ScaleAct.RENEW,
    GradAct.DOUBT: ScaleAct.DOUBT,
    GradAct.LOSE: ScaleAct.LOSE,
}
_BY_DOUBT = {
    Doubt.PASS: ScaleAct.FORWARD,
    Doubt.FORWARD: ScaleAct.FORWARD,
    Doubt.GLANCE: ScaleAct.GLANCE,
    Doubt.OPEN: ScaleAct.DOUBT,
}


def act(event: Event, optimizer: Optimizer) -> ScaleAct | None:
    """What an event does to the gradients of one optimizer, None if nothing."""
    match event:
        case MayBackward(doubt=doubt):
            return _BY_DOUBT[doubt]
        case ScalerUpdate():
            return ScaleAct.UPDATE
        case Unscale(optimizer=None):
            return ScaleAct.LOSE
        case Unscale(span=span, optimizer=str() as place):
            return _of_place(Step(span, place), optimizer, ScaleAct.UNSCALE)
        case Clip():
            concern = concern_of(event, optimizer)
            if concern is Concern.NONE:
                return None
            return ScaleAct.CLIP_MORE if concern is Concern.AROUND else ScaleAct.CLIP
        case Backward(scaled=scaled) if scaled is not False:
            direct = gradients.act(event, optimizer)
            if direct is not GradAct.ADD:
                return None if direct is None else _BY_GRAD_ACT[direct]
            return ScaleAct.ADD_UNKNOWN if scaled is None else ScaleAct.ADD_SCALED
        case Step(scaler=scaler) if scaler is not None:
            return _of_place(event, optimizer, ScaleAct.APPLY_BY_SCALER)
    known = gradients.act(event, optimizer)
    return None if known is None else _BY_GRAD_ACT[known]


def _of_place(step: Step, optimizer: Optimizer, act_: ScaleAct) -> ScaleAct | None:
    """An act on the optimizer that a step names; what may be another name of it is lost."""
    found = gradients.act(step, optimizer)
    if found is None:
        return None
    return act_ if found is GradAct.APPLY else ScaleAct.LOSE


def concern_of(clip: Event, optimizer: Optimizer) -> Concern:
    """How what a clip clips and an optimizer's parameters go together."""
    if not isinstance(clip, Clip):
        return Concern.NONE
    if clip.optimizer is not None:
        found = gradients.act(Step(clip.span, clip.optimizer), optimizer)
        return Concern.WITHIN if found is GradAct.APPLY else Concern.NONE
    own, clipped = optimizer.owners, clip.owners
    if not own.places or not clipped.places:
        return Concern.LIKELY
    if _all_in(clipped.places, own.places):
        return Concern.WITHIN
    if own.complete and _all_in(own.places, clipped.places):
        return Concern.AROUND
    return Concern.NONE if _told_apart(own, clipped) else Concern.LIKELY


def _all_in(places: frozenset[str], others: frozenset[str]) -> bool:
    return all(any(is_within(p, other) for other in others) for p in places)


def _told_apart(own: Owners, clipped: Owners) -> bool:
    return own.complete and clipped.complete


SCALING: Typestate[Scaled, ScaleAct, Optimizer] = Typestate(
    "scaling", Scaled(Held.UNSEEN, Round.UNSEEN), act, after, seen_inside
)
"""Scale and round of one optimizer, of which nothing is known when a function is entered."""
