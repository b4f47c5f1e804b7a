"""The books of what clips gradients."""

import functools
import types
from collections.abc import Callable, Sequence
from typing import Any

from oracle.ledger import Account, Clip, Ledger, causes_of
from oracle.outcome import Harm, How, Line, Outcome, count


class Clips:
    """All the clips of a run."""

    def __init__(self, ledger: Ledger, outcome: Outcome) -> None:
        """Take the books to read and the record to write."""
        self._ledger = ledger
        self._outcome = outcome
        self._made: list[Clip] = []

    def watched(
        self, original: Callable[..., Any], here: Callable[[], Line | None]
    ) -> Callable[..., Any]:
        """A function of torch's that clips, which writes down what it does, and where."""

        @functools.wraps(original)
        def clip(parameters: Any, *args: Any, **kwargs: Any) -> Any:
            line = here()
            if hasattr(parameters, "grad"):
                parameters = [parameters]
            tensors = list(parameters)
            if line is not None:
                self._clipped([self._ledger.account(one) for one in tensors], line)
            again = (one for one in tensors)
            spent = isinstance(parameters, types.GeneratorType)
            return original(again if spent else tensors, *args, **kwargs)

        return clip

    def never_applied(self) -> Sequence[Line]:
        """The lines where no step ever applied what was clipped."""
        lines = {clip.line for clip in self._made}
        return sorted(lines - {clip.line for clip in self._made if clip.applied})

    def _clipped(self, accounts: list[Account], line: Line) -> None:
        count(self._outcome.clips, line)
        clip = Clip(line)
        self._made.append(clip)
        for account in accounts:
            account.observe()
            if account.fresh:
                account.clips.append(clip)
        scaled = [a for a in accounts if any(one.scaled for one in a.contents)]
        if scaled:
            causes = tuple(sorted(causes_of(scaled)))
            self._outcome.show(Harm("LG502", line, How.STEP, causes))
