"""Every clause of what the rules on tensors promise is shown: by what fires, and what does not."""

import tomllib

import pytest
from fixtures import FIXTURES, Program, programs, projects

from lintgrad.registry import installed_rules

TABLES = tomllib.loads((FIXTURES / "clauses.toml").read_text(encoding="utf-8"))
CODES = {rule.name: rule.code for rule in installed_rules()}
SHOWN: dict[str, list[Program]] = {
    **{program.name: [program] for program in programs()},
    **{f"projects/{one.folder.name}": one.programs for one in projects()},
}
CLAUSES = [
    pytest.param(rule, clause, id=f"{rule}: {name}")
    for rule, table in TABLES.items()
    for name, clause in table.items()
]
RAISES_ELSEWHERE = {"a reduction where weights belong"}
"""Clauses in which torch raises before any backward: there is nothing for the rule to tell."""


def expected(rule: str, fixture: str) -> set[str]:
    """The rules that a fixture expects, by code."""
    name = fixture if "/" in fixture.partition(":")[0] else f"rules/{rule}.md: {fixture}"
    assert name in SHOWN, f"there is no fixture {name!r}"
    return {one.code for program in SHOWN[name] for one in program.expectations}


@pytest.mark.parametrize(("rule", "clause"), CLAUSES)
def test_the_fixtures_of_a_clause_show_it(rule: str, clause: dict[str, list[str]]) -> None:
    code = CODES[rule]
    assert [name for name in clause["fires"] if code not in expected(rule, name)] == []
    assert [name for name in clause["silent"] if code in expected(rule, name)] == []


def test_every_clause_has_both_kinds() -> None:
    for table in TABLES.values():
        for name, clause in table.items():
            assert clause["silent"], f"nothing stays silent for {name!r}"
            assert clause["fires"] or name in RAISES_ELSEWHERE, f"nothing fires for {name!r}"
