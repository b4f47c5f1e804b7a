"""Every rewriting by its name, and how several go together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from metamorphic import classes, functions, shapes
from metamorphic.built_inside import STARTS, built_inside
from metamorphic.extraction import (
    BACKWARD,
    CLEAR,
    EACH,
    EPOCH,
    GUARDED_STEP,
    LOOP,
    ROUND,
    STEP,
    Choice,
    extracted,
)
from metamorphic.holders import HOLDERS, held, in_a_dict, in_a_list, walked
from metamorphic.layouts import in_another_file
from metamorphic.program import Inapplicable, Layout, Program


class Stage(IntEnum):
    """When a rewriting is applied, if there are several: a later one does not undo another."""

    ORDER = 0
    HOLDER = 1
    LOOP = 2
    PIECE = 3
    WRAP = 4
    FILES = 5
    NAMES = 6


@dataclass(frozen=True)
class Rewriting:
    """A change of a program that leaves alone what is wrong with it."""

    name: str
    stage: Stage
    apply: Callable[[Program], Program]
    """Raises Inapplicable where it does not fit."""
    parts: "tuple[Rewriting, ...]" = ()
    """Those that it puts together."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of all that it does."""
        return tuple(part.stage for part in self.parts) or (self.stage,)


FORMS = {**functions.FORMS, **classes.FORMS}


def moved(choice: Choice, form: str) -> Rewriting:
    """What is chosen, moved into a form."""
    stage = Stage.LOOP if choice in (LOOP, EPOCH) else Stage.PIECE
    if form in STARTS:
        inside = partial(built_inside, choice=choice, start=form)
        return Rewriting(f"{choice.name} in {form}", stage, inside)
    out = partial(extracted, choice=choice, form=FORMS[form])
    return Rewriting(f"{choice.name} in {form}", stage, out)


def _orders() -> Iterator[Rewriting]:
    for order in shapes.ORDERS:
        change = partial(shapes.reordered, order=order)
        yield Rewriting(f"reordered, {order}", Stage.ORDER, change)
    yield Rewriting("set up in another order", Stage.ORDER, shapes.setup_backwards)
    yield Rewriting("clearing last, not first", Stage.ORDER, shapes.turned)
    yield Rewriting("with lines that do nothing", Stage.ORDER, shapes.a_line_more)


def _holders() -> Iterator[Rewriting]:
    for name, holder in HOLDERS.items():
        yield Rewriting(f"optimizer {name}", Stage.HOLDER, partial(held, holder=holder))
    for name, holder, all_of in (
        ("list", in_a_list, "optimizers"),
        ("dict", in_a_dict, "optimizers.values()"),
    ):
        walk = partial(walked, holder=holder, all_of=all_of)
        yield Rewriting(f"optimizers of a {name}, one by one", Stage.HOLDER, walk)


def _wholes() -> Iterator[Rewriting]:
    main, guard = "main()", 'the test of "__main__"'
    yield Rewriting(f"all in {main}", Stage.LOOP, shapes.in_main)
    yield Rewriting(f"all under {guard}", Stage.LOOP, shapes.under_the_guard)
    both = shapes.in_main_under_the_guard
    yield Rewriting(f"all in {main} under {guard}", Stage.LOOP, both)


def _wraps() -> Iterator[Rewriting]:
    for wrap in shapes.WRAPS:
        inside = partial(shapes.body_inside, wrap=wrap)
        yield Rewriting(f"round inside of {wrap}", Stage.WRAP, inside)
        around = partial(shapes.loop_inside, wrap=wrap)
        yield Rewriting(f"loop inside of {wrap}", Stage.WRAP, around)


SOME_FORMS = (
    "a function, by position",
    "a function, by keyword",
    "a function, by default",
    "a function, by *args",
    "a closure that sees all",
    "a nested function",
    "a factory of closures",
    "a partial",
    "a method, state handed in",
    "a method, state set by another method",
    "a method, by super()",
)
ORDERS = tuple(_orders())
HELD = tuple(_holders())
WHOLES = tuple(_wholes())
WRAPS = tuple(_wraps())
LOOPS = tuple(moved(choice, form) for choice in (LOOP, EPOCH) for form in SOME_FORMS)
WORK = tuple(moved(choice, form) for choice in (EACH, ROUND) for form in (*FORMS, *STARTS))
PARTS = tuple(
    moved(choice, form)
    for choice in (STEP, CLEAR, BACKWARD, GUARDED_STEP)
    for form in (*SOME_FORMS, "a lambda", "a bound method", "a static method")
)
FILES = {
    layout: Rewriting(f"imported {layout}", Stage.FILES, partial(in_another_file, layout=layout))
    for layout in Layout
}
NAMES = Rewriting("under neutral names", Stage.NAMES, shapes.renamed)

SINGLE = (*ORDERS, *HELD, *WHOLES, *LOOPS, *WORK, *PARTS, *WRAPS, *FILES.values(), NAMES)


def together(*rewritings: Rewriting) -> Rewriting:
    """Several rewritings, in the order of their stages."""
    ordered = sorted(rewritings, key=lambda one: one.stage)
    name = ", ".join(one.name for one in ordered)
    apply = partial(_one_after_the_other, ordered)
    return Rewriting(name, ordered[-1].stage, apply, tuple(ordered))


def _one_after_the_other(rewritings: Sequence[Rewriting], program: Program) -> Program:
    for rewriting in rewritings:
        program = rewriting.apply(program)
    return program


def applied(rewriting: Rewriting, program: Program) -> Program | None:
    """The program rewritten, or None where the rewriting does not fit."""
    try:
        return rewriting.apply(program)
    except Inapplicable:
        return None
