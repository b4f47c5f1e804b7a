"""Writing what came of a run: to the terminal, a pipe or a file."""

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lintgrad.cli.output import terminal_width, write_lines, write_texts
from lintgrad.errors import LintgradError

if TYPE_CHECKING:
    from lintgrad.cli.options import Options
    from lintgrad.project.configured import Project
    from lintgrad.project.outcome import Outcome


def write_outcome(project: "Project", found: "Outcome", options: "Options") -> None:
    """Write the report as it is asked for. Raises LintgradError if its file cannot be written."""
    if options["output_file"] is None:
        if not options["quiet"]:
            _write(project, found, options)
        return
    before, sys.stdout = sys.stdout, io.StringIO()
    try:
        _write(project, found, options)
        text = sys.stdout.getvalue()
    finally:
        sys.stdout = before
    path = Path(options["output_file"])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise LintgradError(f"{path}: {error.strerror}") from None


def _write(project: "Project", found: "Outcome", options: "Options") -> None:
    if options["statistics"]:
        from lintgrad.report.statistics import statistics

        write_lines(statistics(found.diagnostics, found.results))
        return
    output_format = options["output_format"] or _configured_format(project, options)
    if output_format == "full":
        from lintgrad.report.full import full

        shown = dict.fromkeys(path for one in found.diagnostics for path in one.paths)
        sources = {path: project.source(path) for path in shown}
        known = {path: source for path, source in sources.items() if source is not None}
        write_texts(full(found.diagnostics, known, terminal_width()))
    else:
        _write_lines(output_format, project, found)


def _write_lines(output_format: str, project: "Project", found: "Outcome") -> None:
    from lintgrad.report.formats import lines_of
    from lintgrad.report.report import Report
    from lintgrad.source.repository import called_from, root_above

    root = root_above(Path.cwd())
    run = {code for result in found.results for code in project.selection_for(result.path).codes}
    rules = tuple(rule for rule in project.rules if rule.code in run)
    report = Report(found.diagnostics, rules, lambda path: called_from(root, path), found.failures)
    write_lines(lines_of(output_format, report))


def _configured_format(project: "Project", options: "Options") -> str:
    """What the settings of the folder that holds all paths say, or else what suits the output."""
    named = [*project.given] or list(options["paths"]) or ["."]
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in map(os.path.abspath, named)]  # noqa: PTH112, PTH120
    try:
        folder = os.path.commonpath(folders)
    except ValueError:  # on different drives
        folder = str(Path.cwd())
    return project.settings_of(folder).output_format or (
        "full" if sys.stdout.isatty() else "concise"
    )
