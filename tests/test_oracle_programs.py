"""Composed programs: lintgrad calls none of them wrong that real torch shows to be right."""

import ast
import os
from collections.abc import Iterator

import pytest
from oracle.answers import answers
from oracle.compose.dice import Dice
from oracle.compose.families import FAMILIES
from oracle.compose.package import written
from oracle.compose.pieces import Draft
from oracle.compose.program import Composed, compose
from oracle.compose.tree import planted
from oracle.limits import KNOWN_LIMITS
from oracle.outcome import Harm, Line, Outcome
from oracle.runner import HAS_TORCH, WITHOUT_TORCH, shared
from oracle.shrink import shrunk
from oracle.sweep import Tally, judgements
from oracle.verdict import Judgement, Verdict, alarms_of, judged

from lintgrad.registry import installed_rules

needs_torch = pytest.mark.skipif(not HAS_TORCH, reason=WITHOUT_TORCH)
COUNT = int(os.environ.get("LINTGRAD_ORACLE_PROGRAMS", "300"))
"""How many programs a run of the tests composes."""


@pytest.fixture(scope="module")
def tally() -> Tally:
    found = Tally()
    for judgement in judgements(shared(), COUNT, "ci"):
        found.add(judgement)
    print("\n".join(found.lines()))
    return found


@needs_torch
@pytest.mark.oracle
def test_no_program_is_called_wrong_that_torch_shows_to_be_right(tally: Tally) -> None:
    assert [(one.program.seed, str(one.false[0])) for one in tally.false] == []


@needs_torch
@pytest.mark.oracle
def test_every_missed_alarm_has_a_name(tally: Tally) -> None:
    assert [kind for kind in tally.kinds if not kind.split(maxsplit=1)[1:]] == []


@needs_torch
@pytest.mark.oracle
def test_most_composed_programs_run_and_both_verdicts_are_common(tally: Tally) -> None:
    assert tally.programs > 0.8 * COUNT
    assert tally.verdicts[Verdict.HARM] > 0.1 * tally.programs
    assert tally.verdicts[Verdict.FINE] > 0.3 * tally.programs
    assert tally.verdicts[Verdict.UNDECIDED] < 0.1 * tally.programs


@needs_torch
@pytest.mark.oracle
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_composed_first_is_right(family: str) -> None:
    """Before anything is done to it, a program of every family shows no harm."""
    for program in _undisturbed(family):
        outcome = judged(program, shared()).outcome
        assert not outcome.broken, (program.text, outcome.failures)
        assert [str(harm) for harm in outcome.harms if harm.code != "LG701"] == [], program.text


def _undisturbed(family: str) -> Iterator[Composed]:
    for number in range(4):
        dice = Dice(f"{family}{number}")
        draft = FAMILIES[family][1](dice)
        tree = planted(Draft(["fast = '--fast' in sys.argv", *draft.setup], draft.body), family)
        yield Composed(family, written(dice, tree, "flat"), (family,))


def test_a_seed_always_gives_the_same_program() -> None:
    seeds = [f"same:{number}" for number in range(60)]
    assert [compose(seed) for seed in seeds] == [compose(seed) for seed in seeds]
    assert len({compose(seed).text for seed in seeds}) == len(seeds)


def test_composed_programs_are_of_every_kind() -> None:
    tags = {tag for number in range(400) for tag in compose(f"kinds:{number}").tags}
    layouts = {f"layout: {name}" for name in ("flat", "function", "main", "class")}
    calls = {f"in a {kind}" for kind in ("function", "method", "closure", "function of globals")}
    held = {"dict of optimizers", "list of optimizers", "alias", "in another file"}
    assert layouts | calls | held | set(FAMILIES) | {"expression", "reduction"} <= tags


def test_all_that_is_composed_can_be_parsed() -> None:
    for number in range(200):
        for name, text in compose(f"parsed:{number}").files.items():
            ast.parse(text, name)


@needs_torch
@pytest.mark.oracle
def test_a_step_that_applies_only_stale_gradients_may_be_told_of_as_never_cleared() -> None:
    text = (
        "import torch\nmodel = torch.nn.Linear(3, 1)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "model(torch.randn(2, 3)).mean().backward()\n"
        "for i in range(4):\n    optimizer.step()\n"
    )
    judgement = judged(Composed("stale", {"train.py": text}, ("stale",)), shared())
    assert [harm.code for harm in judgement.outcome.harms] == ["LG309"]
    assert judgement.false == []
    (harm,) = judgement.outcome.harms
    assert answers("LG101", Line("train.py", 6), harm)
    assert not answers("LG102", Line("train.py", 6), harm)


@pytest.mark.parametrize("kind", KNOWN_LIMITS)
def test_a_known_limit_stands_in_the_documentation_of_its_rule(kind: tuple[str, str]) -> None:
    (documentation,) = (rule.docs for rule in installed_rules() if rule.code == kind[0])
    limits = documentation.split("## Known limits")[1].split("## ")[0]
    assert KNOWN_LIMITS[kind] in " ".join(limits.split())


def test_lintgrad_reads_whatever_is_composed() -> None:
    """Without torch, too: no program makes the analysis or a rule fail."""
    for number in range(150):
        alarms_of(compose(f"read:{number}"))


def test_shrinking_keeps_what_matters_and_little_else() -> None:
    text = "import torch\nfor x in y:\n    if a:\n        b()\n        wanted()\n    c()\nd()\n"
    assert shrunk(text, lambda small: "wanted()" in small) == "import torch\nwanted()\n"


def test_the_worst_that_is_found_is_the_verdict() -> None:
    program = compose("verdict:0")
    harm = Harm("LG101", Line("train.py", 3))
    assert Judgement(program, Outcome(timed_out=True)).verdict is Verdict.BROKEN
    assert Judgement(program, Outcome()).verdict is Verdict.FINE
    assert Judgement(program, Outcome(harms=[harm])).verdict is Verdict.HARM
    missed = Judgement(program, Outcome(harms=[harm]), missed=[harm])
    assert missed.verdict is Verdict.MISSED
    tally = Tally()
    tally.add(missed)
    assert tally.programs == 1
    assert list(tally.kinds.values()) == [1]
