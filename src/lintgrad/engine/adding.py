"""Ignore comments written for findings, so that a project with many can begin clean."""

from collections import defaultdict
from collections.abc import Iterable

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.engine.ignores import OWN, Verb
from lintgrad.source.comments import layout_of
from lintgrad.source.text import Source


def with_ignores(
    source: Source, found: Iterable[Diagnostic], reason: str
) -> tuple[str, list[Diagnostic]]:
    """The text of a source with comments that silence diagnostics, and which those are.

    No comment silences a diagnostic that is in no statement, such as a syntax error.
    """
    layout = layout_of(source)
    codes: dict[int, set[str]] = defaultdict(set)
    silenced: list[Diagnostic] = []
    for one in found:
        statement = layout.statement_at(one.range.start.row)
        if statement is not None:
            silenced.append(one)
            # Only the last row of a statement surely has room for a comment: others may end in
            # a string or a backslash.
            codes[statement.last].add(one.code)
    lines = source.text
    for row in sorted(codes, reverse=True):
        start = source.offset_of_row(row)
        old = source.line(row)
        lines = lines[:start] + _ignoring(old, codes[row], reason) + lines[start + len(old) :]
    return lines, silenced


def _ignoring(line: str, codes: set[str], reason: str) -> str:
    existing = [
        own
        for own in OWN.finditer(line)
        if own["verb"].lower() == Verb.IGNORE.value and own["names"] is not None
    ]
    if existing:
        match = existing[-1]
        names = [name.strip() for name in match["names"].split(",") if name.strip()]
        names += sorted(codes - set(names))
        return f"{line[: match.start('names')]}{', '.join(names)}{line[match.end('names') :]}"
    asked = f"# lintgrad: ignore[{', '.join(sorted(codes))}] {reason}".rstrip()
    return f"{line.rstrip()}  {asked}"
