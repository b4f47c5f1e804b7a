"""Every fixture says in its lines what is to be found, and nothing else is."""

import pytest
from fixtures import Program, Project, programs, projects, scripts, sections

from lintgrad.registry import installed_rules
from lintgrad.rule import Rule

FLOW_RULES = [rule for rule in installed_rules() if rule.check_flow is not None]


@pytest.mark.parametrize("program", programs(), ids=lambda p: p.name)
def test_what_is_found_is_what_the_lines_expect(program: Program) -> None:
    assert program.mismatches() == []


@pytest.mark.parametrize("project", projects(), ids=lambda p: p.folder.name)
def test_what_is_found_in_a_project_is_what_its_files_expect(project: Project) -> None:
    assert project.mismatches() == []


@pytest.mark.parametrize("rule", FLOW_RULES, ids=lambda r: r.code)
def test_each_rule_has_literate_fixtures_that_fire_and_more_that_stay_silent(rule: Rule) -> None:
    own = [s for s in sections("rules") if s.name.startswith(f"rules/{rule.name}.md")]
    firing = [s for s in own if any(e.code == rule.code for e in s.expectations)]
    silent = [s for s in own if not s.expectations]
    assert len(firing) >= 3
    assert len(silent) > len(firing)


def test_there_are_enough_fixtures_of_both_kinds() -> None:
    firing = [p for p in programs() if p.expectations]
    silent = [p for p in programs() if not p.expectations]
    assert len(firing) >= 25
    assert len(silent) >= 60
    assert len(scripts()) >= 60


def test_a_missing_finding_and_an_unexpected_one_are_both_reported() -> None:
    right = next(p for p in scripts() if p.expectations)
    moved = Program(right.name, right.text.replace("# expect:", "# was:"))
    assert any("false alarm" in line for line in moved.mismatches())
    silent = next(p for p in scripts() if not p.expectations)
    claimed = Program(silent.name, f"x = 1  # expect: LG101\n{silent.text}")
    assert any("missed alarm" in line for line in claimed.mismatches())
