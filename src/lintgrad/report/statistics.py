"""How many findings there are of each rule, and how much was understood."""

from collections import Counter
from collections.abc import Iterable, Iterator

from lintgrad.engine.diagnostics import Diagnostic


def statistics(
    diagnostics: Iterable[Diagnostic], files: int, functions: int, loops: int, gaps: int
) -> Iterator[str]:
    """The lines of the report: a count for each rule, most findings first, then what was read.

    `gaps` are the places in training code that were not understood.
    """
    counts = Counter((one.code, one.name) for one in diagnostics)
    for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:>5}  {code}  {name}"
    yield f"{files:>5}  files"
    yield f"{functions:>5}  functions with gradient events"
    yield f"{loops:>5}  loops in them"
    yield f"{gaps:>5}  places in them not understood (lintgrad trace shows them)"
