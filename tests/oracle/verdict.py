"""One program, two verdicts: what torch shows, and what lintgrad says at its default settings."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lintgrad.engine.check import Checked, check_source
from lintgrad.engine.run import File, check_files
from lintgrad.registry import installed_rules
from lintgrad.rule import Confidence, Severity
from lintgrad.source.text import Source
from oracle.answers import NEVER, NO_RUN_SHOWS, answers, may_answer
from oracle.compose.program import Composed
from oracle.limits import limit_of
from oracle.marks import untaken
from oracle.outcome import Harm, How, Line, Outcome, merged
from oracle.runner import Oracle

COUNTED = ("LG101", "LG102", "LG201")
"""Harm that each has to be told of; other harm is missed where nothing at all is found."""
SECONDS = 4.0
TOLD_BY_TORCH = (How.RAISED, How.CHANGED, How.WARNED)
"""Harm that nobody means to do."""
OTHERS = range(1, 9)
"""Seeds of the data for a second look."""

MARKS = (
    *("in a context manager", "in a generator", "in another file", "in a "),
    *("of optimizers", "alias", "bound method"),
)
"""What a program's tags say of how it is written, the most telling first."""


class Verdict(StrEnum):
    """What the comparison of a program comes to."""

    BROKEN = "does not run"
    FALSE = "false alarm"
    MISSED = "missed alarm"
    UNDECIDED = "undecided"
    HARM = "agreed: harm"
    FINE = "agreed: no harm"


@dataclass(frozen=True)
class Alarm:
    """A finding of lintgrad's."""

    code: str
    line: Line
    confidence: Confidence
    message: str

    def __str__(self) -> str:
        at = f"{self.line.file}:{self.line.row}"
        return f"{self.code} at {at} ({self.confidence}): {self.message}"


@dataclass
class Judgement:
    """A program with both verdicts and how they differ."""

    program: Composed
    outcome: Outcome
    false: list[Alarm] = field(default_factory=list)
    missed: list[Harm] = field(default_factory=list)
    undecided: list[Alarm] = field(default_factory=list)
    meant: list[Harm] = field(default_factory=list)
    """Harm that is not told of, and that a setting of the program brings: it may be meant."""
    at_low_confidence: list[Harm] = field(default_factory=list)
    """Harm that is told of, but not at the default settings."""

    @property
    def verdict(self) -> Verdict:
        """The worst that can be said."""
        if self.outcome.broken:
            return Verdict.BROKEN
        if self.false:
            return Verdict.FALSE
        if self.missed:
            return Verdict.MISSED
        if self.undecided or self.meant:
            return Verdict.UNDECIDED
        return Verdict.HARM if self.outcome.harms else Verdict.FINE

    @property
    def kinds(self) -> list[str]:
        """A name for each missed alarm: what stands between lintgrad and it."""
        return [f"{one.code} {self.kind(one)}" for one in self.missed]

    @property
    def unnamed(self) -> list[Harm]:
        """The missed harm that no known limit in the documentation names."""
        return [one for one in self.missed if limit_of(one.code, self.kind(one)) is None]

    def kind(self, harm: Harm) -> str:
        """What stands between lintgrad and a harm."""
        if harm in self.at_low_confidence:
            return "told at low confidence"
        if harm.how not in (How.STEP, How.RAISED):
            return f"by {harm.how}"
        tags = self.program.tags
        for mark in MARKS:
            for tag in tags:
                if mark in tag:
                    return f"{tag}, {tags[0]}, {tags[-1]}"
        disturbed = sorted({tag for tag in tags[1:] if ":" not in tag})
        return ", ".join([*disturbed, tags[0], tags[-1]])


def alarms_of(program: Composed) -> list[Alarm]:
    """What lintgrad finds in a program's files, down to the least confidence.

    What depends on intent is left out, as it is unless it is asked for.
    """
    if program.others:
        results = _checked_together(program.files)
    else:
        results = [check_source(Source("train.py", program.text), installed_rules())]
    failures = [failure for result in results for failure in result.failures]
    if failures:
        raise AssertionError(f"{program.seed}: {failures}")
    return [
        Alarm(one.code, Line(Path(one.path).name, one.range.start.row), one.confidence, one.message)
        for result in results
        for one in result.diagnostics
        if one.severity is not Severity.INFO
    ]


