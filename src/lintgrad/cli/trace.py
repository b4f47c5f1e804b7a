"""`lintgrad trace`: what was understood of a file."""

from pathlib import Path

import click

from lintgrad.errors import LintgradError
from lintgrad.source.imports import Modules
from lintgrad.source.load import Unreadable, decode
from lintgrad.source.text import Source, Span


@click.command()
@click.argument("place", metavar="FILE[:LINE]")
def trace(place: str) -> None:
    """Show what was understood of a file.

    For each function in FILE that trains, or for the one at LINE: the events in order, every
    optimizer's gradients before each of them, and what was not understood and why.
    """
    from lintgrad.cli.output import prepare, write_lines
    from lintgrad.engine.run import with_deep_stack
    from lintgrad.flow.project import Project
    from lintgrad.report.trace import traced

    prepare()
    path, row = _split(place)
    try:
        source = decode(path, Path(path).read_bytes())
        analysis = with_deep_stack(lambda: Project(Modules().find).analysed(source))
    except OSError as error:
        raise LintgradError(f"{path}: {error.strerror}") from None
    except Unreadable as unreadable:
        at = unreadable.source.locate(unreadable.span.start)
        raise LintgradError(f"{path}:{at.row}:{at.column}: {unreadable.message}") from None
    roots = analysis.roots
    if row is not None:
        inside = [n for n in roots if _covers(analysis.graphs[n].span, source, row)]
        spans = {n: analysis.graphs[n].span for n in inside}
        roots = tuple(sorted(inside, key=lambda n: spans[n].end - spans[n].start)[:1])
    if not roots:
        where = place if row is not None else path
        write_lines([f"{where}: nothing here clears, steps or runs backward in torch code"])
    for number in roots:
        write_lines(traced(analysis, number))


def _covers(span: Span, source: Source, row: int) -> bool:
    return source.locate(span.start).row <= row <= source.locate(span.end).row


def _split(place: str) -> tuple[str, int | None]:
    path, _, row = place.rpartition(":")
    if path and row.isdigit() and not Path(place).exists():
        return path, int(row)
    return place, None
