"""What came of one run of a program: the harm that was seen, and what could not be seen."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Line(NamedTuple):
    """A line of one of a program's files."""

    file: str
    row: int


class How(StrEnum):
    """In which way a harm was done, where that matters for what a static rule could know."""

    STEP = "step"
    CLOSURE = "closure"
    """The optimizer ran the backward itself, through a closure."""
    HAND = "hand"
    """Parameters were changed without any optimizer: the row is that of the next backward."""
    FOREIGN = "foreign"
    """What was wiped came from backward calls that other optimizers' steps applied."""
    RAISED = "raised"
    """Torch raised an exception that nothing caught, and the run ended there."""
    CHANGED = "changed"
    """Torch raised, because something has changed what a backward needs."""
    WARNED = "warned"


@dataclass(frozen=True)
class Harm:
    """A wrong use of gradients that happened, named by the rule that should tell of it.

    LG101: a step applied contributions that an earlier step had applied, together with new ones.
    LG102: a step found nothing, because a clear had wiped what no step had used.
    LG103: each time a step applied what a backward's line made, as many others of it were wiped.
    LG301: no step on a line ever found anything.
    LG302: some of what the backward calls on a line made was for an optimizer that never stepped.
    LG309: a step applied nothing but contributions that an earlier step had applied.
    LG501: no step ever applied anything new that a clip on a line had clipped.
    LG502: a clip found gradients that were still multiplied by the loss scale.
    LG701: a step applied, with its own, a contribution that another optimizer's step was there for.

    What `told` knows of the exceptions and warnings of torch's own comes to this too.
    """

    code: str
    line: Line
    how: How = How.STEP
    causes: tuple[Line, ...] = ()
    """The backward calls whose contributions it is about."""

    def __str__(self) -> str:
        causes = ", ".join(str(cause.row) for cause in self.causes)
        of = f" (backward {causes})" if causes else ""
        return f"{self.code} at {self.line.file}:{self.line.row} by {self.how}{of}"


@dataclass(frozen=True)
class Failure:
    """An exception that ended the program, or one call of its functions."""

    kind: str
    message: str
    line: Line | None


@dataclass
class Outcome:
    """The record of a run."""

    harms: list[Harm] = field(default_factory=list)
    steps: dict[Line, int] = field(default_factory=dict)
    """How often a step was made on a line."""
    backwards: dict[Line, int] = field(default_factory=dict)
    empty_steps: dict[Line, int] = field(default_factory=dict)
    """How often a step found nothing on a line, where nothing had been wiped."""
    wiped: dict[Line, int] = field(default_factory=dict)
    """How often what a backward on a line had made was wiped before any step could use it."""
    rebuilt: dict[Line, int] = field(default_factory=dict)
    """How often an optimizer was built on a line for what another one had moved already."""
    wasted: int = 0
    """Steps that found something, though other contributions had been wiped unused before."""
    clips: dict[Line, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    caught: list[Line] = field(default_factory=list)
    """Backward calls that raised for want of a scalar, where the program caught the error."""
    timed_out: bool = False
    calls: int = 0
    """How many calls with stand-ins were made."""
    lines: dict[Line, int] = field(default_factory=dict)
    """How often each branch was taken, by its first row; see `marks`."""
    chosen: list[Harm] = field(default_factory=list)
    """Harm that one setting of the program brings and another does not: it may be meant."""

    @property
    def broken(self) -> bool:
        """Whether the run ended early for a reason that is no harm the oracle judges."""
        return self.timed_out or bool(self.failures)

    def show(self, harm: Harm) -> None:
        """Write down a harm, once a line and way."""
        same = (harm.code, harm.line, harm.how)
        if all((known.code, known.line, known.how) != same for known in self.harms):
            self.harms.append(harm)

    def harms_of(self, code: str) -> list[Harm]:
        """The harms that a rule should tell of."""
        return [harm for harm in self.harms if harm.code == code]

    def doubts(self) -> list[str]:
        """Why this run alone cannot tell that the program is right."""
        found = [f"{one.kind}: {one.message}" for one in self.failures]
        if self.timed_out:
            found.append("ran out of time")
        if not self.backwards:
            found.append("no backward ran")
        if not self.steps:
            found.append("no step ran")
        found += [f"only one step on line {at.row}" for at, n in self.steps.items() if n == 1]
        if self.wasted:
            found.append("contributions were thrown away before a step: intent unknown")
        return found


def count(counts: dict[Line, int], line: Line) -> None:
    """Count once more what happens on a line."""
    counts[line] = counts.get(line, 0) + 1


_COUNTS = ("steps", "backwards", "lines", "empty_steps", "wiped", "rebuilt", "clips")


def to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain JSON values."""
    plain = asdict(outcome)
    for name in _COUNTS:
        plain[name] = [[*line, count] for line, count in getattr(outcome, name).items()]
    return plain


def from_json(plain: dict[str, Any]) -> Outcome:
    """The outcome that was made plain."""
    return Outcome(
        harms=[
            Harm(h["code"], Line(*h["line"]), How(h["how"]), _lines(h["causes"]))
            for h in plain["harms"]
        ],
        **{name: _counts(plain[name]) for name in _COUNTS},
        wasted=plain["wasted"],
        failures=[
            Failure(f["kind"], f["message"], Line(*f["line"]) if f["line"] else None)
            for f in plain["failures"]
        ],
        warnings=plain["warnings"],
        caught=list(_lines(plain["caught"])),
        timed_out=plain["timed_out"],
        calls=plain["calls"],
        chosen=[],  # one run has one setting
    )


def _lines(plain: Iterable[Any]) -> tuple[Line, ...]:
    return tuple(Line(*one) for one in plain)


def _counts(plain: Iterable[Any]) -> dict[Line, int]:
    return {Line(file, row): count for file, row, count in plain}


def merged(outcomes: Iterable[Outcome]) -> Outcome:
    """What several runs of one program saw together, each harm once."""
    whole = Outcome()
    for one in outcomes:
        whole.harms += [harm for harm in one.harms if harm not in whole.harms]
        whole.chosen += [harm for harm in one.chosen if harm not in whole.chosen]
        for name in _COUNTS:
            ours = getattr(whole, name)
            for line, count in getattr(one, name).items():
                before = ours.get(line, 0)
                ours[line] = before + count if name == "lines" else max(before, count)
        whole.wasted += one.wasted
        whole.failures += one.failures
        whole.warnings += [text for text in one.warnings if text not in whole.warnings]
        whole.caught += one.caught
        whole.timed_out |= one.timed_out
        whole.calls += one.calls
    return whole
