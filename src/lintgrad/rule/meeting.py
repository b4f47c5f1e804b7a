"""Events of one kind that some subject's state is bad at: what `Flow.where` asks of optimizers."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from lintgrad.dataflow.calls import Entry, at_entry
from lintgrad.dataflow.contexts import contexts_of
from lintgrad.dataflow.solution import Problem
from lintgrad.dataflow.solve import solve
from lintgrad.dataflow.typestate import Act, Certainty, State, Typestate
from lintgrad.dataflow.witness import Passed, trail
from lintgrad.flow.events import Event
from lintgrad.flow.graph import Enter, FlowGraph, Leave
from lintgrad.rule.finding import Confidence

Subject = TypeVar("Subject", bound=Hashable)


class Met(NamedTuple):
    """An event that is reached in a bad state, how surely, and what happened on the way."""

    event: Event
    certainty: Certainty
    trail: tuple[Passed, ...]

    def confidence(self, most: Confidence) -> Confidence:
        """The most that can be said of it, unless some path leads there in a good state."""
        return most if self.certainty is Certainty.ALWAYS else Confidence.LOW


def met(  # noqa: PLR0913  # what is asked, of what, from where on
    graphs: Sequence[FlowGraph],
    number: int,
    typestate: Typestate[State, Act, Subject],
    subject: Subject,
    bad: Callable[[State], bool],
    start: State | None = None,
) -> Iterator[Met]:
    """The events of a function that concern a subject and are reached in a bad state of it.

    The function is entered with the subject in a state of its own, if one is given.
    """
    entry = None if start is None else Entry(start, tuple(at_entry(graphs[number])), ())
    solution = solve(Problem(graphs, number, subject, typestate, entry))
    context = contexts_of(solution)[0]
    for point, event in context.points():
        sure = context.certainty(point, bad)
        where = context.where(point, bad)
        known = sure is Certainty.ALWAYS or solution.exact
        if where is not None and known and not isinstance(event, Enter | Leave):
            yield Met(event, sure, trail(context, where, point[1]))
