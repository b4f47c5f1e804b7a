"""The gradient typestate, state by state and act by act."""

import pytest

from lintgrad.flow.events import (
    Assign,
    Backward,
    Build,
    Escape,
    Event,
    GradAssign,
    MayBackward,
    NamedOnly,
    Owners,
    Rebind,
    Step,
    ZeroGrad,
)
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.source.text import Span
from lintgrad.typestates.gradients import Grad, GradAct, act, after

HERE = Span(0, 1)

# What `.grad` holds after each act (columns), by what it held before (rows).
#          add      apply   clear   replace  restore  renew  doubt    lose
TABLE = """
clear    pending  clear    clear    pending  clear    clear    clear    unknown
pending  pending  spent    wiped    pending  pending  clear    pending  unknown
spent    mixed    spent    clear    pending  pending  clear    spent    unknown
mixed    mixed    spent    wiped    pending  pending  clear    mixed    unknown
wiped    pending  clear    wiped    pending  wiped    clear    doubtful unknown
doubtful pending  spent    wiped    pending  doubtful clear    doubtful unknown
present  present  spent    clear    pending  present  clear    present  unknown
unknown  present  unknown  clear    pending  unknown  clear    unknown  unknown
"""

ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [
    (Grad[row[0].upper()], act_, Grad[cell.upper()])
    for row in ROWS
    for act_, cell in zip(GradAct, row[1:], strict=True)
]


def test_the_table_covers_every_state_and_act() -> None:
    assert len(CASES) == len(Grad) * len(GradAct)
    assert [row[0].upper() for row in ROWS] == [state.name for state in Grad]


@pytest.mark.parametrize(("before", "done", "expected"), CASES)
def test_every_act_leads_from_every_state_to_the_right_one(
    before: Grad, done: GradAct, expected: Grad
) -> None:
    assert after(before, done) is expected


def owners(*places: str, complete: bool = True, related: tuple[str, ...] = ()) -> Owners:
    return Owners(frozenset(places), complete, frozenset(related))


def optimizer(place: str = "opt", held: Owners | None = None) -> Optimizer:
    return Optimizer(place, Basis.BUILT, held or owners("model"))


def clear(place: str | None = None, held: Owners | None = None) -> ZeroGrad:
    return ZeroGrad(HERE, "", place, held or Owners())


CONCERNS: list[tuple[str, Event, Optimizer, GradAct | None]] = [
    ("every backward may reach it", Backward(HERE, None), optimizer(), GradAct.ADD),
    ("its own step", Step(HERE, "opt"), optimizer(), GradAct.APPLY),
    ("another optimizer's step", Step(HERE, "other"), optimizer(), None),
    ("the step of what holds it", Step(HERE, "trainer"), optimizer("trainer.opt"), GradAct.LOSE),
    ("a step of all elements", Step(HERE, "opts[each]"), optimizer("opts['d']"), GradAct.APPLY),
    ("a step of one element", Step(HERE, "opts['g']"), optimizer("opts['d']"), None),
    ("a step of some element", Step(HERE, "opts[i]"), optimizer("opts['d']"), GradAct.LOSE),
    ("its own clear", clear("opt"), optimizer(), GradAct.CLEAR),
    ("another optimizer's clear", clear("other", owners("net")), optimizer(), None),
    ("one that shares the model", clear("other", owners("model")), optimizer(), GradAct.LOSE),
    ("its model's clear", clear(held=owners("model")), optimizer(), GradAct.CLEAR),
    ("another model's clear", clear(held=owners("net")), optimizer(), None),
    ("a part of its model", clear(held=owners("model.head")), optimizer(), GradAct.LOSE),
    (
        "a model around its model",
        clear(held=owners("self")),
        optimizer(held=owners("self.model")),
        GradAct.CLEAR,
    ),
    (
        "a wrapper of its model",
        clear(held=owners("wrapped", related=("model",))),
        optimizer(),
        GradAct.LOSE,
    ),
    ("unknown parameters", clear(held=owners(complete=False)), optimizer(), GradAct.LOSE),
    (
        "one of its two models",
        clear(held=owners("model")),
        optimizer(held=owners("model", "net")),
        GradAct.LOSE,
    ),
    (
        "a model, of which it is not known whether it is its own",
        clear(held=owners("model")),
        optimizer(held=Owners()),
        GradAct.LOSE,
    ),
    ("gradients assigned", GradAssign(HERE, owners("model")), optimizer(), GradAct.REPLACE),
    ("another's gradients assigned", GradAssign(HERE, owners("net")), optimizer(), None),
    ("built with new parameters", Build(HERE, "opt", fresh=True), optimizer(), GradAct.RENEW),
    ("built with old parameters", Build(HERE, "opt", fresh=False), optimizer(), None),
    ("an escape of everything", Escape(HERE, None, ""), optimizer(), GradAct.LOSE),
    ("its own escape", Escape(HERE, frozenset({"opt"}), ""), optimizer(), GradAct.LOSE),
    ("another's escape", Escape(HERE, frozenset({"other"}), ""), optimizer(), None),
    ("a backward out of sight", MayBackward(HERE, ""), optimizer(), GradAct.DOUBT),
    ("a clear that is only named", NamedOnly(HERE, "opt"), optimizer(), None),
    ("its index bound anew", Rebind(HERE, ("i",)), optimizer("opts[i]"), GradAct.LOSE),
    ("what it is part of bound anew", Rebind(HERE, ("a",)), optimizer("a.opt"), GradAct.LOSE),
    ("its place bound anew", Rebind(HERE, ("opt",)), optimizer(), GradAct.LOSE),
    ("another name bound anew", Rebind(HERE, ("j",)), optimizer("opts[i]"), None),
    ("a value assigned", Assign(HERE, ("loss",), None), optimizer(), None),
    ("another element's step", Step(HERE, "opts[0]"), optimizer("opts[1]"), None),
    ("a step of elements without a name", Step(HERE, "<o>[each]"), optimizer(), GradAct.LOSE),
    (
        "its model, filtered",
        clear(held=Owners(frozenset({"model"}), complete=True, whole=False)),
        optimizer(),
        GradAct.LOSE,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "subject", "expected"), [c[1:] for c in CONCERNS], ids=[c[0] for c in CONCERNS]
)
def test_an_event_does_to_an_optimizer_what_its_owners_say(
    event: Event, subject: Optimizer, expected: GradAct | None
) -> None:
    assert act(event, subject) is expected
