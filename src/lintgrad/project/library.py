"""lintgrad as a library: text or paths in, diagnostics out."""

import os
import warnings
from collections.abc import Iterable

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.engine.run import File, available_cores
from lintgrad.project.configured import Project, configured, unconfigured
from lintgrad.project.files import files_of
from lintgrad.project.outcome import outcome, results_of
from lintgrad.registry import installed_rules
from lintgrad.rule import Confidence
from lintgrad.settings.values import Asked
from lintgrad.source.load import encoded


def check_source(
    text: str,
    filename: str = "<text>",
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    confidence: Confidence = Confidence.MEDIUM,
) -> list[Diagnostic]:
    """What is wrong with a program, in the order of its lines; the filename only names it.

    Nothing is read from the disk, so that configuration files do not count; comments do.
    Raises LintgradError for an unknown rule.
    """
    asked = Asked(select=tuple(select), ignore=tuple(ignore), confidence=confidence)
    project = unconfigured(installed_rules(), asked, {filename: encoded(text)})
    return _diagnostics(project, [File(filename, named=True)], 1)


def check_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    confidence: Confidence | None = None,
    jobs: int | None = None,
) -> list[Diagnostic]:
    """What is wrong with files and with the Python files below folders, as `lintgrad check` says.

    Settings come from the files' own configuration; what is asked for here goes before. Raises
    LintgradError for a path that is not there, an unknown rule or wrong settings.
    """
    asked = Asked(select=tuple(select), ignore=tuple(ignore), confidence=confidence)
    project = configured(installed_rules(), asked)
    files = files_of(project, [os.fspath(path) for path in paths])
    return _diagnostics(project, files, jobs or available_cores())


def _diagnostics(project: Project, files: list[File], jobs: int) -> list[Diagnostic]:
    found = outcome(project, results_of(project, files, jobs))
    for failure in found.failures:
        warnings.warn(failure, RuntimeWarning, stacklevel=3)
    return list(found.diagnostics)
