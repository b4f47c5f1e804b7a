"""What a rule is, and what it may ask: the public surface for rule authors."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from functools import cached_property
from importlib import import_module
from typing import NamedTuple, TypeVar

from lintgrad.dataflow.between import through
from lintgrad.dataflow.conditions import Condition, condition_of
from lintgrad.dataflow.solve import Problem, Solution, events_of, solve
from lintgrad.dataflow.typestate import Act, Certainty, State, Typestate
from lintgrad.dataflow.witness import Passed, trail
from lintgrad.flow.events import Event
from lintgrad.flow.graph import FlowGraph, Optimizer
from lintgrad.flow.role import Basis
from lintgrad.source.text import Span
from lintgrad.typestates.tensors import Loss, losses_of

__all__ = [
    "Basis",
    "Category",
    "Certainty",
    "Condition",
    "Confidence",
    "Finding",
    "Flow",
    "Hit",
    "Passed",
    "Related",
    "Rule",
    "Severity",
    "Span",
    "Unread",
    "Unused",
    "rule",
    "unread_rule",
    "unused_rule",
]

E = TypeVar("E", bound=Event)

_PREFIX = re.compile(r"[A-Z]{2,}\d*")


class Severity(StrEnum):
    """How bad a finding is if it is true."""

    ERROR = "error"
    """Raises, or provably trains nothing or the wrong thing."""
    WARNING = "warning"
    """Silent and almost surely unintended."""
    INFO = "info"
    """Depends on intent."""


class Confidence(IntEnum):
    """How sure a finding is."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    def __str__(self) -> str:
        return self.name.lower()


class Category(Enum):
    """What a group of rules is about: the hundreds of their codes."""

    CLEARING = "Clearing gradients"
    LOSSES = "Losses and backward"
    REPORTING = "The report itself"


class Related(NamedTuple):
    """Another place that belongs to a finding, and what happens there."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of one place.

    The story tells what happens, in the order in which it does; asides are other places that
    explain it.
    """

    span: Span
    message: str
    confidence: Confidence
    story: tuple[Related, ...] = ()
    asides: tuple[Related, ...] = ()
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be read: why, and where."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Unused:
    """A comment that asks for silence and silences nothing: why, and where."""

    message: str
    span: Span


@dataclass(frozen=True)
class Hit:
    """An event that is reached in a bad state, for one optimizer."""

    event: Event
    optimizer: Optimizer
    certainty: Certainty
    trail: tuple[Passed, ...]
    """What happened to the optimizer's gradients on one path there, the event itself last."""
    condition: Condition
    """What the harm depends on, if it is not certain."""

    @property
    def most_confident(self) -> Confidence:
        """What the basis for the optimizer allows."""
        return _BY_BASIS[self.optimizer.basis]

    def confidence(self, *, varying: Confidence, fixed: Confidence) -> Confidence:
        """The lesser of what certainty and the basis for the optimizer allow.

        What to make of harm that is not certain is the rule's to say: harm that depends on
        something that changes while the loop runs, or on something that never does.
        """
        by_condition = {
            Condition.NONE: Confidence.HIGH,
            Condition.VARYING: varying,
            Condition.FIXED: fixed,
            Condition.SEVERAL: Confidence.LOW,
        }
        return min(by_condition[self.condition], self.most_confident)


_BY_BASIS = {
    Basis.BUILT: Confidence.HIGH,
    Basis.ANNOTATED: Confidence.HIGH,
    Basis.USED: Confidence.MEDIUM,
    Basis.NAMED: Confidence.LOW,
}