def _checked_together(files: dict[str, str]) -> list[Checked]:
    """Several files as one project."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in files]
        for path in paths:
            path.write_text(files[path.name], encoding="utf-8")
        wanted = [File(str(path), named=True) for path in paths]
        return list(check_files(wanted, installed_rules(), 1))


def run_of(program: Composed, oracle: Oracle, seeds: Iterable[int] = (0,)) -> Outcome:
    """What torch shows, with every setting of the program's flag.

    What never happens with one setting is no harm, if it does with another: the setting may be
    there to leave it out. Harm on a line that does none with another setting may be what is
    chosen by it: `if args.keep: optimizer.zero_grad()` is there because both are wanted.
    """
    runs = [
        oracle.run(
            program.text,
            others=program.others,
            arguments=arguments,
            seed=seed,
            seconds=SECONDS,
        )
        for seed in seeds
        for arguments in program.arguments
    ]
    whole = merged(runs)
    chosen = [harm for harm in whole.harms if not all(_agrees(harm, one) for one in runs)]
    whole.harms = [harm for harm in whole.harms if harm not in chosen or harm.code not in NEVER]
    whole.chosen = [
        harm for harm in chosen if harm in whole.harms and harm.how not in TOLD_BY_TORCH
    ]
    return whole


def _agrees(harm: Harm, outcome: Outcome) -> bool:
    """Whether a run shows the harm too, or nothing of the kind on its line."""
    counts = (outcome.steps, outcome.backwards, outcome.clips)
    ran = any(harm.line in one for one in counts)
    same = (harm.code, harm.line)
    return not ran or any((one.code, one.line) == same for one in outcome.harms)


def judged(program: Composed, oracle: Oracle) -> Judgement:
    """Ask torch and lintgrad, and compare.

    Before an alarm is called false the program is run with other data, whose conditions may come
    out otherwise.
    """
    outcome = run_of(program, oracle)
    if outcome.broken:
        return Judgement(program, outcome)
    told = alarms_of(program)
    judgement = compared(program, outcome, told)
    if judgement.false:
        judgement = compared(program, merged([outcome, run_of(program, oracle, OTHERS)]), told)
    return judgement


def compared(program: Composed, outcome: Outcome, told: list[Alarm]) -> Judgement:
    """The two verdicts side by side."""
    judgement = Judgement(program, outcome)
    alarms = [a for a in told if a.confidence >= Confidence.MEDIUM]
    harms = judgement.outcome.harms
    missed = [harm for harm in harms if not any(answers(a.code, a.line, harm) for a in alarms)]
    extra = [a for a in alarms if not any(answers(a.code, a.line, harm) for harm in harms)]
    extra = [a for a in extra if not _borne_out(a, outcome)]
    for alarm in list(extra):
        elsewhere = [h for h in missed if may_answer(alarm.code, h)]
        if elsewhere:
            missed.remove(elsewhere[0])
            extra.remove(alarm)
    if alarms:
        missed = [harm for harm in missed if harm.code in COUNTED]
    judgement.missed = [harm for harm in missed if harm not in outcome.chosen]
    judgement.meant = [harm for harm in missed if harm in outcome.chosen]
    judgement.at_low_confidence = [
        h for h in missed if any(answers(a.code, a.line, h) for a in told)
    ]
    # Whatever is wrong with the steps of an optimizer that holds nothing which is trained any more
    # shows only when that is mended.
    gone = any(alarm.code == "LG307" for alarm in alarms)
    for alarm in extra:
        doubtful = gone or _doubtful(alarm, judgement)
        (judgement.undecided if doubtful else judgement.false).append(alarm)
    return judgement


def _borne_out(alarm: Alarm, outcome: Outcome) -> bool:
    """Whether the run shows what an alarm tells of, though it may do no harm.

    A step that has nothing to apply is one, whoever had cleared what was there once: which loss
    feeds which optimizer is not for a static rule to know.
    """
    match alarm.code:
        case "LG102" | "LG301":
            return alarm.line in outcome.empty_steps
        case "LG103":
            return bool(outcome.wiped)
        case "LG403" if "clears a begun window" in alarm.message:
            return bool(outcome.wiped)
        case "LG308":
            return bool(outcome.rebuilt)
        case _:
            return False


def _doubtful(alarm: Alarm, judgement: Judgement) -> bool:
    """Whether the run is no proof that an alarm is false."""
    outcome = judgement.outcome
    if alarm.code in NO_RUN_SHOWS:
        return True
    if any(one.how in (How.RAISED, How.CHANGED) for one in outcome.harms):
        return True
    ran = {
        "LG101": outcome.steps.get(alarm.line, 0) > 1,
        "LG102": alarm.line in outcome.steps,
        "LG201": alarm.line in outcome.backwards,
        "LG309": alarm.line in outcome.steps,  # of updates by hand the run counts none twice
    }
    if not ran.get(alarm.code, True):
        return True
    return any(untaken(text, name, outcome.lines) for name, text in judgement.program.files.items())
