"""The hook, run by the real pre-commit on a small repository."""

import sys
from pathlib import Path

import pytest
from commands import BUGGY, FIXED, run
from fixtures import ROOT


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    assert run("git", "init", "-q", cwd=tmp_path).returncode == 0
    (tmp_path / "notes.txt").write_text("nothing to check\n", encoding="utf-8")
    return tmp_path


def test_the_hook_blocks_a_commit_with_the_bug_and_lets_the_fixed_one_pass(
    repository: Path,
) -> None:
    config = f"""\
repos:
  - repo: {ROOT}
    rev: {head()}
    hooks:
      - id: lintgrad
"""
    (repository / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    pre_commit = [sys.executable, "-m", "pre_commit"]
    installed = run(*pre_commit, "install", cwd=repository)
    assert installed.returncode == 0, installed.stdout + installed.stderr

    (repository / "train.py").write_text(BUGGY, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    blocked = run("git", "commit", "-q", "-m", "a bug", cwd=repository)
    output = blocked.stdout + blocked.stderr
    assert blocked.returncode == 1, output
    assert "train.py:8:5: LG101 missing-zero-grad" in output
    assert "1 adds gradients" in output

    (repository / "train.py").write_text(FIXED, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    passed = run("git", "commit", "-q", "-m", "fixed", cwd=repository)
    assert passed.returncode == 0, passed.stdout + passed.stderr

    # Only changed files are passed: an old bug elsewhere does not block.
    (repository / "old.py").write_text(BUGGY, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    run("git", "commit", "-q", "--no-verify", "-m", "an old bug", cwd=repository)
    (repository / "notes.txt").write_text("changed\n", encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    assert run("git", "commit", "-q", "-m", "notes", cwd=repository).returncode == 0

    # What a changed file calls is read where it is, changed or not.
    (repository / "update.py").write_text(UPDATE, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    run("git", "commit", "-q", "--no-verify", "-m", "an update", cwd=repository)
    (repository / "loop.py").write_text(LOOP, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    across = run("git", "commit", "-q", "-m", "a loop", cwd=repository)
    assert across.returncode == 1, across.stdout + across.stderr
    assert "update.py:3:5: LG101 missing-zero-grad" in across.stdout + across.stderr


UPDATE = """\
def update(loss, optimizer):
    loss.backward()
    optimizer.step()
"""

LOOP = """\
import torch
from update import update

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in torch.randn(4, 8, 3):
    update(model(x).pow(2).mean(), optimizer)
"""


def test_try_repo_runs_the_hook_of_the_working_tree(repository: Path) -> None:
    (repository / "train.py").write_text(BUGGY, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "lintgrad"]
    tried = run(*command, cwd=repository)
    assert tried.returncode == 1, tried.stdout + tried.stderr
    assert "LG101" in tried.stdout
    (repository / "train.py").write_text(FIXED, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    tried = run(*command, cwd=repository)
    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_the_hook_leaves_out_what_the_settings_exclude(repository: Path) -> None:
    (repository / "old").mkdir()
    (repository / "old" / "train.py").write_text(BUGGY, encoding="utf-8")
    (repository / "lintgrad.toml").write_text("extend-exclude = ['old']\n", encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "lintgrad"]
    tried = run(*command, "--all-files", cwd=repository)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "Passed" in tried.stdout
    (repository / "train.py").write_text(BUGGY, encoding="utf-8")
    run("git", "add", ".", cwd=repository)
    tried = run(*command, "--all-files", cwd=repository)
    assert tried.returncode == 1
    assert "\ntrain.py:8:5: LG101" in tried.stdout
    assert "old/train.py" not in tried.stdout


def head() -> str:
    found = run("git", "rev-parse", "HEAD", cwd=ROOT)
    assert found.returncode == 0, "the checkout is no git repository"
    return found.stdout.strip()
