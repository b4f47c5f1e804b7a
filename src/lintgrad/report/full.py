"""Diagnostics for people: one code frame each, with what happens at every line, in order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from rich.cells import cell_len
from rich.text import Text

from lintgrad.engine.diagnostics import Diagnostic, RelatedPlace
from lintgrad.source.text import Source

_TAB = 4
_COLOURS = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}


def full(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source]) -> Iterator[Text]:
    """The lines of the report; the sources show the code."""
    for one in diagnostics:
        yield _headline(one)
        yield Text(one.message)
        for path in one.paths:
            if path != one.path:
                yield Text.assemble(("   --> ", "blue"), (path, "bold"))
            yield from _frame(one, sources.get(path, Source(path, "")))
        if one.help is not None:
            yield Text.assemble(("   = help: ", "bold cyan"), one.help)
        yield Text.assemble(("   = why:  ", "bold cyan"), f"lintgrad explain {one.code}")
        yield Text()


def _headline(one: Diagnostic) -> Text:
    start = one.range.start
    return Text.assemble(
        (f"{one.path}:{start.row}:{start.column}", "bold"),
        ": ",
        (f"{one.code} {one.name}", _COLOURS[str(one.severity)]),
        (f"  {one.severity}, {one.confidence} confidence", "dim"),
    )


def _frame(one: Diagnostic, source: Source) -> Iterator[Text]:
    """The marked lines with a line of context before each, gaps folded."""
    marks = _marks(one, source.path)
    rows = sorted({row for marked in marks for row in (marked - 1, marked) if row > 0})
    gutter = len(str(rows[-1]))
    yield _margin(gutter, "")
    previous = rows[0] - 1
    for row in rows:
        if row != previous + 1:
            yield Text(f"{'.' * min(gutter, 3):>{gutter}}", "blue")
        previous = row
        line = source.line(row)
        yield Text.assemble((f"{row:>{gutter}} | ", "blue"), _expanded(line))
        yield from _underlines(one, marks.get(row, []), line, gutter)
    yield _margin(gutter, "")


def _marks(one: Diagnostic, path: str) -> dict[int, list[RelatedPlace]]:
    """The places to mark in a file by row: those of the story, else the diagnostic's own."""
    marks: dict[int, list[RelatedPlace]] = defaultdict(list)
    for place in one.related:
        if place.path == path:
            marks[place.range.start.row].append(place)
    if path == one.path and one.range.start.row not in marks:
        marks[one.range.start.row].append(RelatedPlace("", path, one.range))
    return marks


def _underlines(
    one: Diagnostic, places: list[RelatedPlace], line: str, gutter: int
) -> Iterator[Text]:
    for place in places:
        start, end = place.range.start.column - 1, place.range.end.column - 1
        if place.range.end.row != place.range.start.row:
            end = len(line.rstrip())
        before = cell_len(_expanded(line[:start]))
        width = max(cell_len(_expanded(line[:end])) - before, 1)
        own = (place.path, place.range) == (one.path, one.range)
        number = f"{place.number} " if place.number is not None else ""
        text = Text(" " * before)
        text.append(("^" if own else "-") * width, _COLOURS[str(one.severity)] if own else "cyan")
        text.append(f" {number}{place.message}".rstrip(), "bold" if own else "cyan")
        yield Text.assemble(_margin(gutter, " "), text)


def _margin(gutter: int, after: str) -> Text:
    return Text(f"{' ' * gutter} |{after}", "blue")


def _expanded(line: str) -> str:
    """A line with its tabs as spaces, and nothing that would move the cursor."""
    return "".join(c if c.isprintable() else " " for c in line.expandtabs(_TAB))
