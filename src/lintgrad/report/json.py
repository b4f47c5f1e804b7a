"""Diagnostics as JSON: the contract that other programs build on."""

import json
from collections.abc import Iterable, Iterator

from lintgrad.engine.diagnostics import Diagnostic, Range
from lintgrad.source.text import Location


def as_json(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """The lines of the report: one array."""
    values = [diagnostic_value(one) for one in diagnostics]
    yield from json.dumps(values, indent=2, ensure_ascii=False).split("\n")


def as_json_lines(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """The lines of the report: one value a line."""
    for one in diagnostics:
        yield json.dumps(diagnostic_value(one), ensure_ascii=False)


def diagnostic_value(one: Diagnostic) -> dict[str, object]:
    """One diagnostic as plain values. Rows and columns count from 1."""
    return {
        "code": one.code,
        "name": one.name,
        "severity": str(one.severity),
        "confidence": str(one.confidence),
        "message": one.message,
        "filename": one.path,
        "cell": None,
        **range_value(one.range),
        "related": [
            {"message": place.message, "filename": place.path, **range_value(place.range)}
            for place in one.related
        ],
        "fix": None,
        "url": one.url,
        "fingerprint": one.fingerprint,
    }


def range_value(range_: Range) -> dict[str, object]:
    """A range as plain values, as the contract has it."""
    return {"location": _location(range_.start), "end_location": _location(range_.end)}


def _location(location: Location) -> dict[str, int]:
    return {"row": location.row, "column": location.column}
