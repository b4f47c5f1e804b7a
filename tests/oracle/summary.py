"""What only a whole run shows: what none of many calls on a line ever did."""

from collections import Counter
from collections.abc import Iterable, Iterator

from oracle.ledger import Account, Backward
from oracle.outcome import Line

Lost = dict[Line, list[Counter[Line]]]
"""For each step on a line: how many backward calls of which lines had been wiped since the last."""


def lost_of(accounts: Iterable[Account]) -> Counter[Line]:
    """How many backward calls have been wiped of the lines of which others are there still."""
    there = {one.backward.line for account in accounts for one in account.fresh}
    gone = {one.backward for account in accounts for one in account.wasted}
    return Counter(one.line for one in gone if one.line is not None and one.line in there)


def windows_cut_short(lost: Lost) -> Iterator[tuple[Line, Line]]:
    """The lines of steps that always lose as much of a backward, and the line of that.

    What is lost now and then may be meant: a batch that is left out for its loss, say. The first
    step of all has its own count of rounds before it, and does not matter.
    """
    for line, steps in lost.items():
        later = steps[1:]
        for cause in later[0] if len(later) > 1 else ():
            if len({one[cause] for one in later}) == 1:
                yield line, cause


def never_stepped(calls: Iterable[Backward]) -> Iterator[Line]:
    """The lines of several backward calls that filled what an optimizer holds that never steps."""
    for line, same in _by_line(calls).items():
        reached = [account for one in same for account in one.reached]
        if len(same) > 1 and any(one.owned and not one.steps for one in reached):
            yield line


def unused(calls: Iterable[Backward]) -> dict[Line, int]:
    """How many backward calls on each line no step has ever applied anything of."""
    counts = {line: sum(not one.used for one in same) for line, same in _by_line(calls).items()}
    return {line: count for line, count in counts.items() if count}


def _by_line(calls: Iterable[Backward]) -> dict[Line, list[Backward]]:
    found: dict[Line, list[Backward]] = {}
    for one in calls:
        if one.line is not None:
            found.setdefault(one.line, []).append(one)
    return found
