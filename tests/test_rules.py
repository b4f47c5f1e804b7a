"""The rules as a set: complete, documented, and true to their own examples."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import install_pack
from fixtures import ROOT

import lintgrad_rules
from lintgrad import Confidence, check_source
from lintgrad.docs import catalogue, example, sections, table
from lintgrad.errors import LintgradError
from lintgrad.registry import installed_rules, matching, selection
from lintgrad.rule import Rule, Severity

RULES = installed_rules()


def codes(text: str, rule: Rule) -> list[str]:
    """What is found with a rule; others whose truth depends on intent are not asked."""
    asked = [r.code for r in RULES if r.severity is not Severity.INFO or r is rule]
    return [one.code for one in check_source(text, select=asked, confidence=Confidence.LOW)]


def test_every_module_of_the_pack_is_in_its_list_and_the_list_is_sorted() -> None:
    modules = [m.name for m in pkgutil.iter_modules(lintgrad_rules.__path__)]
    names = [rule.name.replace("-", "_") for rule in lintgrad_rules.RULES]
    assert sorted(modules) == names
    for name in modules:
        module = importlib.import_module(f"lintgrad_rules.{name}")
        assert isinstance(getattr(module, name), Rule)


def test_the_rules_of_the_pack_are_installed() -> None:
    assert set(lintgrad_rules.RULES) <= set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.code)
def test_a_rule_is_documented_in_full(rule: Rule) -> None:
    title = rule.docs.splitlines()[0]
    assert len(title) <= 80
    assert title.endswith(".")
    found = sections(rule)
    assert {"Example", "Use instead", "Known limits", "References"} <= set(found)
    assert re.fullmatch(r"LG\d{3}", rule.code)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.code)
def test_the_example_fires_the_rule_and_the_repair_nothing(rule: Rule) -> None:
    assert codes(example(rule, "Example"), rule) == [rule.code]
    repaired = example(rule, "Use instead")
    ast.parse(repaired)
    assert codes(repaired, rule) == []


def test_the_catalogue_is_what_the_rules_say() -> None:
    page = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
    assert page == catalogue(RULES), "run: python -m lintgrad.docs"


def test_the_readme_lists_the_rules() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\n".join(table(RULES, "rules/README.md")) in readme, "run: python -m lintgrad.docs"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LG101", ["LG101"]),
        ("missing-zero-grad", ["LG101"]),
        ("LG1", [rule.code for rule in RULES if rule.code < "LG2"]),
        ("ALL", [rule.code for rule in RULES]),
    ],
)
def test_rules_are_named_by_code_name_or_prefix(name: str, expected: list[str]) -> None:
    assert [rule.code for rule in matching(RULES, name)] == expected


@pytest.mark.parametrize(
    ("name", "hint"),
    [("missing-zerograd", "did you mean `missing-zero-grad`"), ("LG999", "unknown rule `LG999`")],
)
def test_an_unknown_rule_is_an_error_with_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(LintgradError, match=re.escape(hint)):
        matching(RULES, name)


def test_ignored_rules_are_taken_from_the_selected_ones() -> None:
    assert selection(RULES, ["LG1"], [], ["LG102"]).codes == {
        rule.code for rule in RULES if rule.code < "LG2" and rule.code != "LG102"
    }
    assert selection(RULES, ["LG102"], ["LG201"], []).codes == {"LG102", "LG201"}
    assert selection(RULES, [], [], ["LG9"]).codes == {
        rule.code for rule in RULES if rule.code < "LG9"
    }


PACK = """
from lintgrad.rule import Category, Confidence, Finding, Severity, rule

@rule(code="LG990", category=Category.CLEARING, severity=Severity.INFO, docs="Says hello.")
def hello(flow):
    yield Finding(flow.graph.span, "hello", Confidence.HIGH)

RULES = (hello,)
"""


def test_a_third_party_pack_arrives_through_the_same_door(tmp_path: Path) -> None:
    install_pack(tmp_path, "hello_pack", PACK)
    script = tmp_path / "train.py"
    script.write_text("import torch\nloss.backward()\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "lintgrad", "check", "--select", "LG990", str(script)],
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert "LG990 hello" in run.stdout
    assert run.returncode == 1
