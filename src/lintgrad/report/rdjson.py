"""Diagnostics in the format of reviewdog, which counts columns in bytes of UTF-8.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

import json
from collections.abc import Iterator

from lintgrad.engine.diagnostics import Diagnostic, Range
from lintgrad.report.report import Report
from lintgrad.source.text import Location, Source

_SOURCE = {"name": "lintgrad", "url": "https://github.com/lintgrad/lintgrad"}


def as_rdjson(report: Report) -> Iterator[str]:
    """The lines of the report."""
    value = {
        "source": _SOURCE,
        "diagnostics": [_value(one, report) for one in report.diagnostics],
    }
    yield from json.dumps(value, indent=2, ensure_ascii=False).split("\n")


def _value(one: Diagnostic, report: Report) -> dict[str, object]:
    return {
        "message": one.message if one.help is None else f"{one.message}\n\nhelp: {one.help}",
        "location": _location(one.path, one.range, report),
        "severity": str(one.severity).upper(),
        "source": _SOURCE,
        "code": {"value": one.code, "url": one.url},
        "related_locations": [
            {
                "message": place.message,
                "location": _location(place.path, place.range, report),
            }
            for place in one.related
        ],
    }


def _location(path: str, range_: Range, report: Report) -> dict[str, object]:
    source = report.source(path)
    return {
        "path": report.named(path),
        "range": {
            "start": _position(range_.start, source),
            "end": _position(range_.end, source),
        },
    }


def _position(at: Location, source: Source | None) -> dict[str, int]:
    before = source.line(at.row)[: at.column - 1] if source is not None else ""
    more = len(before.encode(errors="surrogatepass")) - len(before)
    return {"line": at.row, "column": at.column + more}
