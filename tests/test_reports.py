"""The reports: what they show, where they are shown in colour, and what programs build on."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from commands import BUGGY, FIXED, lintgrad
from fixtures import FIXTURES


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


def test_reports_are_the_golden_ones() -> None:
    for form, suffix in (("full", "txt"), ("concise", "concise.txt"), ("json", "json")):
        run = lintgrad(
            "check", "--output-format", form, "reports/sources/broken.py",
            "reports/sources/story.py", cwd=FIXTURES,
        )  # fmt: skip
        golden = FIXTURES / "reports" / f"sources.{suffix}"
        if os.environ.get("LINTGRAD_ACCEPT"):
            golden.write_text(run.stdout, encoding="utf-8")
        assert run.stdout == golden.read_text(encoding="utf-8")
        assert run.stderr == ""


def in_a_terminal(project: Path, *arguments: str, **environment: str) -> str:
    """What lintgrad writes to a terminal of 100 columns."""
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lintgrad", *arguments],
        cwd=project,
        stdout=slave,
        stderr=slave,
        env={**plain, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    )
    os.close(slave)
    written = b""
    while True:
        try:
            read = os.read(master, 10_000)
        except OSError:  # what a pseudo-terminal says when the other end has gone
            break
        if not read:
            break
        written += read
    os.close(master)
    assert process.wait(timeout=30) in (0, 1)
    return written.decode(errors="replace")


def test_a_terminal_gets_the_full_report_in_colour_unless_it_asks_for_none(project: Path) -> None:
    coloured = in_a_terminal(project, "check")
    assert "\x1b[" in coloured
    assert "1 adds gradients" in coloured
    bare = in_a_terminal(project, "check", NO_COLOR="1")
    assert "\x1b[" not in bare
    assert "1 adds gradients" in bare
    assert "LG101" in in_a_terminal(project, "check", "--output-format", "concise")


def test_a_progress_bar_appears_on_a_terminal_once_the_work_takes_its_time(project: Path) -> None:
    assert "checking" not in in_a_terminal(project, "check")
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
