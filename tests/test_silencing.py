"""Findings that are known already, and lines that have not changed: what is left of a report."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from commands import BUGGY, FIXED, install_pack, lintgrad, run

import lintgrad as library
from lintgrad import Confidence, LintgradError, check_paths, check_source

EARLY = BUGGY.replace("    optimizer.step()", "    optimizer.zero_grad()\n    optimizer.step()")


def git(folder: Path, *arguments: str) -> None:
    done = run("git", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with an old bug in it, committed."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "old.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "two.py").write_text(EARLY, encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "old")
    return tmp_path


def concise(folder: Path, *arguments: str) -> list[str]:
    """Where what was found is, without the messages."""
    done = lintgrad("check", "--output-format", "concise", *arguments, cwd=folder)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert done.returncode == (1 if lines else 0)
    return [" ".join(line.split(" ")[:2]) for line in lines]


def test_a_baseline_leaves_only_what_is_new_and_is_robust_to_moved_lines(repository: Path) -> None:
    wrote = lintgrad("check", "--write-baseline", "known.json", cwd=repository)
    assert (wrote.returncode, wrote.stdout) == (0, "")
    assert wrote.stderr == "lintgrad: 2 findings written to known.json\n"
    assert concise(repository, "--baseline", "known.json") == []
    (repository / "old.py").write_text(f"# moved\n\n\n{BUGGY}", encoding="utf-8")
    assert concise(repository, "--baseline", "known.json") == []
    (repository / "new.py").write_text(BUGGY, encoding="utf-8")
    assert concise(repository, "--baseline", "known.json") == ["new.py:8:5: LG101"]


def test_a_baseline_holds_wherever_lintgrad_runs_and_says_no_rows(repository: Path) -> None:
    inner = repository / "inner"
    inner.mkdir()
    text = f"# lintgrad: ignore-file[LG201]\n{BUGGY}"
    (inner / "train.py").write_text(text, encoding="utf-8")
    assert concise(inner, "train.py") == ["train.py:1:1: LG902", "train.py:9:5: LG101"]
    lintgrad("check", "--write-baseline", "known.json", cwd=repository)
    assert concise(inner, "--baseline", "../known.json", "train.py") == []
    known = json.loads((repository / "known.json").read_text(encoding="utf-8"))
    assert [entry["filename"] for entry in known["findings"]] == [
        "inner/train.py", "inner/train.py", "old.py", "two.py",
    ]  # fmt: skip
    assert set(known["findings"][0]) == {"fingerprint", "code", "filename", "message", "text"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "known.json: No such file or directory"),
        ("{", "known.json: not a baseline: "),
        ("[]", "known.json: not a baseline of version 1"),
        ('{"version": 2, "findings": []}', "known.json: not a baseline of version 1"),
        ('{"version": 1, "findings": [3]}', "known.json: not a baseline of version 1"),
    ],
)
def test_a_baseline_that_is_none_is_one_line_and_exits_with_two(
    tmp_path: Path, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / "known.json").write_text(text, encoding="utf-8")
    done = lintgrad("check", "--baseline", "known.json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"lintgrad: {message}")
    assert done.stderr.count("\n") == 1


def test_only_findings_on_changed_lines_are_left_and_related_places_count(repository: Path) -> None:
    assert concise(repository, "--diff-base", "HEAD") == []
    # The step itself is unchanged; the backward that belongs to the story is not.
    changed = BUGGY.replace("    loss.backward()", "    (loss * 2).backward()")
    (repository / "old.py").write_text(changed, encoding="utf-8")
    assert concise(repository, "--diff-base", "HEAD") == ["old.py:8:5: LG101"]
    # A change elsewhere in the file does not bring the old bug back.
    (repository / "old.py").write_text(BUGGY.replace("lr=0.1", "lr=0.2"), encoding="utf-8")
    assert concise(repository, "--diff-base", "HEAD") == []


def test_new_files_are_changed_whether_or_not_git_knows_them(repository: Path) -> None:
    (repository / "new über.py").write_text(BUGGY, encoding="utf-8")
    (repository / "staged.py").write_text(BUGGY, encoding="utf-8")
    git(repository, "add", "staged.py")
    done = lintgrad("check", "--diff-base", "HEAD", "--output-format", "json", cwd=repository)
    found = [one["filename"] for one in json.loads(done.stdout)]
    assert found == ["new über.py", "staged.py"]


def test_a_branch_is_compared_with_where_it_parted(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "work")
    (repository / "näu file.py").write_text(BUGGY, encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "work")
    git(repository, "checkout", "-q", "main")
    (repository / "old.py").write_text(FIXED, encoding="utf-8")
    git(repository, "commit", "-q", "-a", "-m", "main went on and fixed the old bug")
    git(repository, "checkout", "-q", "work")
    done = lintgrad("check", "--diff-base", "main", cwd=repository)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["näu file.py"]


def test_a_renamed_file_is_not_new(repository: Path) -> None:
    git(repository, "mv", "old.py", "renamed.py")
    assert concise(repository, "--diff-base", "HEAD") == []
    (repository / "renamed.py").write_text(f"# one more line\n{BUGGY}", encoding="utf-8")
    assert concise(repository, "--diff-base", "HEAD") == []


def test_an_unknown_revision_is_one_line_and_exits_with_two(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = lintgrad("check", "--diff-base", "nowhere", cwd=repository)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "lintgrad: --diff-base nowhere: no such revision\n"
    outside = lintgrad("check", "--diff-base", "HEAD", cwd=tmp_path_factory.mktemp("no_git"))
    assert outside.returncode == 2
    assert "not a git repository" in outside.stderr
    assert outside.stderr.count("\n") == 1


def from_stdin(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lintgrad", "check", "-", *arguments],
        input=text, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_standard_input_is_checked_under_its_name_with_its_settings(repository: Path) -> None:
    named = from_stdin(repository, BUGGY, "--stdin-filename", "src/train.py")
    assert named.stdout.startswith("src/train.py:8:5: LG101 ")
    assert from_stdin(repository, BUGGY).stdout.startswith("<stdin>:8:5: LG101 ")
    assert from_stdin(repository, FIXED).returncode == 0
    full = from_stdin(repository, BUGGY, "--stdin-filename", "old.py", "--output-format", "full")
    assert "8 |     optimizer.step()" in full.stdout
    (repository / "lintgrad.toml").write_text("[per-file-ignores]\n'src/*' = ['LG101']\n")
    assert from_stdin(repository, BUGGY, "--stdin-filename", "src/train.py").returncode == 0
    (repository / "lintgrad.toml").write_text("extend-exclude = ['src']\n")
    forced = from_stdin(repository, BUGGY, "--stdin-filename", "src/train.py", "--force-exclude")
    assert (forced.returncode, forced.stdout) == (0, "")


@pytest.mark.parametrize(
    "arguments", [["-", "old.py"], ["old.py", "--stdin-filename", "x.py"], ["-", "--add-ignores"]]
)
def test_the_standard_input_stands_alone(repository: Path, arguments: list[str]) -> None:
    done = lintgrad("check", *arguments, cwd=repository)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_the_library_checks_text_without_looking_at_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lintgrad.toml").write_text("ignore = ['ALL']\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (one,) = check_source(BUGGY, filename="train.py")
    assert (one.path, one.code, one.range.start.row) == ("train.py", "LG101", 8)
    assert one.confidence is Confidence.HIGH
    assert one.fingerprint
    assert check_source(BUGGY, select=["LG2"]) == []
    assert check_source(f"# -*- coding: latin-1 -*-\n# ü€\n{BUGGY}")[0].range.start.row == 10
    assert [d.code for d in check_source("for x in")] == ["LG901"]
    with pytest.raises(LintgradError, match="unknown rule `LG999`"):
        check_source(BUGGY, ignore=["LG999"])


def test_the_library_checks_paths_as_the_command_does(repository: Path) -> None:
    (repository / "lintgrad.toml").write_text("ignore = ['LG102']\n", encoding="utf-8")
    (one,) = check_paths([repository])
    assert (Path(one.path), one.code) == (repository / "old.py", "LG101")
    assert check_paths([repository / "two.py"]) == []
    assert [d.code for d in check_paths([str(repository)], select=["LG102"])] == []
    with pytest.raises(LintgradError, match="no such file or folder"):
        check_paths([repository / "nowhere"])


def test_diagnostics_can_be_pickled_and_compared() -> None:
    found = check_source(BUGGY)
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_package_says_what_it_offers_and_imports_nothing_to_do_so() -> None:
    assert set(library.__all__) <= set(dir(library))
    for name in library.__all__:
        assert getattr(library, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'check_everything'"):
        library.check_everything  # noqa: B018
    code = "import sys, lintgrad; print([m for m in sys.modules if m.startswith('lintgrad')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "['lintgrad']\n"


INTENT = """
from lintgrad.rule import Category, Confidence, Finding, Severity, rule

@rule(code="LG990", category=Category.CLEARING, severity=Severity.INFO, docs="Asks why.")
def asks_why(flow):
    yield Finding(flow.graph.span, "why", Confidence.HIGH)

RULES = (asks_why,)
"""


def test_what_depends_on_intent_is_off_unless_pedantic_or_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_pack(tmp_path, "pack", INTENT)
    (tmp_path / "fine.py").write_text(FIXED, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    arguments = ("--exclude", "pack.py")
    assert concise(tmp_path, *arguments) == []
    assert concise(tmp_path, *arguments, "--select", "LG9") == []
    for asked in (["--pedantic"], ["--select", "LG990"], ["--extend-select", "asks-why"]):
        assert concise(tmp_path, *arguments, *asked) == ["fine.py:1:1: LG990"]
    (tmp_path / "lintgrad.toml").write_text("pedantic = true\n", encoding="utf-8")
    assert concise(tmp_path, *arguments) == ["fine.py:1:1: LG990"]
