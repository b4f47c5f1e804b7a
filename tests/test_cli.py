"""The command line: what it prints, and how it exits."""

import subprocess
import sys
from pathlib import Path

import pytest
from commands import BUGGY, FIXED, lintgrad

from lintgrad.docs import example
from lintgrad.registry import installed_rules
from lintgrad.rule import Severity


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "fine.py").write_text(FIXED, encoding="utf-8")
    return tmp_path


def test_a_finding_is_one_line_in_a_pipe_and_exits_with_one(project: Path) -> None:
    run = lintgrad("check", cwd=project)
    assert run.returncode == 1
    assert run.stderr == ""
    assert run.stdout == (
        "train.py:8:5: LG101 `optimizer` applies gradients that it already applied: "
        "nothing clears them in between\n"
    )


def test_nothing_found_is_silent_and_exits_with_zero(project: Path) -> None:
    run = lintgrad("check", "fine.py", cwd=project)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_exit_zero_reports_and_exits_with_zero(project: Path) -> None:
    run = lintgrad("check", "--exit-zero", cwd=project)
    assert run.returncode == 0
    assert "LG101" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["check", "nowhere.py"], "lintgrad: no such file or folder: nowhere.py"),
        (
            ["check", "--select", "LG1010"],
            "lintgrad: unknown rule `LG1010`; did you mean `LG101`?",
        ),
        (
            ["check", "--ignore", "nonscalar-backwards"],
            "lintgrad: unknown rule `nonscalar-backwards`; did you mean `nonscalar-backward`?",
        ),
        (
            ["explain", "zero-grad"],
            "lintgrad: unknown rule `zero-grad`; did you mean `missing-zero-grad`?",
        ),
        (["trace", "nowhere.py"], "lintgrad: nowhere.py: No such file or directory"),
        (["trace", "train.py:99"], "lintgrad: train.py: there is no line 99: it has 8"),
        (["trace", "train.py:0"], "lintgrad: train.py: there is no line 0: it has 8"),
        (["trace", "train.py:²"], "lintgrad: train.py:²: No such file or directory"),
        (
            ["check", "--baseline", "b.json", "--write-baseline", "b.json"],
            "lintgrad: --write-baseline and --baseline cannot be combined",
        ),
        (
            ["check", "--add-ignores", "--write-baseline", "b.json"],
            "lintgrad: --write-baseline and --add-ignores cannot be combined",
        ),
        (
            ["check", "--show-files", "--show-settings"],
            "lintgrad: --show-files and --show-settings cannot be combined",
        ),
        (
            ["check", "--statistics", "--output-format", "json"],
            "lintgrad: --statistics and --output-format cannot be combined",
        ),
        (
            ["check", "--add-ignores=see\n  the ticket"],
            "lintgrad: --add-ignores takes a reason of one line: it goes into a comment",
        ),
        (
            ["check", "--output-format", "sraif"],
            "lintgrad: Invalid value for '--output-format': `sraif` is none of full, concise, "
            "json, jsonl, github, gitlab, junit, rdjson, sarif; did you mean `sarif`?",
        ),
        (["check", "--jobs", "0"], "lintgrad: Invalid value for '--jobs' / '-j': 0 is not in"),
        (["chekc"], "lintgrad: no such command `chekc`; did you mean `check`?"),
        (
            ["check", "--sellect", "LG1"],
            "lintgrad: no such option `--sellect`; did you mean `--select`?",
        ),
    ],
)
def test_a_wrong_call_is_one_line_on_stderr_and_exits_with_two(
    project: Path, arguments: list[str], line: str
) -> None:
    run = lintgrad(*arguments, cwd=project)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith(line)
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[tool.lintgrad]\nselct = []\n", "unknown setting `selct`; did you mean `select`?"),
        ("[tool.lintgrad]\nselect = 'LG1'\n", "`select` is a list of strings"),
        ("[tool.lintgrad]\nconfidence = 'sure'\n", "`confidence` is one of low, medium, high"),
        ("[tool.lintgrad]\nselect = ['LG777']\n", "unknown rule `LG777`"),
        ("[tool.lintgrad\n", "not valid TOML"),
        ("[tool]\nlintgrad = 3\n", "[tool.lintgrad] is no table"),
    ],
)
def test_a_bad_configuration_is_one_line_and_exits_with_two(
    project: Path, toml: str, message: str
) -> None:
    (project / "pyproject.toml").write_text(toml, encoding="utf-8")
    run = lintgrad("check", cwd=project)
    assert run.returncode == 2
    assert run.stdout == ""
    assert message in run.stderr
    assert run.stderr.count("\n") == 1


def test_settings_come_from_the_nearest_file(project: Path) -> None:
    inner = project / "inner"
    inner.mkdir()
    (inner / "train.py").write_text(BUGGY, encoding="utf-8")
    (project / "pyproject.toml").write_text("[tool.lintgrad]\nignore = ['LG101']\n")
    assert lintgrad("check", inner, cwd=project).returncode == 0
    (inner / "lintgrad.toml").write_text("select = ['LG101']\n", encoding="utf-8")
    assert lintgrad("check", inner, cwd=project).returncode == 1


def test_excluded_folders_are_left_out_unless_named(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.lintgrad]\nexclude = ['train.py']\n")
    assert lintgrad("check", ".", cwd=project).returncode == 0
    assert lintgrad("check", "train.py", cwd=project).returncode == 1


