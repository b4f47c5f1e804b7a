"""The formats for programs, by name: plain lines, the same wherever they are written to."""

from collections.abc import Iterator

from lintgrad.report.report import Report


def lines_of(output_format: str, report: Report) -> Iterator[str]:
    """The lines of a report in any format but `full`."""
    # Imported when asked for: each format has needs of its own.
    match output_format:
        case "concise":
            from lintgrad.report.concise import concise

            return concise(report.diagnostics)
        case "json":
            from lintgrad.report.json import as_json

            return as_json(report.diagnostics)
        case "jsonl":
            from lintgrad.report.json import as_json_lines

            return as_json_lines(report.diagnostics)
        case "github":
            from lintgrad.report.github import as_github

            return as_github(report)
        case "gitlab":
            from lintgrad.report.gitlab import as_gitlab

            return as_gitlab(report)
        case "junit":
            from lintgrad.report.junit import as_junit

            return as_junit(report)
        case "rdjson":
            from lintgrad.report.rdjson import as_rdjson

            return as_rdjson(report)
        case "sarif":
            from lintgrad.report.sarif import as_sarif

            return as_sarif(report)
    raise ValueError(output_format)
