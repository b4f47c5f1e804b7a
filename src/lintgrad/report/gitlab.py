"""Diagnostics as a Code Quality report of GitLab.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

import json
from collections.abc import Iterator

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.report.report import Report
from lintgrad.rule import Severity

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def as_gitlab(report: Report) -> Iterator[str]:
    """The lines of the report."""
    values = [_value(one, report) for one in report.diagnostics]
    yield from json.dumps(values, indent=2, ensure_ascii=False).split("\n")


def _value(one: Diagnostic, report: Report) -> dict[str, object]:
    start, end = one.range.start, one.range.end
    return {
        "description": f"{one.code}: {one.message}",
        "check_name": one.name,
        "fingerprint": one.fingerprint,
        "severity": _SEVERITIES[one.severity],
        "location": {
            "path": report.named(one.path),
            "positions": {
                "begin": {"line": start.row, "column": start.column},
                "end": {"line": end.row, "column": end.column},
            },
        },
    }
