"""However a run ends: no half of a file is left, no process, and nothing but one line is said."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import BUGGY, install_pack, lintgrad

LONG = BUGGY + "x = [f(a, b, c) for a in range(10)]\n" * 3000
ENDINGS = {
    signal.SIGINT: (130, "lintgrad: interrupted"),
    signal.SIGTERM: (143, "lintgrad: terminated"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(24):
        (folder / f"m{number}.py").write_text(LONG, encoding="utf-8")
    return folder


START = """\
import sys
from lintgrad.__main__ import main
print("ready", file=sys.stderr, flush=True)
main()
"""
"""What the console script does; how the interpreter starts before that is not ours."""


def started(project: Path, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", START, "check", *arguments],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    return process


def members(group: int) -> list[int]:
    """The processes of a group that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def gone(group: int) -> bool:
    """Whether all processes of a group end, if they are given some time."""
    end = time.monotonic() + 20
    while members(group) and time.monotonic() < end:
        time.sleep(0.05)
    return not members(group)


def wait_for(process: subprocess.Popen[str], count: int) -> None:
    """Wait until a process has as many with it as it takes."""
    end = time.monotonic() + 60
    while len(members(process.pid)) < count and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.02)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("jobs", [1, 3])
def test_no_process_outlives_the_first(project: Path, number: signal.Signals, jobs: int) -> None:
    """Whoever ends it, and if nothing but the first process is told."""
    process = started(project, "--jobs", str(jobs))
    wait_for(process, jobs + 1 if jobs > 1 else 1)
    time.sleep(0.3)
    assert process.poll() is None, "too little to do to be ended"
    os.kill(process.pid, number)
    said, errors = process.communicate(timeout=60)
    assert gone(process.pid)
    assert said == ""
    status, message = ENDINGS.get(number, (-number, ""))
    assert (process.returncode, errors.strip()) == (status, message)


@needs_proc
@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("seed", range(6))
def test_a_run_that_is_stopped_at_whatever_moment_leaves_no_half_file(
    project: Path, number: signal.Signals, seed: int
) -> None:
    """The whole group is told, as a terminal and `timeout` do."""
    before = sorted(path.name for path in project.iterdir())
    report = project.parent / "reports" / "report.json"
    process = started(project, "--output-format", "json", "--output-file", str(report))
    time.sleep(random.Random(seed).uniform(0, 2.5))
    over = process.poll() is not None
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert gone(process.pid)
    assert "Traceback" not in errors
    if not over and process.returncode not in (0, 1):
        assert (process.returncode, errors.strip()) == ENDINGS[number]
        assert not report.exists() or report.read_text(encoding="utf-8").endswith("]\n")
    assert sorted(path.name for path in project.iterdir()) == before
    assert [p.name for p in report.parent.glob("*")] in ([], ["report.json"])


PACK = """
from lintgrad.rule import Category, Severity, rule

@rule(code="LG992", category=Category.CLEARING, severity=Severity.INFO, docs="Changes files.")
def changing(flow):
    from pathlib import Path
    for path in Path.cwd().glob("m*.py"):
        {change}
    yield from ()

RULES = (changing,)
"""
CHANGES = {
    "vanishes": "path.unlink(missing_ok=True)",
    "is emptied": "path.write_text('')",
    "gets shorter": "path.write_text('loss.backward()')",
    "is no text any more": "path.write_bytes(b'\\xff' * 1000)",
    "turns into a folder": "path.is_dir() or (path.unlink(), path.mkdir())",
    "cannot be read any more": "path.chmod(0)",
}


@pytest.mark.parametrize("output_format", ["full", "concise", "json", "github", "sarif", "gitlab"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_checked_is_reported_as_it_was_read(
    tmp_path: Path, change: str, output_format: str
) -> None:
    """By a rule that does it: what is said is about what was read, or that it cannot be."""
    pack = tmp_path / "pack"
    install_pack(pack, "changing_pack", PACK.replace("{change}", CHANGES[change]))
    project = tmp_path / "project"
    project.mkdir()
    for number in range(3):
        (project / f"m{number}.py").write_text(BUGGY, encoding="utf-8")
    arguments = ("check", "--jobs", "1", "--output-format", output_format, "--extend-select", "LG9")
    run = lintgrad(*arguments, cwd=project, environment={"PYTHONPATH": str(pack)})
    assert run.stderr == ""
    assert run.returncode == 1
    assert "LG101" in run.stdout


@pytest.mark.parametrize("command", ["check .", "explain ALL", "rules", "trace train.py"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >/dev/full", "| true"])
def test_output_that_nobody_takes_ends_without_a_traceback(
    tmp_path: Path, command: str, closed: str
) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    run = subprocess.run(
        f"{sys.executable} -m lintgrad {command} {closed}",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in run.stderr
    assert run.stderr.count("\n") <= 1
    assert run.returncode in (0, 1, 2)
