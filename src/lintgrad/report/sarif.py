"""Diagnostics as SARIF 2.1.0, as GitHub code scanning reads it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
import re
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from lintgrad import __version__
from lintgrad.docs import page
from lintgrad.engine.diagnostics import Diagnostic, Range, RelatedPlace, url_of
from lintgrad.report.report import Report
from lintgrad.rule import Confidence, Rule, Severity

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_HOME = "https://github.com/lintgrad/lintgrad"
_ROOT = "%SRCROOT%"

FINGERPRINT = "lintgrad/v1"
"""The key of our own fingerprint; `primaryLocationLineHash` is GitHub's, and it recomputes that."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "recommendation",
}
_RANKS = {Confidence.HIGH: 90.0, Confidence.MEDIUM: 60.0, Confidence.LOW: 30.0}


def as_sarif(report: Report) -> Iterator[str]:
    """The lines of the report."""
    value = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    yield from json.dumps(value, indent=2, ensure_ascii=False).split("\n")


def _run(report: Report) -> dict[str, object]:
    numbers = {rule.code: number for number, rule in enumerate(report.rules)}
    return {
        "tool": {
            "driver": {
                "name": "lintgrad",
                "semanticVersion": __version__,
                "informationUri": _HOME,
                "rules": [_rule(rule) for rule in report.rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the repository."}},
        },
        "invocations": [
            {
                "executionSuccessful": not report.failures,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": failure}} for failure in report.failures
                ],
            }
        ],
        "results": [_result(one, numbers[one.code], report) for one in report.diagnostics],
    }


def _rule(rule: Rule) -> dict[str, object]:
    said = rule.docs.strip().split("\n\n## ")[0]
    return {
        "id": rule.code,
        "name": "".join(word.title() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{_plain(rule.summary)}."},
        "fullDescription": {"text": _plain(said)},
        "help": {"text": _plain(rule.docs.strip()), "markdown": page(rule)},
        "helpUri": url_of(rule.code, rule.name),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["pytorch", "gradients", "correctness"],
            "precision": "high",
            "problem.severity": _PROBLEMS[rule.severity],
        },
    }


def _plain(markdown: str) -> str:
    without_fences = re.sub(r"^```.*\n?", "", markdown, flags=re.MULTILINE)
    return without_fences.replace("`", "")


def _result(one: Diagnostic, number: int, report: Report) -> dict[str, object]:
    told = one.message if one.help is None else f"{one.message}.\n{one.help}"
    result: dict[str, object] = {
        "ruleId": one.code,
        "ruleIndex": number,
        "level": _LEVELS[one.severity],
        "message": {"text": told},
        "locations": [{"physicalLocation": _physical(one.path, one.range, report)}],
        "partialFingerprints": {FINGERPRINT: one.fingerprint},
        "rank": _RANKS[one.confidence],
        "properties": {"confidence": str(one.confidence)},
    }
    if one.related:
        result["relatedLocations"] = [
            {"id": i, **_location(place, report)} for i, place in enumerate(one.related, 1)
        ]
    story = [place for place in one.related if place.number is not None]
    if story:
        result["codeFlows"] = [
            {
                "message": {"text": "What happens, in order."},
                "threadFlows": [
                    {
                        "locations": [
                            {
                                "executionOrder": place.number,
                                "importance": "essential",
                                "location": _location(place, report),
                            }
                            for place in story
                        ]
                    }
                ],
            }
        ]
    return result


def _location(place: RelatedPlace, report: Report) -> dict[str, object]:
    return {
        "physicalLocation": _physical(place.path, place.range, report),
        "message": {"text": place.message},
    }


def _physical(path: str, range_: Range, report: Report) -> dict[str, object]:
    name = report.named(path)
    absolute = PurePath(name).is_absolute()
    outside: dict[str, object] = {"uri": PurePath(name).as_uri()} if absolute else {}
    inside: dict[str, object] = {"uri": quote(name, errors="replace"), "uriBaseId": _ROOT}
    return {
        "artifactLocation": outside or inside,
        "region": {
            "startLine": range_.start.row,
            "startColumn": range_.start.column,
            "endLine": range_.end.row,
            "endColumn": range_.end.column,
        },
    }
