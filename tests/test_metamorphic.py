"""What is wrong with a training program stays the same, wherever its statements are moved."""

import os
import tempfile
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from metamorphic.bases import RIGHT, WRONG
from metamorphic.faults import FAULTS
from metamorphic.layouts import files
from metamorphic.program import Program
from metamorphic.rewritings import SINGLE, Rewriting, Stage, applied, together
from metamorphic.table import ON_ALL, ON_SOME, variants

from lintgrad.engine.diagnostics import Diagnostic, finished
from lintgrad.engine.run import File, check_files
from lintgrad.registry import installed_rules
from lintgrad.rule import Confidence, Severity

RULES = installed_rules()
ABOUT = {"LG101", "LG102"}
"""What wrong programs are asked about besides what they were written for; of a right one nothing
may be said at all."""
BASES = (*RIGHT, *WRONG, *FAULTS)
MARK = "# mark: "
EVERY_VARIANT = bool(os.environ.get("LINTGRAD_EVERY_VARIANT"))
"""Whether to try each rewriting on each program: several minutes."""


def verdict(program: Program, folder: Path) -> set[tuple[str, str]]:
    """What is reported at the default confidence: rules, and marks of the statements."""
    texts = files(program)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    named = [File(str(folder / name), named=True) for name in texts]
    checked = list(check_files(named, RULES, 1))
    assert [failure for one in checked for failure in one.failures] == []
    found = finished(diagnostic for one in checked for diagnostic in one.diagnostics)
    asked = ABOUT | {code for code, _ in program.wrong}
    told = (
        one
        for one in found
        if (one.code in asked if program.wrong else one.severity is not Severity.INFO)
    )
    return {(one.code, _mark(one)) for one in told if one.confidence >= Confidence.MEDIUM}


def _mark(found: Diagnostic) -> str:
    line = Path(found.path).read_text(encoding="utf-8").splitlines()[found.range.start.row - 1]
    return line.partition(MARK)[2] or f"unmarked: {line.strip()}"


def shown(program: Program) -> str:
    return "\n".join(f"# ---- {name}\n{text}" for name, text in files(program).items())


def cases(bases: tuple[Program, ...]) -> list[ParameterSet]:
    found = variants(bases, None if EVERY_VARIANT else 2)
    return [pytest.param(new, id=f"{base.name}: {change.name}") for base, change, new in found]


@pytest.mark.parametrize("program", BASES, ids=lambda base: base.name)
def test_a_plain_program_is_judged_rightly(program: Program, tmp_path: Path) -> None:
    assert verdict(program, tmp_path) == program.wrong, shown(program)


@pytest.mark.parametrize("program", cases(RIGHT))
def test_a_right_program_stays_right(program: Program, tmp_path: Path) -> None:
    assert verdict(program, tmp_path) == set(), shown(program)


OF_ONE_FUNCTION = {
    "LG204": "a graph that is freed is followed within one function",
    "LG205": "so is a state that keeps its graph from one round to the next",
    "LG302": "an optimizer that is handed on may be stepped where it goes",
    "LG401": "what a loss is the mean of is told of a criterion that is built in sight",
    "LG601": "a leaf is known as such in the function that makes it",
    "LG701": "which modules a loss runs through is asked where it runs backward and is stepped",
}
"""Rules that look at one function only: their programs are not taken apart."""

TAKES_APART = {Stage.LOOP, Stage.PIECE, Stage.FILES}

NOT_YET = {
    # A counter that is unpacked from a collected parameter is not counted any more.
    "cleared under a guard that is never true: guarded step in a function, by *args",
    "cleared once a window, stepped each time: whole round in a function, by *args",
    "cleared when the window is full, then stepped: whole round in a function, by *args",
    # A partial of a method of an object is not followed.
    "cleared once a window, stepped each time: each of the three in a partial of a method",
    "cleared when the window is full, then stepped: each of the three in a partial of a method",
    "cleared under a guard that is never true: each of the three in a partial of a method",
    # A criterion that is unpacked from a collected parameter is not followed to where it is built.
    "unreduced loss: inner loop in a function, by *args",
    "unreduced loss: each of the three in a function, by *args, under neutral names",
    # What a decorator keeps to run is not told apart from what it may run later.
    "unreduced loss: each of the three in a function under a decorator that registers",
    # An optimizer that something else holds or makes may be stepped by it: LG302 asks for a name
    # that the function itself gives it.
    "never stepped: optimizer in a dict",
    "never stepped: optimizer in an object",
    "never stepped: optimizer made by a function",
    "never stepped: optimizer made by a function, with a schedule",
    # LG401 has to know the optimizer's class: not every class feels the size of a gradient.
    "summed, not averaged: optimizer in a dict",
    "summed, not averaged: optimizers of a dict, one by one",
    # A call of `a(...)` may be that of anything; `model(...)` is a module's.
    "graph over all rounds: under neutral names",
    "graph over all rounds: optimizer in an object",
    "graph over all rounds: optimizer in a named tuple",
    # A schedule that is made where the optimizer is made is not tied to it out there.
    "scheduled before the step: optimizer made by a function, with a schedule",
    # What an object holds that another place set is not known to be a scaler, or an LBFGS.
    "scaler never updated: whole round in a method, state set from outside",
    "LBFGS without a closure: optimizer in a dict, each of the three in a method, state set by "
    "another method",
    "LBFGS without a closure: optimizers of a list, one by one, step in a function, by position",
    # A step right after the clearing may be there to apply a decay of weights.
    "stepped without gradients: reordered, backwards",
}


def wrong_cases() -> list[ParameterSet]:
    found = variants((*WRONG, *FAULTS), None if EVERY_VARIANT else 2)
    return [
        pytest.param(new, id=name, marks=_marks(name))
        for base, change, new in found
        if (name := f"{base.name}: {change.name}") and _is_asked(base, change)
    ]


def _is_asked(base: Program, change: Rewriting) -> bool:
    codes = {code for code, _ in base.wrong}
    if "LG302" in codes and "detect_anomaly" in change.name:
        return False  # whoever looks for faults in a backward need not step
    local = not codes.isdisjoint(OF_ONE_FUNCTION)
    return not (local and TAKES_APART & set(change.stages))


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(strict=True)] if name in NOT_YET else []


@pytest.mark.parametrize("program", wrong_cases())
def test_a_wrong_program_stays_wrong_at_the_same_statement(
    program: Program, tmp_path: Path
) -> None:
    assert verdict(program, tmp_path) == program.wrong, shown(program)


def test_nearly_every_rewriting_fits_some_program_and_changes_it() -> None:
    fitting = 0
    for rewriting in (*ON_ALL, *ON_SOME):
        changed = [(base, applied(rewriting, base)) for base in BASES]
        new = [(base, one) for base, one in changed if one is not None]
        assert all(files(base) != files(one) for base, one in new), rewriting.name
        fitting += bool(new)
    assert fitting >= 0.97 * len((*ON_ALL, *ON_SOME))


several = st.lists(st.sampled_from(SINGLE), min_size=2, max_size=3, unique_by=lambda r: r.stage)


def stays_the_same(base: Program, rewritings: list[Rewriting]) -> None:
    changed = applied(together(*rewritings), base)
    assume(changed is not None)
    assert changed is not None
    with tempfile.TemporaryDirectory() as folder:
        assert verdict(changed, Path(folder)) == base.wrong, shown(changed)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RIGHT), several)
def test_a_right_program_stays_right_through_several_changes(
    base: Program, rewritings: list[Rewriting]
) -> None:
    stays_the_same(base, rewritings)
