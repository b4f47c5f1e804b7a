"""Every fixture that can run does what its expectations say: real torch was asked.

Where torch and a fixture do not agree, or it cannot run, the fixture's own prose says why.
"""

import re
from collections.abc import Iterator

import pytest
from fixtures import Expectation, Program, programs
from oracle.answers import NEVER, answers
from oracle.outcome import How, Line, Outcome
from oracle.runner import HAS_TORCH, WITHOUT_TORCH, shared
from oracle.runs import ENDS_BY, VALUES

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not HAS_TORCH, reason=WITHOUT_TORCH),
]

SHOWN = frozenset(
    "LG101 LG102 LG103 LG201 LG202 LG203 LG204 LG301 LG302 LG304 LG306 LG309 LG501 LG502 LG503"
    " LG602 LG701".split()
)
"""What a run shows. The others are about causes that do no harm in the few rounds of a run, about
speed and memory, or about results that are worse than they might be."""
NOT_RUN = re.compile(r"^Not run: (?P<why>.+)$", re.MULTILINE)
SHOWS = re.compile(r"^Torch shows (?P<codes>LG\d+(?: and LG\d+)*): (?P<why>.+)$", re.MULTILINE)
SILENT = re.compile(r"^Torch shows no (?P<codes>LG\d+): (?P<why>.+)$", re.MULTILINE)
PROGRAMS = {program.name: program for program in programs()}


def outcome_of(program: Program) -> Outcome:
    return shared().run_with_stand_ins(program.text, VALUES.get(program.name))


def codes_said(pattern: re.Pattern[str], program: Program) -> set[str]:
    """The rules that a program's prose names in such a remark."""
    return {
        code for said in pattern.finditer(program.prose) for code in said["codes"].split(" and ")
    }


def unexpected(program: Program, outcome: Outcome) -> set[str]:
    """Harm that torch shows and no expectation tells of.

    What never happened is none where an exception has ended the run before it could.
    """
    ended = any(harm.how in (How.RAISED, How.CHANGED) for harm in outcome.harms)
    told = [(one.code, Line("train.py", one.row)) for one in program.expectations]
    return {
        harm.code
        for harm in outcome.harms
        if not any(answers(code, line, harm) for code, line in told)
        if not (ended and harm.code in NEVER)
    }


def unseen(program: Program, outcome: Outcome) -> set[str]:
    """Expectations that torch does not bear out, on lines that ran."""
    ran = {line.row for line in (*outcome.steps, *outcome.backwards, *outcome.clips)}
    return {
        one.code
        for one in _shown_by_a_run(program)
        if one.row in ran or not ran
        if not any(answers(one.code, Line("train.py", one.row), harm) for harm in outcome.harms)
    }


def _shown_by_a_run(program: Program) -> Iterator[Expectation]:
    return (one for one in program.expectations if one.code in SHOWN and one.level != "low")


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=lambda p: p.name)
def test_torch_does_what_the_lines_expect(program: Program) -> None:
    outcome = outcome_of(program)
    missing = [one for one in outcome.failures if one.kind == "ModuleNotFoundError"]
    failures = [one for one in outcome.failures if one.kind not in ENDS_BY]
    if missing:
        pytest.skip(missing[0].message)
    if NOT_RUN.search(program.prose):
        assert failures or outcome.timed_out
        return
    assert failures == []
    assert not outcome.timed_out
    assert unexpected(program, outcome) == codes_said(SHOWS, program)
    assert unseen(program, outcome) == codes_said(SILENT, program)


def test_what_needs_values_is_still_there() -> None:
    assert [name for name in VALUES if name not in PROGRAMS] == []


def test_nearly_all_that_needs_torch_alone_runs() -> None:
    own = [one for one in PROGRAMS.values() if not one.name.startswith("frameworks/")]
    assert sum(NOT_RUN.search(one.prose) is None for one in own) > 0.85 * len(own)
