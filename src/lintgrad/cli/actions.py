"""What `lintgrad check` does instead of reporting: showing what holds, and writing ignores."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lintgrad.cli.output import write_lines
from lintgrad.cli.whole import write_whole
from lintgrad.engine.adding import with_ignores
from lintgrad.engine.baseline import baseline
from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.errors import LintgradError
from lintgrad.project.configured import Project, folder_of
from lintgrad.project.outcome import Outcome
from lintgrad.settings.shown import shown
from lintgrad.source.load import reencoded
from lintgrad.source.repository import called_from, root_above

if TYPE_CHECKING:
    from lintgrad.cli.options import Options
    from lintgrad.engine.run import File


def show(project: Project, files: "Sequence[File]", options: "Options") -> None:
    """List the files, or the settings that hold for them."""
    if options["show_files"]:
        write_lines(file.path for file in files)
        return
    folders = [folder_of(file.path) for file in files]
    by_settings = {project.settings_of(folder): folder for folder in folders or [str(Path.cwd())]}
    for settings, folder in by_settings.items():
        codes = sorted(project.selection_of(settings).codes)
        write_lines(shown(settings, codes, project.excludes_of(folder).patterns))


def write_baseline(found: Iterable[Diagnostic], file: Path) -> None:
    """Write a baseline file. Raises LintgradError if it cannot be written."""
    root = root_above(Path.cwd())
    known = list(found)
    text = baseline(known, lambda path: called_from(root, path))
    write_whole(file, text.encode(errors="backslashreplace"))
    click.echo(f"lintgrad: {_counted(len(known), 'finding')} written to {file}", err=True)


def add_ignores(project: Project, found: Outcome, reason: str) -> Outcome:
    """Write ignore comments for findings; what is left are those that no comment can silence."""
    of_code = {rule.code for rule in project.rules if rule.check_flow is not None}
    left: list[Diagnostic] = []
    new: dict[str, bytes] = {}
    added = 0
    for path, group in groupby(found.diagnostics, key=lambda one: one.path):
        diagnostics = list(group)
        wanted = [one for one in diagnostics if one.code in of_code]
        source, contents = project.source(path), project.contents(path)
        text, silenced = with_ignores(source, wanted, reason) if source is not None else ("", [])
        if silenced and contents is not None:
            new[path] = _reencoded(path, text, contents)
        left += [one for one in diagnostics if one not in silenced]
        added += len(silenced)
    for path, contents in new.items():
        write_whole(Path(path), contents)
    click.echo(f"lintgrad: ignores added for {_counted(added, 'finding')}", err=True)
    return replace(found, diagnostics=tuple(left))


def _reencoded(path: str, text: str, before: bytes) -> bytes:
    """The bytes of a changed text. Raises LintgradError if its encoding has not all of it."""
    try:
        return reencoded(text, before)
    except UnicodeEncodeError as error:
        lacking = text[error.start : error.end]
        message = f"{path}: its encoding, {error.encoding}, has no {lacking!r}: nothing is written"
        raise LintgradError(message) from None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
