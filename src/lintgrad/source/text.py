"""Text with places in it: spans, locations, and the source that turns one into the other."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

_LINE_ENDING = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of characters in one source's text, with the path of that source.

    Without a path it is in the source that is being looked at.
    """

    start: int
    end: int
    path: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """What a person reads: row and column, both counted from 1, the column in characters."""

    row: int
    column: int


@dataclass(frozen=True)
class Source:
    """The text of one file under the name that reports show for it."""

    path: str
    text: str
    same: tuple[tuple[str, str], ...] = ()
    """Dotted names that its project says to be others, known ones: pairs."""

    @cached_property
    def _line_starts(self) -> list[int]:
        # Only these end a line for Python; str.splitlines would also split at form feeds.
        return [0, *(ending.end() for ending in _LINE_ENDING.finditer(self.text))]

    @property
    def rows(self) -> int:
        """How many rows there are; a line ending at the end begins no other."""
        ends_in_one = self._line_starts[-1] == len(self.text)
        return len(self._line_starts) - (1 if ends_in_one else 0)

    def locate(self, offset: int) -> Location:
        """The location of a character offset."""
        row = bisect_right(self._line_starts, offset)
        return Location(row, offset - self._line_starts[row - 1] + 1)

    def line(self, row: int) -> str:
        """The text of a row without its line ending, empty past the end."""
        if row > len(self._line_starts):
            return ""
        start = self._line_starts[row - 1]
        end = self._line_starts[row] if row < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[span.start : span.end]

    def offset_of_row(self, row: int) -> int:
        """The offset at which a row begins; that of the nearest row if there is none such."""
        return self._line_starts[min(max(row, 1), len(self._line_starts)) - 1]


def spelled(text: str, span: Span) -> str:
    """The text of a span on one line, with single spaces."""
    return " ".join(text[span.start : span.end].split())
