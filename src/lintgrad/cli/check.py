"""`lintgrad check`."""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lintgrad.errors import LintgradError
from lintgrad.source.load import Unreadable, decode
from lintgrad.source.text import Source

if TYPE_CHECKING:
    from lintgrad.engine.check import Checked
    from lintgrad.engine.diagnostics import Diagnostic
    from lintgrad.engine.run import File

_PATIENCE = 1.0
"""Seconds of work after which a terminal is shown a progress bar."""


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--select", multiple=True, metavar="RULES", help="Only these rules: codes, names, prefixes."
)
@click.option("--ignore", multiple=True, metavar="RULES", help="Not these rules.")
@click.option(
    "--confidence",
    type=click.Choice(["low", "medium", "high"]),
    help="The least confidence to report; medium unless configured.",
)
@click.option(
    "--output-format",
    type=click.Choice(["full", "concise", "json"]),
    help="How to report: full on a terminal, otherwise concise.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if something is found.")
@click.option("--statistics", is_flag=True, help="Count findings and what was understood, instead.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Processes to use; all cores if not given."
)
def check(  # noqa: PLR0913  # one argument an option
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    confidence: str | None,
    output_format: str | None,
    exit_zero: bool,  # noqa: FBT001
    statistics: bool,  # noqa: FBT001
    jobs: int | None,
) -> int:
    """Check files.

    Without PATHS, the Python files below the working folder are checked.

    \b
    lintgrad check src train.py
    lintgrad check --select LG1 --output-format json
    """
    from lintgrad.cli.output import prepare
    from lintgrad.engine.diagnostics import finished
    from lintgrad.engine.run import available_cores, check_files
    from lintgrad.registry import chosen, installed_rules
    from lintgrad.rule import Confidence
    from lintgrad.settings import nearest_settings

    prepare()
    named = paths or (".",)
    for path in named:
        if not path or not os.path.exists(path):  # noqa: PTH110  # Path.exists raises on EACCES
            raise LintgradError(f"no such file or folder: {path}")
        if not (os.path.isfile(path) or os.path.isdir(path)):  # noqa: PTH112, PTH113
            raise LintgradError(f"neither a file nor a folder: {path}")
    settings = nearest_settings(_common_folder(named))
    rules = chosen(
        installed_rules(),
        _split(select) or settings.select,
        (*settings.ignore, *_split(ignore)),
    )
    least = Confidence[confidence.upper()] if confidence else settings.confidence
    files = _files(named, settings.exclude, settings.folder)
    results = list(_with_progress(check_files(files, rules, jobs or available_cores()), len(files)))
    everything = finished(d for result in results for d in result.diagnostics)
    found = [one for one in everything if one.confidence >= least]
    if statistics:
        _write_statistics(found, results)
    else:
        _write(found, output_format or ("full" if sys.stdout.isatty() else "concise"))
    failures = [failure for result in results for failure in result.failures]
    for failure in failures:
        click.echo(f"lintgrad: {failure}", err=True)
    if failures:
        return 2
    return 1 if found and not exit_zero else 0


def _split(names: Iterable[str]) -> tuple[str, ...]:
    """Rules as they may be given: one an option, or several with commas."""
    return tuple(part.strip() for name in names for part in name.split(",") if part.strip())


def _common_folder(paths: Sequence[str]) -> Path:
    resolved = [Path(path).resolve() for path in paths]
    folders = [str(path if path.is_dir() else path.parent) for path in resolved]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # on different drives
        return Path.cwd()


def _files(named: Sequence[str], excludes: Sequence[str], root: str | None) -> "list[File]":
    from lintgrad.engine.run import File
    from lintgrad.source.discover import discover

    single = {os.path.normpath(path) for path in named if not Path(path).is_dir()}
    if len(single) == len(named):
        return [File(path, named=True) for path in dict.fromkeys(map(os.path.normpath, named))]
    return [File(path, path in single) for path in discover(named, excludes, root)]


def _with_progress(results: "Iterator[Checked]", total: int) -> "Iterator[Checked]":
    """The results, with a progress bar on a terminal once they take their time."""
    started = time.monotonic()
    if not sys.stderr.isatty():
        yield from results
        return
    done = 0
    for result in results:
        done += 1
        yield result
        if time.monotonic() - started > _PATIENCE and done < total:
            break
    else:
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("checking", total=total, completed=done)
        for result in results:
            yield result
            progress.advance(task)


def _write(found: "list[Diagnostic]", output_format: str) -> None:
    from lintgrad.cli.output import write_lines, write_texts

    if output_format == "json":
        from lintgrad.report.json import as_json

        write_lines(as_json(found))
    elif output_format == "concise":
        from lintgrad.report.concise import concise

        write_lines(concise(found))
    else:
        from lintgrad.report.full import full

        write_texts(full(found, _sources(found)))


def _sources(found: "list[Diagnostic]") -> dict[str, Source]:
    """The texts that the report shows code of; a file that has gone meanwhile has none."""
    sources = {}
    for path in dict.fromkeys(p for one in found for p in one.paths):
        try:
            sources[path] = decode(path, Path(path).read_bytes())
        except Unreadable as unreadable:
            sources[path] = unreadable.source
        except OSError:
            continue
    return sources


def _write_statistics(found: "list[Diagnostic]", results: "list[Checked]") -> None:
    from lintgrad.cli.output import write_lines
    from lintgrad.report.statistics import statistics

    write_lines(statistics(found, results))
