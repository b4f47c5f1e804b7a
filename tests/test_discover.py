"""Which files are checked."""

import os
import subprocess
from pathlib import Path

import pytest

from lintgrad.source.discover import DEFAULT_EXCLUDES, Excludes, discover


def found(root: Path, *excludes: str) -> list[str]:
    left_out = Excludes((*DEFAULT_EXCLUDES, *excludes), str(root))
    return sorted(os.path.relpath(p, root) for p in discover([str(root)], lambda _: left_out))


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("", encoding="utf-8")


def test_python_files_below_a_folder_are_found_and_nothing_else(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b/c.py", "b/d/e.py", "f.txt", "g.pyi", "h.pyc", "py")
    assert found(tmp_path) == ["a.py", "b/c.py", "b/d/e.py"]


@pytest.mark.parametrize(
    "folder", [".venv", "venv", "node_modules", "build", "dist", ".git", "__pycache__", ".tox"]
)
def test_folders_that_hold_no_source_are_left_out(tmp_path: Path, folder: str) -> None:
    make(tmp_path, "a.py", f"{folder}/b.py", f"inner/{folder}/c.py")
    assert found(tmp_path) == ["a.py"]


def test_a_folder_that_is_named_is_walked_whatever_its_name(tmp_path: Path) -> None:
    make(tmp_path, "build/a.py")
    assert list(discover([str(tmp_path / "build")])) == [str(tmp_path / "build" / "a.py")]


def test_excludes_are_patterns_of_a_gitignore(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "old/b.py", "new/old/c.py", "new/d_test.py")
    assert found(tmp_path, "/old") == ["a.py", "new/d_test.py", "new/old/c.py"]
    assert found(tmp_path, "old") == ["a.py", "new/d_test.py"]
    assert found(tmp_path, "*_test.py") == ["a.py", "new/old/c.py", "old/b.py"]


IGNORES = {
    ".gitignore": "generated/\n*.bak.py\n!keep.bak.py\n/top.py\n",
    "lib/.gitignore": "top.py\n!generated/\n",
}
FILES = [
    "a.py", "top.py", "generated/b.py", "x.bak.py", "keep.bak.py", "lib/top.py", "lib/c.py",
    "lib/generated/d.py", "deep/er/top.py", "deep/generated/e.py",
]  # fmt: skip


def test_what_git_ignores_is_ignored(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    make(tmp_path, *FILES)
    for path, text in IGNORES.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "*.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found(tmp_path) == sorted(listed.stdout.split())
    # From inside, the patterns of the folders above hold too.
    inner = sorted(os.path.relpath(p, tmp_path) for p in discover([str(tmp_path / "lib")]))
    assert inner == [p for p in sorted(listed.stdout.split()) if p.startswith("lib/")]


def test_a_file_is_given_once_and_as_named_even_if_ignored(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "build/b.txt")
    named = [str(tmp_path / "a.py"), str(tmp_path), str(tmp_path / "build" / "b.txt")]
    assert list(discover(named)) == [named[0], named[2]]
