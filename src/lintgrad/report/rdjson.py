"""Diagnostics in the format of reviewdog.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

import json
from collections.abc import Iterator

from lintgrad.engine.diagnostics import Diagnostic, Range
from lintgrad.report.report import Report

_SOURCE = {"name": "lintgrad", "url": "https://github.com/lintgrad/lintgrad"}


def as_rdjson(report: Report) -> Iterator[str]:
    """The lines of the report."""
    value = {
        "source": _SOURCE,
        # reviewdog's highest severity of the whole; each diagnostic has its own.
        "severity": "WARNING",
        "diagnostics": [_value(one, report) for one in report.diagnostics],
    }
    yield from json.dumps(value, indent=2, ensure_ascii=False).split("\n")


def _value(one: Diagnostic, report: Report) -> dict[str, object]:
    return {
        "message": one.message if one.help is None else f"{one.message}\n\nhelp: {one.help}",
        "location": _location(report.named(one.path), one.range),
        "severity": str(one.severity).upper(),
        "source": _SOURCE,
        "code": {"value": one.code, "url": one.url},
        "related_locations": [
            {
                "message": place.message,
                "location": _location(report.named(place.path), place.range),
            }
            for place in one.related
        ],
    }


def _location(path: str, range_: Range) -> dict[str, object]:
    start, end = range_.start, range_.end
    return {
        "path": path,
        "range": {
            "start": {"line": start.row, "column": start.column},
            "end": {"line": end.row, "column": end.column},
        },
    }
