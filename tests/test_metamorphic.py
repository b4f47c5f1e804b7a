"""What is wrong with a training program stays the same, wherever its statements are moved."""

import os
import tempfile
from collections.abc import Iterator
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
    "LG701": "which modules a loss runs through is asked where both turns stand in one function",
}
"""Rules that look at one function only: their programs are not taken apart."""

TAKES_APART = {Stage.LOOP, Stage.PIECE, Stage.FILES}

RIGHTLY_SILENT = {
    "never stepped: round inside of with detect_anomaly": "it looks for faults: it need not step",
    "never stepped: loop inside of with detect_anomaly": "it looks for faults: it need not step",
}
"""Changes after which a program may be meant as it is, and why: nothing may be said of it."""

_NO_WORD = "the script shows no word of training, and names of its modules are not looked up"
_DEEP = "a leaf, or a state, is followed into a function, and not into what that calls with it"
_STAR = "a name that is taken out of collected arguments is another one than was passed"
_KEPT = "what an object was given by one of its methods is not tied to what it was made with"
_WHICH = "which element an `append` makes of something is not counted"

NOT_YET = {
    f"{base}: {change}": reason
    for reason, base, changes in (
        (
            _NO_WORD,
            "leaf rebound",
            (
                "each of the three in a method, state handed in, imported from a module of the "
                "same package",
                "each of the three in a function, by position, imported from a file next to it",
                "each of the three in a function, by position, imported as attributes of a module",
                "whole round in a method, state handed in, imported as attributes of a module",
                "whole loop in a function, by position, imported as attributes of a module",
                "whole round in a method, state handed in, imported with a star",
                "whole loop in a function, by position, imported with a star",
            ),
        ),
        (
            _STAR,
            "leaf rebound",
            (
                "whole loop in a function, by *args",
                "whole round in a function, by *args",
                "whole round in a function, by **kwargs",
            ),
        ),
        (
            _STAR,
            "graph over all rounds",
            (
                "each of the three in a function, by *args",
                "each of the three in a function, by **kwargs",
                "backward in a function, by *args",
                "whole round in a function, by *args",
                "whole round in a function, by **kwargs",
            ),
        ),
        (
            _DEEP,
            "leaf rebound",
            (
                "whole round in a function, forwarded",
                "whole round in a function of a function",
                "whole round in a function under a decorator",
                "whole round in a method, by super()",
                "whole round in a method called by a method",
            ),
        ),
        (
            _DEEP,
            "graph over all rounds",
            (
                "whole round in a function, forwarded",
                "whole round in a function of a function",
                "whole round in a function under a decorator",
                "whole round in a method, by super()",
                "whole round in a method called by a method",
            ),
        ),
        (_WHICH, "never stepped", ("optimizer in a list, by append",)),
        (_WHICH, "summed, not averaged", ("optimizer in a list, by append",)),
        (_WHICH, "LBFGS without a closure", ("optimizer in a list, by append",)),
        (_KEPT, "never stepped", ("whole round in a method, optimizer built in setup()",)),
        (_KEPT, "unreduced loss", ("whole round in a method, state set by another method",)),
    )
    for change in changes
}
"""Variants of wrong programs whose finding is lost, and why."""


def wrong_cases() -> list[ParameterSet]:
    return [
        pytest.param(new, id=name, marks=_marks(name))
        for base, change, new in _wrong()
        if (name := f"{base.name}: {change.name}") not in RIGHTLY_SILENT and _is_asked(base, change)
    ]


def silent_cases() -> list[ParameterSet]:
    named = ((f"{base.name}: {change.name}", new) for base, change, new in _wrong())
    return [pytest.param(new, id=name) for name, new in named if name in RIGHTLY_SILENT]


def _wrong() -> Iterator[tuple[Program, Rewriting, Program]]:
    return variants((*WRONG, *FAULTS), None if EVERY_VARIANT else 2)


def _is_asked(base: Program, change: Rewriting) -> bool:
    codes = {code for code, _ in base.wrong}
    local = not codes.isdisjoint(OF_ONE_FUNCTION)
    return not (local and TAKES_APART & set(change.stages))


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(strict=True)] if name in NOT_YET else []


@pytest.mark.parametrize("program", wrong_cases())
def test_a_wrong_program_stays_wrong_at_the_same_statement(
    program: Program, tmp_path: Path
) -> None:
    assert verdict(program, tmp_path) == program.wrong, shown(program)


@pytest.mark.parametrize("program", silent_cases())
def test_what_may_be_meant_so_is_not_reported(program: Program, tmp_path: Path) -> None:
    assert verdict(program, tmp_path) == set(), shown(program)


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
