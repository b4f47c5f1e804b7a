"""`lintgrad trace`: what was understood of a file."""

from pathlib import Path

import click

from lintgrad.errors import LintgradError
from lintgrad.source.load import Unreadable, decode


@click.command()
@click.argument("place", metavar="FILE[:LINE]")
def trace(place: str) -> None:
    """Show what was understood of a file.

    For each function in FILE that trains, or for the one at LINE: the events in order, every
    optimizer's gradients before each of them, and what was not understood and why.
    """
    from lintgrad.cli.output import prepare, write_lines
    from lintgrad.engine.run import with_deep_stack
    from lintgrad.flow.functions import flow_graphs
    from lintgrad.report.trace import traced
    from lintgrad.syntax.parse import parse

    prepare()
    path, row = _split(place)
    try:
        source = decode(path, Path(path).read_bytes())
        graphs = with_deep_stack(lambda: flow_graphs(parse(source), source))
    except OSError as error:
        raise LintgradError(f"{path}: {error.strerror}") from None
    except Unreadable as unreadable:
        at = unreadable.source.locate(unreadable.span.start)
        raise LintgradError(f"{path}:{at.row}:{at.column}: {unreadable.message}") from None
    if row is not None:
        inside = [
            g
            for g in graphs
            if source.locate(g.span.start).row <= row <= source.locate(g.span.end).row
        ]
        graphs = (min(inside, key=lambda g: g.span.end - g.span.start),) if inside else ()
    if not graphs:
        where = place if row is not None else path
        write_lines([f"{where}: nothing here clears, steps or runs backward in torch code"])
    for graph in graphs:
        write_lines(traced(graph, source))


def _split(place: str) -> tuple[str, int | None]:
    path, _, row = place.rpartition(":")
    if path and row.isdigit() and not Path(place).exists():
        return path, int(row)
    return place, None
