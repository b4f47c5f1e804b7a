"""The reports: what they show, where they are shown in colour, and what programs build on."""

import json
import os
import re
from pathlib import Path

import pytest
from commands import BUGGY, FIXED, in_a_terminal, lintgrad
from fixtures import FIXTURES
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lintgrad.report.frame import Mark, frame
from lintgrad.settings.keys import OUTPUT_FORMATS
from lintgrad.source.text import Source


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "fine.py").write_text(FIXED, encoding="utf-8")
    return tmp_path


def test_json_is_the_contract(project: Path) -> None:
    run = lintgrad("check", "--output-format", "json", cwd=project)
    (found,) = json.loads(run.stdout)
    assert list(found) == [
        "code", "name", "severity", "confidence", "message", "filename", "cell", "location",
        "end_location", "related", "fix", "url", "fingerprint",
    ]  # fmt: skip
    assert found["code"] == "LG101"
    assert found["name"] == "missing-zero-grad"
    assert found["severity"] == "warning"
    assert found["confidence"] == "high"
    assert found["filename"] == "train.py"
    assert found["location"] == {"row": 8, "column": 5}
    assert found["end_location"] == {"row": 8, "column": 21}
    assert found["fix"] is None
    assert found["related"][0] == {
        "message": "adds gradients",
        "filename": "train.py",
        "location": {"row": 7, "column": 5},
        "end_location": {"row": 7, "column": 20},
    }
    assert lintgrad("check", "fine.py", "--output-format", "json", cwd=project).stdout == "[]\n"


def test_the_fingerprint_stays_when_lines_move_and_differs_between_places(project: Path) -> None:
    def fingerprints() -> list[str]:
        run = lintgrad("check", "train.py", "--output-format", "json", cwd=project)
        return [found["fingerprint"] for found in json.loads(run.stdout)]

    before = fingerprints()
    (project / "train.py").write_text(f"# moved\n\n{BUGGY}", encoding="utf-8")
    assert fingerprints() == before
    (project / "train.py").write_text(BUGGY + BUGGY.split("\n\n")[1], encoding="utf-8")
    two = fingerprints()
    assert len(set(two)) == 2
    assert before[0] in two


GOLDEN = {
    "full": "txt", "concise": "concise.txt", "json": "json", "jsonl": "jsonl",
    "github": "github.txt", "gitlab": "gitlab.json", "junit": "xml", "rdjson": "rdjson.json",
    "sarif": "sarif",
}  # fmt: skip
SOURCES = ("reports/sources/broken.py", "reports/sources/story.py", "reports/sources/wide.py")
RULES = ("--select", "LG101,LG102,LG201,LG901")


def accept_or_compare(written: str, suffix: str) -> None:
    golden = FIXTURES / "reports" / f"sources.{suffix}"
    if os.environ.get("LINTGRAD_ACCEPT"):
        golden.write_text(written, encoding="utf-8")
    assert written == golden.read_text(encoding="utf-8")


def without_documentation(sarif: str) -> str:
    """A SARIF log without the pages of its rules, which are tested as the catalogue."""
    log = json.loads(sarif)
    for rule in log["runs"][0]["tool"]["driver"]["rules"]:
        assert rule["help"].pop("text").startswith(rule["shortDescription"]["text"][:-1])
        assert rule["help"].pop("markdown").startswith(f"## {rule['id']} ")
        assert rule.pop("fullDescription")["text"].startswith(rule["shortDescription"]["text"])
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS)
def test_reports_are_the_golden_ones(output_format: str) -> None:
    run = lintgrad("check", *RULES, "--output-format", output_format, *SOURCES, cwd=FIXTURES)
    assert (run.returncode, run.stderr) == (1, "")
    text = without_documentation(run.stdout) if output_format == "sarif" else run.stdout
    accept_or_compare(text, GOLDEN[output_format])


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_a_terminal_of_any_width_shows_every_place_and_breaks_no_line(columns: int) -> None:
    bare = in_a_terminal(FIXTURES, "check", *SOURCES, NO_COLOR="1", COLUMNS=str(columns))
    lines = bare.replace("\r\n", "\n").split("\n")
    assert [line for line in lines if cell_len(line) > columns] == []
    assert "\ufffd" not in bare
    accept_or_compare("\n".join(lines), f"{columns}.txt")
    coloured = in_a_terminal(FIXTURES, "check", *SOURCES, COLUMNS=str(columns))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace("\r\n", "\n")
    assert [line.rstrip() for line in plain.split("\n")] == lines


@given(st.text(alphabet="abc\t 模é…", max_size=60), st.data())
def test_a_mark_stands_under_what_it_marks_however_the_line_is_cropped(
    line: str, data: st.DataObject
) -> None:
    marked = data.draw(st.integers(0, max(len(line) - 1, 0)))
    room = data.draw(st.integers(12, 40))
    text = f"{line[:marked]}X{line[marked:]}"
    mark = Mark(1, marked, marked + 1, "", "^", "", "")
    _, code, under, _ = frame(Source("a.py", text), [mark], room)
    assert code.cell_len <= room
    at = cell_len(code.plain[: code.plain.index("X")])
    assert under.plain.index("^") == at


def test_a_terminal_gets_the_full_report_in_colour_unless_it_asks_for_none(project: Path) -> None:
    coloured = in_a_terminal(project, "check")
    assert "\x1b[" in coloured
    assert "1 adds gradients" in coloured
    bare = in_a_terminal(project, "check", NO_COLOR="1")
    assert "\x1b[" not in bare
    assert "1 adds gradients" in bare
    assert "LG101" in in_a_terminal(project, "check", "--output-format", "concise")


def test_a_progress_bar_appears_on_a_terminal_once_the_work_takes_its_time(project: Path) -> None:
    assert "checking" not in in_a_terminal(project, "check", "train.py")
    for number in range(24):
        padding = "x = [f(a, b, c) for a in range(10)]\n" * 1000
        (project / f"m{number}.py").write_text(FIXED + padding, encoding="utf-8")
    assert "checking" in in_a_terminal(project, "check", "--jobs", "1")
    assert "checking" not in lintgrad("check", "--jobs", "1", cwd=project).stderr


def test_output_that_the_encoding_lacks_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "überprüfung_模型.py").write_text(BUGGY, encoding="utf-8")
    run = lintgrad(
        "check", "--output-format", "full", cwd=tmp_path,
        environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )  # fmt: skip
    assert run.returncode == 1
    assert "überprüfung_模型.py:8:5" in run.stdout
