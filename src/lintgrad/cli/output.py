"""Writing to the terminal or a pipe: colour only where it is wanted, text that always encodes."""

import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def write_texts(lines: Iterable["Text"]) -> None:
    """Write styled lines: in colour on a terminal unless NO_COLOR is set, else plain."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        write_lines(line.plain.rstrip() for line in lines)
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines:
        is_code = " | " in line.plain or line.plain.endswith(" |")
        console.print(line, no_wrap=is_code, overflow="ellipsis" if is_code else "fold")
