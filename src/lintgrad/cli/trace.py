"""`lintgrad trace`: what was understood of a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lintgrad.cli.options import Word
from lintgrad.errors import LintgradError
from lintgrad.source.load import Unreadable, decode

if TYPE_CHECKING:
    from lintgrad.report.timeline import Trace


@click.command()
@click.argument("place", metavar="FILE[:LINE]")
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
    _write([traced(graph, source, row) for graph in graphs], place, output_format)


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


def _split(place: str) -> tuple[str, int | None]:
    path, _, row = place.rpartition(":")
    if path and row.isdigit() and not Path(place).exists():
        return path, int(row)
    return place, None
