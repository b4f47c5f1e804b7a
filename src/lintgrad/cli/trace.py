"""`lintgrad trace`: what was understood of a file."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lintgrad.cli.options import Word
from lintgrad.errors import LintgradError
from lintgrad.source.load import Unreadable, decode
from lintgrad.source.text import Source, Span

if TYPE_CHECKING:
    from lintgrad.report.timeline import Trace


@click.command()
@click.argument("place", metavar="FILE[:LINE[:COLUMN]]")
@click.option(
    "--format",
    "output_format",
    type=Word(["mermaid", "dot", "json"]),
    help="A picture of the states, or everything as JSON; a table if not given.",
)
def trace(place: str, output_format: str | None) -> None:
    """Show what was understood of a file.

    For each function in FILE that trains, or for the one at LINE, or for the loop that begins
    there: what happens to every optimizer's gradients, in order; what they are before and after,
    and how many backward calls they are the sum of (the window); and what was not understood.

    \b
    lintgrad trace train.py
    lintgrad trace train.py:40 --format mermaid
    """
    from lintgrad.cli.output import prepare
    from lintgrad.engine.run import project_on_disk, with_deep_stack
    from lintgrad.report.trace import traced

    prepare()
    path, row = _split(place)
    try:
        source = decode(path, Path(path).read_bytes())
        analysis = with_deep_stack(lambda: project_on_disk().analysed(source))
    except OSError as error:
        raise LintgradError(f"{path}: {error.strerror}") from None
    except Unreadable as unreadable:
        at = unreadable.source.locate(unreadable.span.start)
        raise LintgradError(f"{path}:{at.row}:{at.column}: {unreadable.message}") from None
    roots = analysis.roots
    if row is not None and not 1 <= row <= source.rows:
        raise LintgradError(f"{path}: there is no line {row}: it has {source.rows}")
    if row is not None:
        inside = [n for n in roots if _covers(analysis.graphs[n].span, source, row)]
        spans = {n: analysis.graphs[n].span for n in inside}
        roots = tuple(sorted(inside, key=lambda n: spans[n].end - spans[n].start)[:1])
    _write([traced(analysis, number, row) for number in roots], place, output_format)


def _covers(span: Span, source: Source, row: int) -> bool:
    return source.locate(span.start).row <= row <= source.locate(span.end).row


def _write(traces: "list[Trace]", place: str, output_format: str | None) -> None:
    from lintgrad.cli.output import terminal_width, write_lines
    from lintgrad.report.pictures import as_dot, as_mermaid
    from lintgrad.report.timeline import as_json, as_table

    if output_format is not None:
        write_lines({"mermaid": as_mermaid, "dot": as_dot, "json": as_json}[output_format](traces))
        return
    if not traces:
        write_lines([f"{place}: nothing here clears, steps or runs backward in torch code"])
    for one in traces:
        write_lines(as_table(one, terminal_width()))


_PLACE = re.compile(r"(?P<path>.+?):(?P<row>[0-9]+)(:[0-9]+)?:?")
"""A file and a line, as reports write them: with the column, too."""


def _split(place: str) -> tuple[str, int | None]:
    match = _PLACE.fullmatch(place)
    if match is None or Path(place).exists():
        return place, None
    return match["path"], int(match["row"])
