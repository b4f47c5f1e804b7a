"""Property: whatever a program does to its tensors, no value contradicts what torch makes."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from oracle.runner import HAS_TORCH
from test_values import contradictions
from value_programs import NAMES, PREAMBLE, programs, run

from lintgrad.flow.project import Project
from lintgrad.source.text import Source
from lintgrad.syntax.nodes import Item, Name, Sequence
from lintgrad.typestates.values.possible import Values
from lintgrad.typestates.values.tensors import losses_of

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed"),
]

COUNT = int(os.environ.get("LINTGRAD_VALUE_PROGRAMS", "100"))


def evaluated(statements: list[str]) -> dict[tuple[int, str], Values]:
    """The values of every name after every statement."""
    lines = [PREAMBLE]
    for statement in statements:
        lines.append(f"{statement}\n")
        lines += [f"torch.autograd.backward({name})\n" for name in NAMES]
    source = Source("program.py", "".join(lines))
    analysis = Project().analysed(source)
    found: dict[tuple[int, str], Values] = {}
    losses = losses_of(analysis.graphs, analysis.roots[0]).values()
    ordered = sorted(losses, key=lambda loss: loss.event.span.start)
    for at, loss in enumerate(ordered):
        expr = getattr(loss.event, "loss", None)
        assert isinstance(expr, Name | Item | Sequence)
        found[at // len(NAMES) + 1, NAMES[at % len(NAMES)]] = loss.values
    return found


@settings(
    max_examples=COUNT,
    deadline=None,
    derandomize="LINTGRAD_VALUE_PROGRAMS" not in os.environ,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(programs(25))
def test_no_value_of_a_program_contradicts_torch(program: list[str]) -> None:
    statements, facts = run(program)
    if not statements:
        return
    known = evaluated(statements)
    text = "\n".join(statements)
    for fact in facts:
        values = known[fact.statement, fact.name]
        wrong = [
            contradictions(value, fact.shape, requires_grad=fact.requires_grad) for value in values
        ]
        message = f"{text}\nstatement {fact.statement}, {fact.name}: {fact}, {values}"
        assert [] in wrong, message
