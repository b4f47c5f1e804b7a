"""The Python files below some paths, as a user of git expects: ignored ones left out."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDES = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)
"""Names of folders and files that are left out unless they are named themselves."""


@dataclass(frozen=True, slots=True)
class _Ignored:
    """The patterns of one `.gitignore`, relative to its folder."""

    folder: str
    spec: "GitIgnoreSpec"

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether the patterns ignore a path, or say nothing of it."""
        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        if relative.startswith("../"):
            relative = relative.lstrip("./")  # outside of the root only names can match
        return self.spec.check_file(f"{relative}/" if is_folder else relative).include


def discover(
    paths: Iterable[str], excludes: Iterable[str] = (), root: str | None = None
) -> Iterator[str]:
    """The files to check, each once: those named, and the `.py` files below the folders named.

    Excludes are patterns as in a `.gitignore`, relative to the root (the working folder if none
    is given); they and `.gitignore` files do not apply to a file that is named itself.
    """
    seen: set[str] = set()
    for path in paths:
        found = _below(path, excludes, root) if Path(path).is_dir() else iter((path,))
        for file in found:
            real = os.path.normpath(file)
            if real not in seen:
                seen.add(real)
                yield real


def _below(folder: str, excludes: Iterable[str], root: str | None) -> Iterator[str]:
    """The files to check below a folder that is named."""
    absolute = str(Path(folder).resolve())
    own = [
        _spec(DEFAULT_EXCLUDES, absolute),
        _spec(excludes, root or str(Path.cwd())),
    ]
    enclosing = _enclosing(folder)
    if _is_ignored(absolute, enclosing, is_folder=True):
        enclosing = []  # whoever names an ignored folder wants what is in it
    yield from _walk(folder, [*enclosing, *own])


def _spec(patterns: Iterable[str], folder: str) -> _Ignored:
    from pathspec import GitIgnoreSpec

    return _Ignored(folder, GitIgnoreSpec.from_lines(patterns))


def _enclosing(path: str) -> list[_Ignored]:
    """The `.gitignore` files from the repository's root down to a folder's parent."""
    found: list[_Ignored] = []
    folder = Path(path).resolve()
    while not os.path.exists(folder / ".git"):  # noqa: PTH110  # Path.exists raises on EACCES
        if folder.parent == folder:
            return []  # not in a repository: nothing outside of the folder counts
        folder = folder.parent
        found = _own_ignores(str(folder)) + found
    return found


def _own_ignores(folder: str) -> list[_Ignored]:
    file = Path(folder) / ".gitignore"
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [_spec(lines, folder)]


def _walk(folder: str, ignored: list[_Ignored]) -> Iterator[str]:
    ignored = ignored + _own_ignores(folder)
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if not _is_ignored(entry.path, ignored, is_folder=True):
                yield from _walk(entry.path, ignored)
        elif (
            entry.name.endswith(".py")
            and _is_file(entry)
            and not _is_ignored(entry.path, ignored, is_folder=False)
        ):
            yield entry.path


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a symlink loop
        return False


def _is_ignored(path: str, ignored: list[_Ignored], *, is_folder: bool) -> bool:
    """The innermost patterns that say anything of a path decide."""
    absolute = os.path.abspath(path)  # noqa: PTH100  # Path.absolute keeps `..`
    for patterns in reversed(ignored):
        verdict = patterns.verdict(absolute, is_folder=is_folder)
        if verdict is not None:
            return verdict
    return False
