"""What the README shows is what happens."""

import re

import readme
from commands import lintgrad
from fixtures import ROOT

TEXT = readme.README.read_text(encoding="utf-8")


def test_the_outputs_are_those_of_a_real_run() -> None:
    assert readme.rewritten(TEXT) == TEXT, "run: python tests/readme.py"
    assert TEXT.count("<!-- output:") >= 2


def test_the_script_for_a_first_run_is_there_and_has_a_finding() -> None:
    match = re.search(r"\.venv/bin/lintgrad check (\S+)", TEXT)
    assert match is not None
    run = lintgrad("check", match[1], cwd=ROOT)
    assert run.returncode == 1
    assert "LG101" in run.stdout


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", TEXT):
        assert (ROOT / target).exists(), target


def test_there_is_one_line_to_run_the_tests() -> None:
    block = TEXT.split("<!-- test command -->")[1].split("<!-- end of test command -->")[0]
    assert len(block.strip().splitlines()) == 3  # the fence around one line
