"""Diagnostics as workflow commands, which GitHub shows as annotations of a change.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.report.report import Report
from lintgrad.rule import Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_github(report: Report) -> Iterator[str]:
    """The lines of the report."""
    for one in report.diagnostics:
        start, end = one.range.start, one.range.end
        properties = {
            "title": f"{one.code} {one.name}",
            "file": report.named(one.path),
            "line": str(start.row),
            "endLine": str(end.row),
            # Columns are only shown for a range within one line.
            **({"col": str(start.column)} if start.row == end.row else {}),
            **({"endColumn": str(end.column)} if start.row == end.row else {}),
        }
        told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        yield f"::{_COMMANDS[one.severity]} {told}::{_text(_message(one))}"


def _message(one: Diagnostic) -> str:
    """What a person reads at the annotated line: the message, the story in order, what to do."""
    lines = [one.message]
    for place in one.related:
        at = f"line {place.range.start.row}"
        where = at if place.path == one.path else f"{place.path}, {at}"
        number = f"{place.number}. " if place.number is not None else ""
        lines.append(f"{number}{where}: {place.message}")
    if one.help is not None:
        lines.append(f"help: {one.help}")
    return "\n".join(lines)


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
