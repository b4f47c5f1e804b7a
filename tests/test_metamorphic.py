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
from metamorphic.rewritings import SINGLE, Rewriting, applied, together
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


NOT_YET = {
    # A counter that is unpacked from a collected parameter is not counted any more.
    "cleared under a guard that is never true: guarded step in a function, by *args",
    # A partial of a method of an object is not followed.
    "cleared under a guard that is never true: each of the three in a partial of a method",
}


def wrong_cases() -> list[ParameterSet]:
    return [
        pytest.param(*case.values, id=case.id, marks=pytest.mark.xfail(strict=True))
        if case.id in NOT_YET
        else case
        for case in cases((*WRONG, *FAULTS))
    ]


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
