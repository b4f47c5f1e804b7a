"""How many findings there are of each rule, and how much was understood."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lintgrad.engine.check import Checked
from lintgrad.engine.diagnostics import Diagnostic

_MOST_REASONS = 10


def statistics(diagnostics: Iterable[Diagnostic], results: Sequence[Checked]) -> Iterator[str]:
    """The lines of the report: a count for each rule, most findings first, then what was read."""
    counts = Counter((one.code, one.name) for one in diagnostics)
    for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:>5}  {code}  {name}"
    yield f"{len(results):>5}  files"
    yield f"{sum(r.functions for r in results):>5}  functions with gradient events"
    yield f"{sum(r.understood for r in results):>5}  of them understood whole"
    merged = sum(r.merged for r in results)
    if merged:
        yield f"{merged:>5}  of them with too many paths to keep apart: some were merged"
    yield f"{sum(r.loops for r in results):>5}  loops in them"
    reasons = Counter(reason for result in results for reason in result.not_understood)
    yield f"{reasons.total():>5}  places in them not understood (lintgrad trace shows them)"
    shown = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:_MOST_REASONS]
    for reason, count in shown:
        yield f"{count:>9}  {reason}"
    if len(reasons) > _MOST_REASONS:
        rest = reasons.total() - sum(count for _, count in shown)
        yield f"{rest:>9}  others"
