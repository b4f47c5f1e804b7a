"""Composes programs by the thousand, and compares what torch shows with what lintgrad says.

    PYTHONPATH=tests python -m oracle.sweep [--jobs N] COUNT SEED [FOLDER]

prints how many programs agree, how many are false alarms and how many are missed alarms of which
kind. With a folder, some false alarms of every message and one missed alarm of each kind are made
small and written there. The exit status is 1 if there is a false alarm.
"""

import argparse
import ast
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from oracle.compose.program import Composed, compose
from oracle.limits import limit_of
from oracle.runner import Oracle
from oracle.shrink import shrunk
from oracle.verdict import Alarm, Judgement, Verdict, judged
from oracle.workers import Workers

MOST_OF_A_KIND = 3
_QUOTED = re.compile(r"`[^`]*`")
IN_ANOTHER_FILE = "in another file"


@dataclass
class Tally:
    """The counts of a sweep."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    visible: int = 0
    """Programs with harm where everything stands in one file."""
    missed_visible: int = 0
    unnamed: int = 0
    """Those of them with a missed alarm that no known limit of a rule names."""
    false: list[Judgement] = field(default_factory=list)
    examples: dict[str, Judgement] = field(default_factory=dict)
    """A missed alarm of each kind."""

    def add(self, judgement: Judgement) -> None:
        """Count a program."""
        verdict = judgement.verdict
        self.verdicts[verdict] += 1
        self.kinds.update(judgement.kinds)
        if verdict is Verdict.FALSE:
            self.false.append(judgement)
        for kind in judgement.kinds:
            self.examples.setdefault(kind, judgement)
        if IN_ANOTHER_FILE not in judgement.program.tags:
            self.visible += verdict in (Verdict.HARM, Verdict.MISSED)
            self.missed_visible += verdict is Verdict.MISSED
            self.unnamed += verdict is Verdict.MISSED and bool(judgement.unnamed)

    @property
    def programs(self) -> int:
        """How many programs ran."""
        return sum(self.verdicts.values()) - self.verdicts[Verdict.BROKEN]

    def lines(self) -> Iterator[str]:
        """The counts, to be printed."""
        yield f"{self.programs} programs ran"
        for verdict in Verdict:
            yield f"{self.verdicts[verdict]:7} {verdict}"
        yield f"programs with harm where all is in one file: {self.visible}"
        for count, which in ((self.missed_visible, ""), (self.unnamed, ", by no known limit")):
            share = 100 * count / max(1, self.visible)
            yield f"{count:7} with harm that is missed{which} ({share:.1f} %)"
        for kind, count in self.kinds.most_common():
            limit = limit_of(*kind.split(maxsplit=1))
            named = "" if limit is None else f' (known limit: "{limit}")'
            yield f"{count:7} missed: {kind}{named}"


def judgements(oracle: Oracle, count: int, seed: str) -> Iterator[Judgement]:
    """Every program of a seed with its verdicts."""
    return (judgement_of(one, oracle) for one in seeds_of(count, seed))


def seeds_of(count: int, seed: str) -> list[str]:
    """The seed of each program."""
    return [f"{seed}:{number}" for number in range(count)]


def judgement_of(seed: str, oracle: Oracle) -> Judgement:
    """The verdicts on the program of a seed."""
    return judged(compose(seed), oracle)


def smallest(judgement: Judgement, oracle: Oracle) -> Judgement:
    """The same disagreement in a program as small as can be."""
    wanted = _what(judgement)
    best = judgement

    def still(text: str) -> bool:
        nonlocal best
        other = judged(judgement.program.with_text(text), oracle)
        if other.outcome.broken or not wanted & _what(other):
            return False
        best = other
        return True

    shrunk(ast.unparse(ast.parse(judgement.program.text)) + "\n", still)
    return best


def _what(judgement: Judgement) -> set[str]:
    """What a disagreement is about: what is said of nothing, or not said of harm."""
    if judgement.false:
        return {_said(alarm) for alarm in judgement.false}
    return {f"missed {harm.code} by {harm.how}" for harm in judgement.missed}


def _said(alarm: Alarm) -> str:
    return f"{alarm.code} {_QUOTED.sub('', alarm.message)}"


def described(judgement: Judgement) -> str:
    """A program with what is wrong about it, as a file to keep."""
    program = judgement.program
    lines = [f"# seed {program.seed}: {', '.join(program.tags)}"]
    lines += [f"# false alarm: {one}" for one in judgement.false]
    lines += [f"# missed alarm: {one}" for one in judgement.missed]
    return "\n".join([*lines, *_texts(program)])


def _texts(program: Composed) -> Iterator[str]:
    for name, text in program.files.items():
        yield f"# {name}"
        yield text


def main() -> int:
    """Run a sweep."""
    parser = argparse.ArgumentParser("oracle.sweep")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("count", type=int)
    parser.add_argument("seed")
    parser.add_argument("folder", type=Path, nargs="?")
    wanted = parser.parse_args()
    tally = Tally()
    with Workers(wanted.jobs) as workers:
        found = workers.each(judgement_of, seeds_of(wanted.count, wanted.seed))
        for number, judgement in enumerate(found, 1):
            tally.add(judgement)
            for alarm in judgement.false:
                print(f"false alarm, seed {judgement.program.seed}: {alarm}", flush=True)
            if number % 500 == 0 or number == wanted.count:
                print("\n".join([f"... {number}", *tally.lines()]), flush=True)
        if wanted.folder is not None:
            _keep(wanted.folder, tally, workers)
    return 1 if tally.false else 0


def _keep(folder: Path, tally: Tally, workers: Workers) -> None:
    """Write small counterexamples."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong = [*_apart(tally.false), *tally.examples.values()]
    for small in workers.each(smallest, wrong):
        kind = "false" if small.false else "missed"
        name = f"{kind}-{small.program.seed.replace(':', '-')}.py"
        (folder / name).write_text(described(small), encoding="utf-8")


def _apart(found: list[Judgement]) -> list[Judgement]:
    """The shortest few of the false alarms with each message, whatever the names in it."""
    kinds: dict[str, list[Judgement]] = {}
    for one in sorted(found, key=lambda one: len(one.program.text)):
        alarm = one.false[0]
        kinds.setdefault(_said(alarm), []).append(one)
    return [one for same in kinds.values() for one in same[:MOST_OF_A_KIND]]


if __name__ == "__main__":
    sys.exit(main())
