"""Code frames: lines of one file with marks under them, folded and cropped to fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import TextWrapper

from rich.cells import cell_len
from rich.text import Text

from lintgrad.source.text import Source

_TAB = 4
_LEAD = 8
"""Cells of code shown to the left of a mark in a line that does not fit."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of one row to underline, and what to say of it."""

    row: int
    start: int | None
    """In characters, counted from 0; None for from where the row's text begins."""
    end: int | None
    """None for up to the end of the row's text."""
    label: str
    sign: str
    style: str
    label_style: str


def frame(source: Source, marks: Sequence[Mark], width: int | None) -> Iterator[Text]:
    """The marked rows with the one before each, gaps folded; as wide as need be without a width."""
    rows = sorted({r for m in marks for r in (m.row - 1, m.row) if r > 0})
    rows = [r for row in rows for r in ((row - 1, row) if _is_lonely(row - 1, rows) else (row,))]
    gutter = len(str(rows[-1]))
    room = None if width is None else max(width - gutter - 3, 1)
    yield _margin(gutter, "")
    previous = rows[0] - 1
    for row in rows:
        if row != previous + 1:
            yield Text(f"{'.' * min(gutter, 3):>{gutter}}", "blue")
        previous = row
        here = [mark for mark in marks if mark.row == row]
        line = _Line(source.line(row), here, room)
        yield Text.assemble((f"{row:>{gutter}} | ", "blue"), line.shown)
        for underline in line.underlines():
            yield Text.assemble(_margin(gutter, " "), underline)
    yield _margin(gutter, "")


def _is_lonely(row: int, rows: Sequence[int]) -> bool:
    """Whether a row is the only one of a gap, so that a fold would be no shorter."""
    return row not in rows and row - 1 in rows and row + 1 in rows


class _Line:
    """One row of code as it is shown: its cells from some column on, and marks at theirs."""

    def __init__(self, text: str, marks: Sequence[Mark], room: int | None) -> None:
        self._text, self._marks, self._room = text, marks, room
        whole = _expanded(text)
        self._first = self._first_cell(cell_len(whole))
        self.shown = whole if room is None else _cropped(whole, self._first, room)

    def _first_cell(self, cells: int) -> int:
        """From where the row is shown, so that its marks are in sight."""
        if self._room is None or cells <= self._room or not self._marks:
            return 0
        spans = [self._cells_of(mark) for mark in self._marks]
        if max(end for _, end in spans) < self._room:
            return 0
        lead = min(_LEAD, self._room // 3)
        return max(min(min(start for start, _ in spans) - lead, cells - self._room), 0)

    def _cells_of(self, mark: Mark) -> tuple[int, int]:
        end = len(self._text.rstrip()) if mark.end is None else mark.end
        indent = len(self._text) - len(self._text.lstrip())
        first = indent if mark.start is None else mark.start
        start = cell_len(_expanded(self._text[:first]))
        return start, max(cell_len(_expanded(self._text[:end])), start + 1)

    def underlines(self) -> Iterator[Text]:
        """The marks with their labels; those of one stretch are underlined once."""
        for (start, end, sign), group in groupby(
            self._marks, key=lambda mark: (*self._cells_of(mark), mark.sign)
        ):
            yield from self._labelled(start - self._first, end - self._first, sign, list(group))

    def _labelled(self, start: int, end: int, sign: str, marks: list[Mark]) -> Iterator[Text]:
        start = max(start, 0)
        if self._room is not None:
            start, end = min(start, self._room - 1), min(end, self._room)
        width = max(end - start, 1)
        underline = Text(" " * start).append(sign * width, marks[0].style)
        labels = [mark for mark in marks if mark.label]
        beside = start + width + 1
        if self._room is None or all(beside + cell_len(m.label) <= self._room for m in labels):
            for number, mark in enumerate(labels):
                line = underline if number == 0 else Text(" " * (beside - 1))
                yield line.append(f" {mark.label}", mark.label_style)
            if not labels:
                yield underline
            return
        yield underline
        yield from _below(labels, start, self._room)


def _below(labels: Sequence[Mark], start: int, room: int) -> Iterator[Text]:
    """Labels under their mark, which they are too long to stand beside; to its left if need be."""
    longest = max(cell_len(mark.label) for mark in labels)
    indent = max(min(start, room - longest), 0)
    wrapper = TextWrapper(room - indent, subsequent_indent="  ", break_on_hyphens=False)
    for mark in labels:
        for line in wrapper.wrap(mark.label):
            yield Text(" " * indent).append(line, mark.label_style)


def _margin(gutter: int, after: str) -> Text:
    return Text(f"{' ' * gutter} |{after}", "blue")


def _expanded(line: str) -> str:
    """A line with its tabs as spaces, and nothing that would move the cursor."""
    return "".join(c if c.isprintable() else " " for c in line.expandtabs(_TAB))


def _cropped(line: str, first: int, room: int) -> str:
    """The cells of a line from one on that fit, with dots where something is left out."""
    if first == 0 and cell_len(line) <= room:
        return line
    shown, at = "", 0
    for character in line:
        cells = cell_len(character)
        if first <= at and at + cells <= first + room:
            shown += character
        elif at < first < at + cells:
            shown += " " * (at + cells - first)  # half of a wide character
        at += cells
    if first > 0:
        shown = f"…{_without_first_cell(shown)}"
    if at > first + room:
        while cell_len(shown) >= room:
            shown = shown[:-1]
        shown = f"{shown}…"
    return shown


def _without_first_cell(text: str) -> str:
    """A text one cell shorter: half of a wide character is a space."""
    return " " * (cell_len(text[:1]) - 1) + text[1:]
