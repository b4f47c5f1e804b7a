"""The scaling typestate: what is in `.grad`, and how far the scaler's round has come."""

import pytest

from lintgrad.flow.events import (
    Backward,
    Clip,
    Doubt,
    Event,
    MayBackward,
    Owners,
    Scaler,
    ScalerUpdate,
    Step,
    Unscale,
    ZeroGrad,
)
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.source.text import Span
from lintgrad.typestates.scaling import (
    Concern,
    Held,
    Round,
    ScaleAct,
    Scaled,
    act,
    after,
    concern_of,
)

HERE = Span(0, 1)
SCALER = Scaler("scaler", certain=True)


def owners(*places: str, complete: bool = True) -> Owners:
    return Owners(frozenset(places), complete)


OPTIMIZER = Optimizer("opt", Basis.BUILT, owners("model"))
OF_UNKNOWN = Optimizer("opt", Basis.USED, Owners())

# What `.grad` holds after each act (columns), by what it held before (rows).
#          add      add_scaled apply    clear    unscale  update   clip     forward   glance  doubt
TABLE = """
unseen    true     scaled    unseen   cleared  unseen   unseen   unseen   unseen    unseen  unseen
cleared   true     scaled    cleared  cleared  cleared  cleared  clipped  forwarded doubted doubted
forwarded true     scaled    cleared  cleared  forwarded forwarded clipped forwarded doubted doubted
doubted   true     scaled    cleared  cleared  doubted  doubted  doubted  doubted   doubted doubted
clipped   true     scaled    cleared  cleared  clipped  clipped  clipped  clipped   doubted doubted
true      true     unknown   applied  cleared  true     true     true     true      true    unknown
scaled    unknown  scaled    applied  cleared  unscaled stale    scaled   scaled    scaled  unknown
stale     unknown  unknown   applied  cleared  unscaled stale    stale    stale     stale   unknown
unscaled  unknown  unknown   applied  cleared  unscaled unscaled unscaled unscaled unscaled unscaled
applied   true     scaled    applied  cleared  applied  applied  applied  applied   unknown unknown
unknown   unknown  unknown   applied  cleared  unknown  unknown  unknown  unknown   unknown unknown
"""
COLUMNS = "add add_scaled apply clear unscale update clip forward glance doubt".split()
CASES = [
    (Held[row[0].upper()], ScaleAct[column.upper()], Held[cell.upper()])
    for row in (line.split() for line in TABLE.strip().splitlines())
    for column, cell in zip(COLUMNS, row[1:], strict=True)
]


@pytest.mark.parametrize(("before", "done", "expected"), CASES)
def test_every_act_leads_to_the_right_gradients(
    before: Held, done: ScaleAct, expected: Held
) -> None:
    assert after(Scaled(before, Round.UNSEEN), done).held is expected


def test_a_round_goes_from_update_to_update() -> None:
    state = Scaled(Held.UNSEEN, Round.UNSEEN)
    rounds = []
    for done in (
        ScaleAct.UPDATE,
        ScaleAct.ADD_SCALED,
        ScaleAct.UNSCALE,
        ScaleAct.APPLY_BY_SCALER,
        ScaleAct.UPDATE,
    ):
        state = after(state, done)
        rounds.append(state.round)
    assert rounds == [Round.OPEN, Round.OPEN, Round.UNSCALED, Round.STEPPED, Round.OPEN]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Backward(HERE, None), ScaleAct.ADD),
        (Backward(HERE, None, None, scaled=True, scaler=SCALER), ScaleAct.ADD_SCALED),
        (Backward(HERE, None, None, scaled=None), ScaleAct.ADD_UNKNOWN),
        (Step(HERE, "opt"), ScaleAct.APPLY),
        (Step(HERE, "opt", SCALER), ScaleAct.APPLY_BY_SCALER),
        (Step(HERE, "other", SCALER), None),
        (Unscale(HERE, "opt", SCALER), ScaleAct.UNSCALE),
        (Unscale(HERE, "other", SCALER), None),
        (Unscale(HERE, None, SCALER), ScaleAct.LOSE),
        (ScalerUpdate(HERE, SCALER), ScaleAct.UPDATE),
        (ZeroGrad(HERE, "", "opt"), ScaleAct.CLEAR),
        (MayBackward(HERE, "", Doubt.FORWARD), ScaleAct.FORWARD),
        (MayBackward(HERE, "", Doubt.GLANCE), ScaleAct.GLANCE),
        (MayBackward(HERE, ""), ScaleAct.DOUBT),
        (Clip(HERE, None, owners("model.head")), ScaleAct.CLIP),
        (Clip(HERE, None, owners("model", "more")), ScaleAct.CLIP_MORE),
        (Clip(HERE, None, owners("other")), None),
        (Clip(HERE, "opt"), ScaleAct.CLIP),
        (Clip(HERE, "other"), None),
    ],
)
def test_an_event_does_to_an_optimizer_what_it_says(
    event: Event, expected: ScaleAct | None
) -> None:
    assert act(event, OPTIMIZER) is expected


@pytest.mark.parametrize(
    ("clip", "optimizer", "expected"),
    [
        (Clip(HERE, None, owners("model")), OPTIMIZER, Concern.WITHIN),
        (Clip(HERE, None, owners("model")), OF_UNKNOWN, Concern.LIKELY),
        (Clip(HERE), OPTIMIZER, Concern.LIKELY),
        (Clip(HERE, None, owners("net", complete=False)), OPTIMIZER, Concern.LIKELY),
        (Clip(HERE, None, owners("net")), OPTIMIZER, Concern.NONE),
    ],
)
def test_a_clip_concerns_an_optimizer_as_far_as_is_known(
    clip: Clip, optimizer: Optimizer, expected: Concern
) -> None:
    assert concern_of(clip, optimizer) is expected
