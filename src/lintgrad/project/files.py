"""The files of a project that a call is about."""

import os
from collections.abc import Sequence
from enum import Enum, auto

from lintgrad.engine.run import File
from lintgrad.errors import LintgradError
from lintgrad.project.configured import Project, folder_of
from lintgrad.source.discover import discover, excluded


class Named(Enum):
    """What becomes of a file that is excluded and named itself."""

    CHECKED = auto()
    LEFT_OUT = auto()


def files_of(project: Project, paths: Sequence[str], named: Named = Named.CHECKED) -> list[File]:
    """The files to check: those named, and the ones below the folders named, each once.

    Raises LintgradError for a path that is neither.
    """
    for path in paths:
        _check(path)
    single = {os.path.normpath(path) for path in paths if not os.path.isdir(path)}  # noqa: PTH112
    if named is Named.LEFT_OUT:
        single = {path for path in single if not is_excluded(project, path)}
    wanted = [p for p in paths if os.path.isdir(p) or os.path.normpath(p) in single]  # noqa: PTH112
    if len(single) == len(wanted):
        return [File(path, named=True) for path in dict.fromkeys(map(os.path.normpath, wanted))]
    return [File(path, path in single) for path in discover(wanted, project.excludes_of)]


def is_excluded(project: Project, path: str) -> bool:
    """Whether the settings that hold for a file leave it out."""
    return excluded(path, project.excludes_of(folder_of(path)))


def _check(path: str) -> None:
    if not path or not os.path.exists(path):  # noqa: PTH110  # Path.exists raises on EACCES
        raise LintgradError(f"no such file or folder: {path}")
    if not (os.path.isfile(path) or os.path.isdir(path)):  # noqa: PTH112, PTH113
        raise LintgradError(f"neither a file nor a folder: {path}")
