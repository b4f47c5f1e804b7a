"""Writing what came of a run: to the terminal, a pipe or a file."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lintgrad.cli.output import plain, terminal_width, write_texts
from lintgrad.cli.whole import write_whole

if TYPE_CHECKING:
    from rich.text import Text

    from lintgrad.cli.options import Options
    from lintgrad.project.configured import Project
    from lintgrad.project.outcome import Outcome


def write_outcome(project: "Project", found: "Outcome", options: "Options") -> None:
    """Write the report as it is asked for. Raises LintgradError if its file cannot be written."""
    if options["output_file"] is not None:
        _write_file(Path(options["output_file"]), _report(project, found, options, None))
    elif not options["quiet"]:
        write_texts(_report(project, found, options, terminal_width()))


def _write_file(path: Path, lines: "Iterable[str | Text]") -> None:
    text = "".join(f"{line}\n" for line in plain(lines))
    write_whole(path, text.encode(errors="backslashreplace"))


def _report(
    project: "Project", found: "Outcome", options: "Options", width: int | None
) -> "Iterable[str | Text]":
    """The lines of the report; a terminal has a width."""
    if options["statistics"]:
        from lintgrad.report.statistics import statistics

        return statistics(found.diagnostics, found.results)
    default = "concise" if width is None else "full"
    output_format = options["output_format"] or _settled_format(project, options) or default
    if output_format == "full":
        from lintgrad.report.full import full

        shown = dict.fromkeys(path for one in found.diagnostics for path in one.paths)
        sources = {path: project.source(path) for path in shown}
        known = {path: source for path, source in sources.items() if source is not None}
        return full(found.diagnostics, known, width)
    return _lines(output_format, project, found)


def _lines(output_format: str, project: "Project", found: "Outcome") -> "Iterable[str]":
    from lintgrad.report.formats import lines_of
    from lintgrad.report.report import Report
    from lintgrad.source.repository import called_from, root_above

    root = root_above(Path.cwd())
    run = {code for result in found.results for code in project.selection_for(result.path).codes}
    rules = tuple(rule for rule in project.rules if rule.code in run)
    report = Report(
        found.diagnostics,
        rules,
        lambda path: called_from(root, path),
        project.source,
        found.failures,
    )
    return lines_of(output_format, report)


def _settled_format(project: "Project", options: "Options") -> str | None:
    """What the settings of the folder that holds all paths say."""
    named = [*project.given] or list(options["paths"]) or ["."]
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in map(os.path.abspath, named)]  # noqa: PTH112, PTH120
    try:
        folder = os.path.commonpath(folders)
    except ValueError:  # on different drives
        folder = str(Path.cwd())
    return project.settings_of(folder).output_format