@dataclass(frozen=True)
class Flow:
    """One function as a rule sees it: its events, and the states they are reached in."""

    graph: FlowGraph
    _solved: dict[tuple[str, str], object] = field(default_factory=dict)

    def events(self, kind: type[E]) -> Iterator[E]:
        """The events of a kind, in no particular order."""
        for _, event in events_of(self.graph):
            if isinstance(event, kind):
                yield event

    def loops_around(self, event: Event) -> tuple[int, ...]:
        """The numbers of the loops that an event stands in, the outermost first."""
        return next(
            self.graph.blocks[block].loops
            for (block, _), other in events_of(self.graph)
            if other is event
        )

    def passes_between(
        self,
        typestate: Typestate[State, Act, Optimizer],
        optimizer: Optimizer,
        ends: tuple[Event, Event],
        act: Act,
    ) -> bool:
        """Whether some way from one event to another goes through an act on the optimizer."""
        acts = Problem(self.graph, optimizer, typestate).acts()
        points = {id(event): point for point, event in events_of(self.graph)}
        start, end = (points[id(event)] for event in ends)
        return through(self.graph, start, end, {p for p, a in acts.items() if a == act})

    def acts(
        self, typestate: Typestate[State, Act, Optimizer], optimizer: Optimizer
    ) -> Iterator[tuple[Event, Act]]:
        """The events that concern an optimizer, with what they do to it."""
        for (block, index), act in Problem(self.graph, optimizer, typestate).acts().items():
            event = self.graph.blocks[block].events[index]
            yield event, act  # type: ignore[misc]  # Enter and Leave have no act

    def where(
        self,
        typestate: Typestate[State, Act, Optimizer],
        kind: type[Event],
        bad: Callable[[State], bool],
    ) -> Iterator[Hit]:
        """The events of a kind that can be reached with some optimizer in a bad state."""
        for optimizer in self.graph.optimizers.values():
            solution = self._solution(typestate, optimizer)
            for point, reached in solution.reached.items():
                if not isinstance(reached.event, kind):
                    continue
                sure = reached.certainty(bad)
                if sure is Certainty.ALWAYS or (sure is Certainty.MAYBE and solution.exact):
                    passed = trail(solution, point, bad)
                    condition = condition_of(solution, point, bad)
                    yield Hit(reached.event, optimizer, sure, passed, condition)

    def _solution(
        self, typestate: Typestate[State, Act, Optimizer], optimizer: Optimizer
    ) -> Solution[State, Act, Optimizer]:
        key = (typestate.name, optimizer.place)
        if key not in self._solved:
            self._solved[key] = solve(Problem(self.graph, optimizer, typestate))
        return self._solved[key]  # type: ignore[return-value]  # keyed by the typestate's name

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """Every backward with the shapes that its loss may have."""
        return tuple(losses_of(self.graph).values())


FlowCheck = Callable[[Flow], Iterator[Finding]]
UnreadCheck = Callable[[Unread], Iterator[Finding]]
UnusedCheck = Callable[[Unused], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its names, its documentation, and its check of flows, files or comments."""

    code: str
    name: str
    category: Category
    severity: Severity
    docs: str
    check_flow: FlowCheck | None = None
    check_unread: UnreadCheck | None = None
    check_unused: UnusedCheck | None = None

    def __reduce__(self) -> tuple[Callable[[str, str], "Rule"], tuple[str, str]]:
        """Pickle by name: the check itself cannot be, since the rule has taken its name."""
        check = self.check_flow or self.check_unread or self.check_unused
        return _rule_at, (check.__module__, check.__name__) if check else ("", "")

    def answers_to(self, name: str) -> bool:
        """Whether a name means this rule: its code, its name, a prefix of its code, or ALL."""
        is_prefix = _PREFIX.fullmatch(name) is not None and self.code.startswith(name)
        return is_prefix or name in (self.code, self.name, "ALL")

    @property
    def summary(self) -> str:
        """The first line of the documentation, without its full stop."""
        return self.docs.strip().splitlines()[0].rstrip(".")


def _rule_at(module: str, name: str) -> Rule:
    found = getattr(import_module(module), name)
    if not isinstance(found, Rule):
        raise TypeError(name)
    return found


def rule(
    *, code: str, category: Category, severity: Severity, docs: str | None
) -> Callable[[FlowCheck], Rule]:
    """Make a check of flows a rule, named like the function."""
    return lambda check: Rule(
        code, _name_of(check), category, severity, docs or "", check_flow=check
    )


def unread_rule(
    *, code: str, category: Category, severity: Severity, docs: str | None
) -> Callable[[UnreadCheck], Rule]:
    """Make a check of unreadable files a rule, named like the function."""
    return lambda check: Rule(
        code, _name_of(check), category, severity, docs or "", check_unread=check
    )


def unused_rule(
    *, code: str, category: Category, severity: Severity, docs: str | None
) -> Callable[[UnusedCheck], Rule]:
    """Make a check of comments that silence nothing a rule, named like the function."""
    return lambda check: Rule(
        code, _name_of(check), category, severity, docs or "", check_unused=check
    )


def _name_of(check: Callable[..., object]) -> str:
    return check.__name__.replace("_", "-")
