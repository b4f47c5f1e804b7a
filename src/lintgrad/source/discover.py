"""The Python files below some paths, as a user of git expects: ignored ones left out."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lintgrad.errors import LintgradError
from lintgrad.source.repository import repository_of

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


@dataclass(frozen=True, slots=True)
class Excludes:
    """Patterns as in a `.gitignore` of what to leave out, and the folder they are relative to."""

    patterns: tuple[str, ...] = DEFAULT_EXCLUDES
    folder: str | None = None
    """None if no file says them: then the folder that is walked."""


def excluded(path: str, excludes: Excludes) -> bool:
    """Whether patterns leave out a file, by its own name or by a folder's above it."""
    absolute = os.path.abspath(path)  # noqa: PTH100  # Path.absolute keeps `..`
    spec = _spec(excludes.patterns, excludes.folder or str(Path.cwd()))
    return bool(spec.verdict(absolute, is_folder=False))


def discover(
    paths: Iterable[str], excludes_of: Callable[[str], Excludes] = lambda _: Excludes()
) -> Iterator[str]:
    """The files to check, each once: those named, and the `.py` files below the folders named.

    What is asked for by absolute folder says what to leave out there; that and `.gitignore` files
    do not apply to a file or folder that is named itself.
    """
    seen: set[str] = set()
    for path in paths:
        found = _below(path, excludes_of) if Path(path).is_dir() else iter((path,))
        for file in found:
            real = os.path.normpath(file)
            if real not in seen:
                seen.add(real)
                yield real


def _below(folder: str, excludes_of: Callable[[str], Excludes]) -> Iterator[str]:
    """The files to check below a folder that is named."""
    absolute = os.path.abspath(folder)  # noqa: PTH100  # Path.absolute keeps `..`
    enclosing = _enclosing(folder)
    if _is_ignored(str(Path(folder).resolve()), enclosing, is_folder=True):
        enclosing = []  # whoever names an ignored folder wants what is in it
    excludes = excludes_of(absolute)
    own = _spec(excludes.patterns, excludes.folder or absolute)
    if own.verdict(absolute, is_folder=True):
        own = _spec(excludes.patterns, absolute)  # the same holds for an excluded one
    yield from _Walk(excludes_of, {excludes: own}).files(folder, enclosing)


def _spec(patterns: Iterable[str], folder: str) -> _Ignored:
    """Raises LintgradError for what is no pattern."""
    from pathspec import GitIgnoreSpec

    lines = list(patterns)
    try:
        return _Ignored(folder, GitIgnoreSpec.from_lines(lines))
    except ValueError:
        broken = next(line for line in lines if not _is_pattern(line))
        raise LintgradError(f"not a pattern as in a .gitignore: `{broken}`") from None


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _enclosing(path: str) -> list[_Ignored]:
    """The `.gitignore` files from the repository's root down to a folder's parent."""
    folder = Path(path).resolve()
    root = repository_of(folder)
    if root is None:
        return []  # nothing outside of the folder counts
    between = [above for above in folder.parents if above.is_relative_to(root)]
    return [ignored for above in reversed(between) for ignored in _own_ignores(str(above))]


def _own_ignores(folder: str) -> list[_Ignored]:
    file = Path(folder) / ".gitignore"
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    try:
        return [_spec(lines, folder)]
    except LintgradError:
        return [_spec(filter(_is_pattern, lines), folder)]  # git passes over what is no pattern


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk below one folder that is named."""

    excludes_of: Callable[[str], Excludes]
    specs: dict[Excludes, _Ignored]

    def files(self, folder: str, ignored: list[_Ignored]) -> Iterator[str]:
        ignored = ignored + _own_ignores(folder)
        left_out = self._spec_of(folder)
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            return
        for entry in found:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not (is_folder or (entry.name.endswith(".py") and _is_file(entry))):
                continue
            if any(_is_ignored(entry.path, i, is_folder=is_folder) for i in (ignored, [left_out])):
                continue
            if is_folder:
                yield from self.files(entry.path, ignored)
            else:
                yield entry.path

    def _spec_of(self, folder: str) -> _Ignored:
        absolute = os.path.abspath(folder)  # noqa: PTH100  # Path.absolute keeps `..`
        excludes = self.excludes_of(absolute)
        if excludes not in self.specs:
            self.specs[excludes] = _spec(excludes.patterns, excludes.folder or absolute)
        return self.specs[excludes]


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
