"""Writing to the terminal or a pipe: colour only where it is wanted, text that always encodes."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def prepare() -> None:
    """Let output be any text: what the terminal's encoding lacks is escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = "utf-8" if not stream.isatty() else stream.encoding
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def write_lines(lines: Iterable[str]) -> None:
    """Write plain lines."""
    for line in lines:
        sys.stdout.write(f"{line}\n")


def terminal_width() -> int | None:
    """The columns of the terminal that is written to; None if it is none."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def plain(lines: "Iterable[str | Text]") -> Iterator[str]:
    """Lines without their styles."""
    for line in lines:
        yield line if isinstance(line, str) else line.plain.rstrip()


def write_texts(lines: "Iterable[str | Text]") -> None:
    """Write lines, styled ones in colour on a terminal unless NO_COLOR is set, else plain."""
    if not _is_coloured():
        write_lines(plain(lines))
        return
    console: Console | None = None
    for line in lines:
        if isinstance(line, str):  # no reason yet to import what colours them
            write_lines([line])
            continue
        console = console or _console()
        console.print(line, soft_wrap=True)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, force_terminal=True)


def _is_coloured() -> bool:
    """As https://no-color.org and https://force-color.org have it."""
    if os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))