def test_select_and_ignore_take_lists(project: Path) -> None:
    assert lintgrad("check", "--select", "LG2,LG9", cwd=project).returncode == 0
    assert lintgrad("check", "--ignore", "LG102,missing-zero-grad", cwd=project).returncode == 0
    assert lintgrad("check", "--select", "LG2", "--select", "LG1", cwd=project).returncode == 1


UNCERTAIN = """\
import torch


def train(model, loader, optimizer, args):
    for x, y in loader:
        if args.clear:
            optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
"""


@pytest.mark.parametrize(("level", "status"), [("low", 1), ("medium", 0), ("high", 0)])
def test_confidence_is_a_threshold(tmp_path: Path, level: str, status: int) -> None:
    (tmp_path / "train.py").write_text(UNCERTAIN, encoding="utf-8")
    assert lintgrad("check", "--confidence", level, cwd=tmp_path).returncode == status
    (tmp_path / "lintgrad.toml").write_text(f"confidence = '{level}'\n", encoding="utf-8")
    assert lintgrad("check", cwd=tmp_path).returncode == status


def test_help_lists_the_commands_and_keeps_its_examples_one_a_line(tmp_path: Path) -> None:
    run = lintgrad("--help", cwd=tmp_path)
    assert run.returncode == 0
    assert "\n  lintgrad check train.py        check one file\n" in run.stdout
    assert "..." not in run.stdout.split("Commands:")[1]
    checked = lintgrad("check", "--help", cwd=tmp_path)
    assert "\n  lintgrad check src train.py\n" in checked.stdout
    assert lintgrad(cwd=tmp_path).returncode == 2


def test_rules_and_explain_print_the_modules_own_documentation(tmp_path: Path) -> None:
    rules = lintgrad("rules", cwd=tmp_path).stdout.splitlines()
    codes = [line.split()[0] for line in rules]
    assert codes == sorted(codes)
    assert {"LG101", "LG102", "LG201", "LG901", "LG902"} <= set(codes)
    page = lintgrad("explain", "missing-zero-grad", cwd=tmp_path).stdout
    assert page.startswith("## LG101 missing-zero-grad\n")
    assert "### Known limits" in page
    pages = lintgrad("explain", "LG1", cwd=tmp_path).stdout
    assert pages.count("### Example") == sum(code.startswith("LG1") for code in codes)


def test_trace_shows_events_states_and_gaps(tmp_path: Path) -> None:
    text = UNCERTAIN.replace("for x", "prepare(optimizer)\n    for x")
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    run = lintgrad("trace", "train.py", cwd=tmp_path)
    assert run.returncode == 0
    assert "optimizer `optimizer` (by its use" in run.stdout
    assert "applies: optimizer.step()" in run.stdout
    assert "line 5: not understood: `prepare(...)`" in run.stdout
    assert lintgrad("trace", "train.py:7", cwd=tmp_path).stdout == run.stdout
    outside = lintgrad("trace", "train.py:1", cwd=tmp_path).stdout
    assert outside == "train.py:1: nothing here clears, steps or runs backward in torch code\n"


def test_statistics_count_findings_and_what_was_read(project: Path) -> None:
    run = lintgrad("check", "--statistics", cwd=project)
    assert run.returncode == 1
    assert run.stdout.splitlines() == [
        "    1  LG101  missing-zero-grad",
        "    2  files",
        "    2  functions with gradient events",
        "    2  of them understood whole",
        "    2  loops in them",
        "    0  places in them not understood (lintgrad trace shows them)",
    ]


def test_the_order_of_findings_does_not_depend_on_the_number_of_processes(project: Path) -> None:
    for number in range(300):
        padding = "# padding\n" * 200
        (project / f"m{number}.py").write_text(BUGGY + padding, encoding="utf-8")
    one = lintgrad("check", "--jobs", "1", cwd=project)
    two = lintgrad("check", "--jobs", "2", cwd=project)
    assert one.stdout == two.stdout
    assert one.stdout.count("LG101") == 301


IMPORTED = """\
import sys
import lintgrad.cli.main as cli
try:
    sys.argv = ["lintgrad", *sys.argv[1:]]
    cli._leave = lambda status, message: (_ for _ in ()).throw(SystemExit(status))
    cli.main()
finally:
    print(sorted(n for n in ("libcst", "rich", "pathspec") if n in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--version"], "[]"),
        (["rules"], "[]"),
        (["check", "plain.py"], "[]"),
        (["check", "train.py"], "['libcst']"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(
    project: Path, arguments: list[str], expected: str
) -> None:
    (project / "plain.py").write_text("print('no training here')\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr.strip() == expected


def test_a_closed_pipe_ends_quietly(project: Path) -> None:
    run = subprocess.run(
        f"{sys.executable} -m lintgrad explain ALL | head -n 1",
        shell=True,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "## LG101 missing-zero-grad\n"
    assert run.stderr == ""


def test_what_depends_on_intent_is_told_only_when_asked_for(tmp_path: Path) -> None:
    rule = next(one for one in installed_rules() if one.severity is Severity.INFO)
    (tmp_path / "train.py").write_text(example(rule, "Example"), encoding="utf-8")
    quiet = lintgrad("check", "train.py", cwd=tmp_path)
    assert (quiet.returncode, quiet.stdout) == (0, "")
    told = lintgrad("check", "--pedantic", "--output-format", "concise", "train.py", cwd=tmp_path)
    assert told.returncode == 1
    assert f" {rule.code} " in told.stdout
