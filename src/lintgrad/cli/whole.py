"""Files written whole or not at all, whatever ends the run meanwhile."""

import errno
import os
from pathlib import Path

from lintgrad.engine.uninterrupted import uninterrupted
from lintgrad.errors import LintgradError

_CANNOT_REPLACE = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV)
"""Why a file that can be written may not be replaced: its folder is not ours, it is mounted."""


def write_whole(path: Path, content: bytes) -> None:
    """Give a file new content. Raises LintgradError, and leaves it as it was, if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            path.write_bytes(content)  # a device or a pipe has nothing to lose
            return
        with uninterrupted():
            _replace(path.resolve(), content)  # a link stays a link
    except OSError as error:
        raise LintgradError(f"{path}: {error.strerror}") from None


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
    try:
        mode = path.stat().st_mode & 0o7777 if path.exists() else None
        beside.write_bytes(content)
        if mode is not None:
            beside.chmod(mode)
        beside.replace(path)
    except OSError as error:
        if error.errno not in _CANNOT_REPLACE or not path.exists():
            raise
        path.write_bytes(content)
    finally:
        beside.unlink(missing_ok=True)
