"""Where a repository begins, and what its files are called from there."""

import os
from pathlib import Path


def repository_of(folder: Path) -> Path | None:
    """The root of the repository that an absolute folder is in; None if it is in none."""
    for above in (folder, *folder.parents):
        if os.path.exists(above / ".git"):  # noqa: PTH110  # Path.exists raises on EACCES
            return above
    return None


def root_above(folder: Path) -> Path:
    """The root of the repository that a folder is in; the folder itself if it is in none."""
    absolute = folder.resolve()
    return repository_of(absolute) or absolute


def called_from(root: Path, path: str) -> str:
    """A path relative to a root, with slashes; as it is if it is not below the root."""
    absolute = os.path.abspath(path)  # noqa: PTH100  # Path.absolute keeps `..`
    for candidate in (absolute, os.path.realpath(absolute)):
        relative = os.path.relpath(candidate, root)
        if relative != os.pardir and not relative.startswith(os.pardir + os.sep):
            return relative.replace(os.sep, "/")
    return path.replace(os.sep, "/")
