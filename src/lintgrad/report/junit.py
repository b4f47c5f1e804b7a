"""Diagnostics as a JUnit report: a suite for every file, a failed case for every diagnostic."""

from collections.abc import Iterator
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.report.report import Report


def as_junit(report: Report) -> Iterator[str]:
    """The lines of the report. Without a diagnostic there is one case, which passes."""
    root = Element("testsuites", name="lintgrad")
    for path, found in groupby(report.diagnostics, key=lambda one: one.path):
        _suite(root, report.named(path), list(found))
    if not report.diagnostics:
        suite = SubElement(root, "testsuite", name="lintgrad", tests="1", failures="0", errors="0")
        SubElement(suite, "testcase", name="nothing found", classname="lintgrad", time="0")
    total = str(len(report.diagnostics) or 1)
    root.attrib |= {"tests": total, "failures": str(len(report.diagnostics)), "errors": "0"}
    indent(root)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield from _valid(tostring(root, encoding="unicode")).split("\n")


def _suite(root: Element, path: str, found: list[Diagnostic]) -> None:
    count = str(len(found))
    suite = SubElement(root, "testsuite", name=path, tests=count, failures=count, errors="0")
    for one in found:
        start = one.range.start
        case = SubElement(
            suite,
            "testcase",
            name=f"{one.code} {one.name} ({start.row}:{start.column})",
            classname=path,
            file=path,
            line=str(start.row),
            time="0",
        )
        failure = SubElement(case, "failure", type=one.code, message=one.message)
        failure.text = "\n".join(_told(one))


def _told(one: Diagnostic) -> Iterator[str]:
    start = one.range.start
    yield f"{one.path}:{start.row}:{start.column}: {one.message}"
    for place in one.related:
        number = f"{place.number} " if place.number is not None else ""
        yield f"{place.path}:{place.range.start.row}: {number}{place.message}"
    if one.help is not None:
        yield f"help: {one.help}"
    yield f"why: {one.url}"


def _valid(text: str) -> str:
    """The text without the characters that XML has no way of saying."""
    return "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in text)
