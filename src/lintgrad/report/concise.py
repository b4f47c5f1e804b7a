"""One line a diagnostic: `path:row:column: CODE message`."""

from collections.abc import Iterable, Iterator

from lintgrad.engine.diagnostics import Diagnostic


def concise(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """The lines of the report."""
    for one in diagnostics:
        start = one.range.start
        yield f"{one.path}:{start.row}:{start.column}: {one.code} {one.message}"
