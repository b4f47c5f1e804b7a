"""Which rows of a repository's files have changed since a revision, as git has it."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.errors import LintgradError
from lintgrad.source.comments import Rows
from lintgrad.source.repository import called_from

_HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_NEW_FILE, _RENAMED = "+++ ", "rename to "
_QUOTED = re.compile(r'"(.*)"')


@dataclass(frozen=True)
class Changes:
    """The rows that have changed, by path from the repository's root."""

    root: Path
    rows: Mapping[str, tuple[Rows, ...]]
    old: frozenset[str]
    """The paths that were there at the revision: of any other, all is new."""

    def touch(self, one: Diagnostic) -> bool:
        """Whether a diagnostic, or a place that belongs to it, lies on a changed row."""
        places = [(one.path, one.range), *((p.path, p.range) for p in one.related)]
        return any(self._holds(path, at.start.row, at.end.row) for path, at in places)

    def _holds(self, path: str, first: int, last: int) -> bool:
        name = called_from(self.root, path)
        if name not in self.old and name not in self.rows:
            return True
        return any(r.first <= last and first <= r.last for r in self.rows.get(name, ()))


def changes_since(revision: str, folder: Path) -> Changes:
    """What has changed since a revision branched off, committed or not.

    Raises LintgradError if the folder is in no repository, or the revision is not known.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel", about=revision).rstrip("\n"))
    _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", about=revision)
    base = _merge_base(root, revision)
    compare = ("-c", "core.quotePath=false", "diff", "--unified=0", "--no-color", "--no-ext-diff")
    diff = _git(root, *compare, "--no-prefix", "--find-renames", base, "--", about=revision)
    names = _git(root, "ls-tree", "-r", "-z", "--name-only", base, about=revision)
    return Changes(root, _changed_rows(diff), frozenset(names.split("\0")))


def _merge_base(root: Path, revision: str) -> str:
    """Where the revision and what is checked out part; the revision itself if nothing says."""
    try:
        return _git(root, "merge-base", revision, "HEAD", about=revision).strip()
    except LintgradError:  # a shallow clone, or unrelated histories
        return revision


def _changed_rows(diff: str) -> dict[str, tuple[Rows, ...]]:
    rows: dict[str, tuple[Rows, ...]] = {}
    path, begun = "", False
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            begun = False
        elif not begun and line.startswith(_RENAMED):
            rows[_unquoted(line.removeprefix(_RENAMED))] = ()  # for good if nothing else follows
        elif not begun and line.startswith(_NEW_FILE):
            path, begun = _unquoted(line.removeprefix(_NEW_FILE)), True
            rows[path] = ()
        elif (hunk := _HUNK.match(line)) is not None:
            first, count = int(hunk[1]), int(hunk[2] or 1)
            rows[path] = (*rows[path], *((Rows(first, first + count - 1),) if count else ()))
    return rows


def _unquoted(name: str) -> str:
    """A path as it is: git quotes odd ones as C does, and ends those with a space by a tab."""
    quoted = _QUOTED.fullmatch(name.removesuffix("\t"))
    if quoted is None:
        return name.removesuffix("\t")
    return quoted[1].encode("latin-1", "backslashreplace").decode("unicode_escape")


def _git(folder: Path, *arguments: str, about: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE")}
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, check=False
        )
    except OSError as error:
        raise LintgradError(f"--diff-base {about}: git cannot be run: {error.strerror}") from None
    if run.returncode != 0:
        said = run.stderr.decode(errors="replace").strip().splitlines()
        why = said[-1] if said else "no such revision"
        raise LintgradError(f"--diff-base {about}: {why}")
    return run.stdout.decode(errors="surrogateescape")
