"""Every fixture that can run does what its expectations say: real torch was asked."""

import pytest
from fixtures import Expectation, Program, scripts, sections
from oracle.outcome import How, Outcome
from oracle.runner import HAS_TORCH, WITHOUT_TORCH, shared
from oracle.runs import CANNOT_RUN, ENDS_BY, VALUES

from lintgrad.registry import installed_rules

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not HAS_TORCH, reason=WITHOUT_TORCH),
]

JUDGED = {"LG101", "LG102", "LG201"}
ABOUT = tuple(f"rules/{rule.name}.md" for rule in installed_rules() if rule.code in JUDGED)
"""The fixtures of what the oracle counts; those of other rules need not run with stand-ins."""
BESIDES = ("optimizers/by_hand.md", "calls/losses.md")
"""Others that are about the same harm."""
RULED = [program for program in sections() if program.name.startswith((*ABOUT, *BESIDES))]
PROGRAMS = {program.name: program for program in (*scripts(), *RULED)}
RUNNABLE = [program for name, program in PROGRAMS.items() if name not in CANNOT_RUN]


def outcome_of(program: Program) -> Outcome:
    return shared().run_with_stand_ins(program.text, VALUES.get(program.name))


def unexpected(program: Program, outcome: Outcome) -> list[str]:
    """Harm that torch shows and no expectation names."""
    wanted = {(one.row, one.code) for one in program.expectations}
    by_hand = {one.code for one in program.expectations if is_by_hand(program, one)}
    return [
        str(harm)
        for harm in outcome.harms
        if harm.code in JUDGED
        and (harm.line.row, harm.code) not in wanted
        and not (harm.how is How.HAND and harm.code in by_hand)
    ]


def is_by_hand(program: Program, one: Expectation) -> bool:
    """Whether an update by hand is expected to do harm: what it moves is seen a little later."""
    return one.code == "LG101" and ".step(" not in program.text.splitlines()[one.row - 1]


def unseen(program: Program, outcome: Outcome) -> list[str]:
    """Expectations that torch does not bear out, on lines that ran."""
    seen = {(harm.line.row, harm.code) for harm in outcome.harms}
    moved = any(harm.how is How.HAND for harm in outcome.harms)
    ran = {line.row for line in (*outcome.steps, *outcome.backwards)}
    return [
        str(one)
        for one in program.expectations
        if one.code in JUDGED
        and one.level != "low"
        and (not moved if is_by_hand(program, one) else (one.row, one.code) not in seen)
        and (one.row in ran or not ran or is_by_hand(program, one))
    ]


@pytest.mark.parametrize("program", RUNNABLE, ids=lambda p: p.name)
def test_torch_does_what_the_lines_expect(program: Program) -> None:
    outcome = outcome_of(program)
    missing = [one for one in outcome.failures if one.kind == "ModuleNotFoundError"]
    if missing:
        pytest.skip(missing[0].message)
    assert [one for one in outcome.failures if one.kind not in ENDS_BY] == []
    assert not outcome.timed_out
    assert unexpected(program, outcome) == []
    assert unseen(program, outcome) == []


def test_what_cannot_run_is_named_and_still_there() -> None:
    assert [name for name in (*CANNOT_RUN, *VALUES) if name not in PROGRAMS] == []


@pytest.mark.parametrize("name", CANNOT_RUN)
def test_what_is_said_not_to_run_does_not(name: str) -> None:
    outcome = outcome_of(PROGRAMS[name])
    assert outcome.failures or any(harm.how is How.RAISED for harm in outcome.harms)


def test_nearly_all_fixtures_run() -> None:
    ran = [program for program in RUNNABLE if not _needs_more_than_torch(program)]
    assert len(ran) > 0.9 * len(PROGRAMS)


def _needs_more_than_torch(program: Program) -> bool:
    foreign = ("accelerate", "apex", "deepspeed", "horovod", "lightning", "tqdm")
    unseen_files = ("project", "helpers", "surgery")
    return any(
        f"import {name}" in program.text or f"from {name}" in program.text
        for name in (*foreign, *unseen_files)
    )
