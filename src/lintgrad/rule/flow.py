"""What a rule may ask of a function: its events, and the states they are reached in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import NamedTuple, TypeVar

from lintgrad.dataflow.between import through
from lintgrad.dataflow.conditions import Condition, condition_of
from lintgrad.dataflow.contexts import Context, LoopAround, contexts_of, contexts_of_next_call
from lintgrad.dataflow.solve import Point, Problem, Solution, events_of, solve
from lintgrad.dataflow.typestate import Act, Certainty, State, Typestate
from lintgrad.dataflow.witness import Passed, trail
from lintgrad.flow.events import Backward, Event
from lintgrad.flow.graph import Enter, FlowGraph, Leave, Optimizer, reachable
from lintgrad.rule.finding import BY_BASIS, Confidence
from lintgrad.rule.gates import Gate, gates_of
from lintgrad.rule.windows import Windows, windows_of
from lintgrad.syntax.nodes import Expr
from lintgrad.typestates.gradients import GRADIENTS
from lintgrad.typestates.scales import Scale, feels_scale, scale_of
from lintgrad.typestates.tensors import Loss, losses_of

E = TypeVar("E", bound=Event)


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
        basis = BY_BASIS[self.optimizer.basis]
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
            Condition.SEVERAL: Confidence.LOW,
        }
        return min(by_condition[self.condition], self.most_confident)


class Acted(NamedTuple):
    """An event that concerns an optimizer, what it does to it, and the loops it is in."""

    event: Event
    act: Enum
    around: tuple[LoopAround, ...]


@dataclass(frozen=True)
class Flow:
    """One function as a rule sees it: its events, those of what it calls, and their states."""

    graphs: Sequence[FlowGraph]
    number: int
    _solved: dict[tuple[str, str], object] = field(default_factory=dict)

    @property
    def graph(self) -> FlowGraph:
        """The graph of the function itself."""
        return self.graphs[self.number]

    def events(self, kind: type[E]) -> Iterator[E]:
        """The events of a kind in the function and in what it calls, in no particular order."""
        for number in reachable(self.graphs, self.number):
            for _, event in events_of(self.graphs[number]):
                if isinstance(event, kind):
                    yield event

    def passes_between(
        self,
        typestate: Typestate[State, Act, Optimizer],
        hit: Hit,
        start: Event,
        act: Act,
    ) -> bool:
        """Whether some way from an event to a hit may go through an act on its optimizer.

        It is taken to be possible if the two stand in different functions.
        """
        for context in contexts_of(self._solution(typestate, hit.subject)):
            points = {id(event): point for point, event in events_of(context.graph)}
            if id(start) in points and id(hit.event) in points:
                acts = context.solution.problem.acts()
                marked = {point for point, one in acts.items() if one == act}
                ends = points[id(start)], points[id(hit.event)]
                return through(context.graph, *ends, marked)
        return True

    def acts(
        self, typestate: Typestate[State, Act, Optimizer], optimizer: Optimizer
    ) -> Iterator[Acted]:
        """The events that concern an optimizer, in the function and in what it calls."""
        for context in contexts_of(self._solution(typestate, optimizer)):
            for (block, index), act in context.solution.problem.acts().items():
                event = context.graph.blocks[block].events[index]
                if not isinstance(event, Enter | Leave):
                    yield Acted(event, act, context.around(block))

    def where(
        self,
        typestate: Typestate[State, Act, Optimizer],
        kind: type[Event],
        bad: Callable[[State], bool],
    ) -> Iterator[Hit]:
        """The events of a kind that can be reached with some optimizer in a bad state."""
        for optimizer in self.graph.optimizers.values():
            solution = self._solution(typestate, optimizer)
            for context in contexts_of(solution):
                for point, event in context.points():
                    sure = context.certainty(point, bad) if isinstance(event, kind) else None
                    if sure is Certainty.ALWAYS or (sure is Certainty.MAYBE and solution.exact):
                        found = self._hit(solution, context, point, bad)
                        if found is not None:
                            yield found
            if optimizer.place in self.graph.again and solution.exact:
                yield from self._next_call(solution, kind, bad)

    def _next_call(
        self,
        solution: Solution[State, Act, Optimizer],
        kind: type[Event],
        bad: Callable[[State], bool],
    ) -> Iterator[Hit]:
        """The events that are certainly reached in a bad state when it is called again."""
        for context in contexts_of_next_call(solution):
            for point, event in context.points():
                if isinstance(event, kind) and context.certainty(point, bad) is Certainty.ALWAYS:
                    found = self._hit(solution, context, point, bad)
                    if found is not None:
                        yield replace(found, again=True)

    def _hit(
        self,
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

    def _solution(
        self, typestate: Typestate[State, Act, Optimizer], optimizer: Optimizer
    ) -> Solution[State, Act, Optimizer]:
        key = (typestate.name, optimizer.place)
        if key not in self._solved:
            problem = Problem(self.graphs, self.number, optimizer, typestate)
            self._solved[key] = solve(problem)
        return self._solved[key]  # type: ignore[return-value]  # keyed by the typestate's name

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """Every backward with the shapes that its loss may have."""
        return tuple(losses_of(self.graph).values())

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """The guards with a remainder in their test that the function's steps wait behind."""
        solutions = (self._solution(GRADIENTS, one) for one in self.graph.optimizers.values())
        return tuple(gate for solution in solutions for gate in gates_of(solution))

    def scale(self, backward: Backward) -> Scale:
        """What the loss of a backward is made of, as the function that runs it shows."""
        for number in reachable(self.graphs, self.number):
            graph = self.graphs[number]
            if any(event is backward for _, event in events_of(graph)):
                return scale_of(graph, backward)
        return Scale(complete=False)

    @property
    def divisors(self) -> tuple[Expr, ...]:
        """What a framework divides every loss of the function by, as it may be spelled."""
        return self.graph.guards.divisors

    def feels_scale(self, optimizer: Optimizer) -> bool:
        """Whether a factor of all gradients changes an optimizer's steps, going by its class."""
        graphs = [self.graphs[number] for number in reachable(self.graphs, self.number)]
        return feels_scale(graphs, optimizer.place)

    @cached_property
    def windows(self) -> Windows:
        """The accumulation windows of the function's optimizers."""
        return windows_of(
            self.graphs, self.number, lambda optimizer: self._solution(GRADIENTS, optimizer)
        )
