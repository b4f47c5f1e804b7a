"""`lintgrad check`."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from lintgrad.cli.options import CheckCommand, Options, Word, complete_rule, split
from lintgrad.errors import LintgradError
from lintgrad.settings.keys import CONFIDENCES, OUTPUT_FORMATS

if TYPE_CHECKING:
    from lintgrad.engine.check import Checked
    from lintgrad.engine.diagnostics import Diagnostic
    from lintgrad.engine.run import File
    from lintgrad.project.configured import Project
    from lintgrad.project.outcome import Outcome
    from lintgrad.settings.values import Asked

_PATIENCE = 1.0
"""Seconds of work after which a terminal is shown a progress bar."""

_STDIN = "-"


@click.command(cls=CheckCommand)
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=click.Path())
@click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    shell_complete=complete_rule,
    help="Run only these rules: codes, names, prefixes of codes, separated by commas.",
)
@click.option(
    "--extend-select",
    multiple=True,
    metavar="RULES",
    shell_complete=complete_rule,
    help="Run these rules too.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULES",
    shell_complete=complete_rule,
    help="Do not run these rules.",
)
@click.option(
    "--confidence",
    type=Word(CONFIDENCES),
    help="The least confidence to report; medium unless configured.",
)
@click.option("--pedantic", is_flag=True, help="Report what depends on intent, too.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERNS",
    help="Leave out these files and folders (patterns as in a .gitignore) instead of the "
    "configured ones, or of .venv, build and the like.",
)
@click.option("--extend-exclude", multiple=True, metavar="PATTERNS", help="Leave out these, too.")
@click.option(
    "--force-exclude",
    is_flag=True,
    help="Leave out what is excluded even if it is named itself, as pre-commit does.",
)
@click.option(
    "--stdin-filename",
    metavar="FILE",
    help="What to call the text that is read for `-`; its settings hold.",
)
@click.option("--show-files", is_flag=True, help="List the files that would be checked.")
@click.option("--show-settings", is_flag=True, help="Show the settings that hold, and where from.")
@click.option(
    "--diff-base",
    metavar="REV",
    help="Report only what touches a line changed since this git revision.",
)
@click.option(
    "--baseline", metavar="FILE", type=click.Path(), help="Leave out the findings in this file."
)
@click.option(
    "--write-baseline",
    metavar="FILE",
    type=click.Path(),
    help="Write the findings to a file for --baseline instead of reporting them.",
)
@click.option(
    "--add-ignores",
    metavar="[=REASON]",
    help="Write ignore comments for the findings into the code instead of reporting them.",
)
@click.option(
    "--output-format",
    type=Word(OUTPUT_FORMATS),
    help="How to report: full on a terminal, otherwise concise.",
)
@click.option(
    "--output-file", metavar="FILE", type=click.Path(), help="Write the report to a file."
)
@click.option("--statistics", is_flag=True, help="Count findings and what was understood, instead.")
@click.option("--quiet", "-q", is_flag=True, help="Print no report; the exit status tells.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if something is found.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Processes to use; all cores if not given."
)
def check(**options: Unpack[Options]) -> int:
    """Check files.

    Without PATHS, the Python files below the working folder are checked; `-` stands for the
    standard input.

    \b
    lintgrad check src train.py
    lintgrad check --select LG1 --output-format json
    lintgrad check --diff-base origin/main
    lintgrad check - --stdin-filename train.py < train.py

    Exit status: 0 if nothing was found, 1 if something was, 2 if lintgrad could not run.
    """
    from lintgrad.cli import actions
    from lintgrad.cli.output import prepare
    from lintgrad.cli.writing import write_outcome
    from lintgrad.project.configured import configured
    from lintgrad.project.outcome import outcome
    from lintgrad.registry import installed_rules

    prepare()
    _check_together(options)
    given = _given(options)
    project = configured(installed_rules(), _asked(options), given)
    files = _files(project, options)
    if options["show_files"] or options["show_settings"]:
        actions.show(project, files, options)
        return 0
    found = outcome(project, _results(project, files, options), _left(options))
    if options["write_baseline"] is not None:
        actions.write_baseline(found.diagnostics, Path(options["write_baseline"]))
    elif options["add_ignores"] is not None:
        found = actions.add_ignores(project, found, options["add_ignores"])
        write_outcome(project, found, options)
    else:
        write_outcome(project, found, options)
    return _status(found, options)


_APART = (
    ("--write-baseline", "--baseline"),
    ("--write-baseline", "--add-ignores"),
    ("--write-baseline", "--statistics"),
    ("--show-files", "--show-settings"),
    ("--statistics", "--output-format"),
)
"""Options of which one would leave the other nothing to do."""


def _check_together(options: Options) -> None:
    """Raise LintgradError for options that have no meaning together."""
    used = (name for name, value in options.items() if value not in (None, False))
    given = {f"--{name.replace('_', '-')}" for name in used}
    for one, other in _APART:
        if {one, other} <= given:
            raise LintgradError(f"{one} and {other} cannot be combined")
    reason = options["add_ignores"]
    if reason is not None and len(reason.splitlines()) > 1:
        raise LintgradError("--add-ignores takes a reason of one line: it goes into a comment")


def _status(found: "Outcome", options: Options) -> int:
    for failure in found.failures:
        click.echo(f"lintgrad: {failure}", err=True)
    if found.failures:
        return 2
    reported = found.diagnostics and options["write_baseline"] is None
    return 1 if reported and not options["exit_zero"] else 0


def _asked(options: Options) -> "Asked":
    from lintgrad.rule import Confidence
    from lintgrad.settings.values import Asked

    confidence = options["confidence"]
    return Asked(
        select=split(options["select"]),
        extend_select=split(options["extend_select"]),
        ignore=split(options["ignore"]),
        exclude=split(options["exclude"]) or None,
        extend_exclude=split(options["extend_exclude"]),
        confidence=Confidence[confidence.upper()] if confidence else None,
        pedantic=True if options["pedantic"] else None,
        output_format=options["output_format"],
    )


def _given(options: Options) -> dict[str, bytes]:
    """The standard input under the name that it goes by, if it is asked for."""
    if _STDIN not in options["paths"]:
        if options["stdin_filename"] is not None:
            raise LintgradError("--stdin-filename names the text that is read for the path `-`")
        return {}
    if len(options["paths"]) > 1:
        raise LintgradError("`-` stands alone: no other path can be checked with it")
    if options["add_ignores"] is not None:
        raise LintgradError("--add-ignores writes into files, and `-` is none")
    return {options["stdin_filename"] or "<stdin>": sys.stdin.buffer.read()}


def _files(project: "Project", options: Options) -> "list[File]":
    from lintgrad.engine.run import File
    from lintgrad.project.files import Named, files_of, is_excluded

    named = Named.LEFT_OUT if options["force_exclude"] else Named.CHECKED
    if project.given:
        left_out = options["force_exclude"] and is_excluded(project, *project.given)
        return [] if left_out else [File(path, named=True) for path in project.given]
    return files_of(project, options["paths"] or (".",), named)


def _left(options: Options) -> "Callable[[Diagnostic], bool]":
    """What is left of the findings by what is known already, and by what has changed."""
    from lintgrad.engine.baseline import known_fingerprints
    from lintgrad.engine.changes import changes_since

    file = options["baseline"]
    known = known_fingerprints(Path(file)) if file is not None else frozenset()
    if options["diff_base"] is None:
        return lambda one: one.fingerprint not in known
    changes = changes_since(options["diff_base"], Path.cwd())
    return lambda one: one.fingerprint not in known and changes.touch(one)


def _results(project: "Project", files: "list[File]", options: Options) -> "Iterator[Checked]":
    from lintgrad.engine.run import available_cores
    from lintgrad.project.outcome import results_of

    results = results_of(project, files, options["jobs"] or available_cores())
    if options["quiet"] or not sys.stderr.isatty():
        return results
    return _with_progress(results, len(files))


def _with_progress(results: "Iterator[Checked]", total: int) -> "Iterator[Checked]":
    """The results, with a progress bar once they take their time."""
    started = time.monotonic()
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
