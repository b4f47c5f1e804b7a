"""Diagnostics for people: one code frame a file, with what happens at every line, in order."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import TextWrapper

from rich.cells import cell_len
from rich.text import Text

from lintgrad.engine.diagnostics import Diagnostic, RelatedPlace
from lintgrad.report.frame import Mark, frame
from lintgrad.source.text import Source

_COLOURS = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
_MOST_ROWS = 6
"""Rows of one place that are shown; of a longer one, its first and last two."""
_LEAST_WIDTH = 40
"""A terminal narrower than this is written to as if it were this wide."""


def full(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], width: int | None = None
) -> Iterator[Text]:
    """The lines of the report; the sources show the code. Without a width nothing is wrapped."""
    room = None if width is None else max(width, _LEAST_WIDTH)
    for one in diagnostics:
        yield from _headline(one, room)
        yield from _wrapped("", "", one.message, room)
        for path in one.paths:
            if path != one.path:
                yield Text.assemble(("   --> ", "blue"), (path, "bold"))
            yield from frame(sources.get(path, Source(path, "")), _marks(one, path), room)
        if one.help is not None:
            yield from _wrapped("   = help: ", "bold cyan", one.help, room)
        yield Text.assemble(("   = why:  ", "bold cyan"), f"lintgrad explain {one.code}")
        yield Text()


def _headline(one: Diagnostic, room: int | None) -> Iterator[Text]:
    start = one.range.start
    line = Text.assemble(
        (f"{one.path}:{start.row}:{start.column}", "bold"),
        ": ",
        (f"{one.code} {one.name}", _COLOURS[str(one.severity)]),
    )
    level = Text(f"  {one.severity}, {one.confidence} confidence", "dim")
    if room is None or line.cell_len + level.cell_len <= room:
        yield line + level
    else:
        yield line
        yield level


def _wrapped(title: str, style: str, text: str, room: int | None) -> Iterator[Text]:
    if room is None or cell_len(text) + len(title) <= room:
        yield Text.assemble((title, style), text)
        return
    wrapper = TextWrapper(room - len(title), break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(wrapper.wrap(text)):
        yield Text.assemble((title if number == 0 else " " * len(title), style), line)


def _marks(one: Diagnostic, path: str) -> list[Mark]:
    """The places to mark in a file: those of the story, else the diagnostic's own."""
    places = [place for place in one.related if place.path == path]
    if path == one.path and one.range.start.row not in {p.range.start.row for p in places}:
        places.append(RelatedPlace("", path, one.range))
    marks = [mark for place in places for mark in _marks_of(one, place)]
    # The same stretch keeps the order of the story; otherwise from left to right.
    return sorted(marks, key=lambda mark: (mark.row, mark.start or 0, mark.end or 0))


def _marks_of(one: Diagnostic, place: RelatedPlace) -> Iterator[Mark]:
    """A mark for every row of a place, but for the middle of a long one; the last has the label."""
    start, end = place.range.start, place.range.end
    own = (place.path, place.range) == (one.path, one.range)
    number = f"{place.number} " if place.number is not None else ""
    rows = list(range(start.row, end.row + 1))
    for row in rows if len(rows) <= _MOST_ROWS else (*rows[:2], *rows[-2:]):
        yield Mark(
            row,
            start.column - 1 if row == start.row else None,
            end.column - 1 if row == end.row else None,
            f"{number}{place.message}" if row == end.row else "",
            "^" if own else "-",
            _COLOURS[str(one.severity)] if own else "cyan",
            "bold" if own else "cyan",
        )
