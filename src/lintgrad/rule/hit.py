"""What a rule is told of an event that concerns an optimizer."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from lintgrad.dataflow.conditions import Condition, condition_of
from lintgrad.dataflow.contexts import Context, LoopAround
from lintgrad.dataflow.solution import Point, Solution
from lintgrad.dataflow.typestate import Act, Certainty, State
from lintgrad.dataflow.witness import Passed, trail
from lintgrad.flow.events import Event
from lintgrad.flow.graph import Enter, Leave
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.finding import Confidence, confidence_by


@dataclass(frozen=True)
class Hit:
    """An event that is reached in a bad state, for one optimizer.

    The optimizer is named as it is where the event stands, which may be in a function that is
    called from the one that is looked at.
    """

    event: Event
    optimizer: Optimizer
    certainty: Certainty
    trail: tuple[Passed, ...]
    """What happened to the optimizer's gradients on one path there, the event itself last."""
    condition: Condition
    """What the harm depends on, if it is not certain."""
    around: tuple[LoopAround, ...]
    """The loops that the event is in, those around the calls that lead to it included."""
    subject: Optimizer
    """The optimizer as the function calls it that is looked at."""
    again: bool = False
    """Whether it takes another call of the function, which nobody in sight calls."""

    @property
    def most_confident(self) -> Confidence:
        """What the basis for the optimizer, and for there being another call, allow."""
        basis = confidence_by(self.optimizer.basis)
        return min(basis, Confidence.MEDIUM) if self.again else basis

    def confidence(self, *, varying: Confidence, fixed: Confidence) -> Confidence:
        """The lesser of what certainty and the basis for the optimizer allow.

        What to make of harm that is not certain is the rule's to say: harm that depends on
        something that changes while the loop runs, or on something that never does.
        """
        by_condition = {
            Condition.NONE: Confidence.HIGH,
            Condition.VARYING: varying,
            Condition.FIXED: fixed,
            Condition.REACHED: fixed,
            Condition.REACHED_AT_TIMES: Confidence.LOW,
            Condition.SEVERAL: Confidence.LOW,
        }
        return min(by_condition[self.condition], self.most_confident)


class Acted(NamedTuple):
    """An event that concerns an optimizer, what it does to it, and the loops it is in."""

    event: Event
    act: Enum
    around: tuple[LoopAround, ...]


def hits(
    solution: Solution[State, Act, Optimizer],
    contexts: Iterable[Context[State, Act, Optimizer]],
    kind: type[Event],
    bad: Callable[[State], bool],
    wanted: frozenset[Certainty],
) -> Iterator[Hit]:
    """The events of a kind that are reached in a bad state, as surely as is wanted."""
    for context in contexts:
        for point, event in context.points():
            if isinstance(event, kind) and context.certainty(point, bad) in wanted:
                found = _hit(solution, context, point, bad)
                if found is not None:
                    yield found


def _hit(
    solution: Solution[State, Act, Optimizer],
    context: Context[State, Act, Optimizer],
    point: Point,
    bad: Callable[[State], bool],
) -> Hit | None:
    where = context.where(point, bad)
    event = context.graph.blocks[point[0]].events[point[1]]
    if where is None or isinstance(event, Enter | Leave):
        return None
    return Hit(
        event,
        context.subject,
        context.certainty(point, bad),
        trail(context, where, point[1]),
        condition_of(solution, context, point, bad),
        context.around(point[0]),
        solution.problem.subject,
    )
