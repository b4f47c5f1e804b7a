"""What a rule may ask of a function: its events, and the states they are reached in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from lintgrad.dataflow.between import past, through
from lintgrad.dataflow.contexts import Context, contexts_of, contexts_of_next_calls
from lintgrad.dataflow.solution import Point, Problem, Solution, events_of
from lintgrad.dataflow.solve import solve
from lintgrad.dataflow.typestate import Act, Certainty, State, Subject, Typestate
from lintgrad.flow.events import (
    Backward,
    Consumed,
    Event,
    Exhaustible,
    Graph,
    Leaf,
    Saved,
    Slipped,
    WeightsUsed,
)
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.graph import Enter, FlowGraph, Leave, reachable
from lintgrad.flow.names.testing import is_test
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.accumulation import Windows
from lintgrad.rule.entered import freed, rebound
from lintgrad.rule.gates import Gate, gates_of
from lintgrad.rule.hit import Acted, Hit, hits
from lintgrad.rule.meeting import Met, met
from lintgrad.rule.piling import piles_up
from lintgrad.rule.windows import windows_of
from lintgrad.syntax.nodes import Expr
from lintgrad.typestates.gradients import GRADIENTS
from lintgrad.typestates.scales import Scale, feels_scale, scale_of
from lintgrad.typestates.values.tensors import Loss, losses_of, losses_where_called

E = TypeVar("E", bound=Event)

_CERTAIN = frozenset({Certainty.ALWAYS})
_POSSIBLE = frozenset({Certainty.ALWAYS, Certainty.MAYBE})


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

    @cached_property
    def is_test(self) -> bool:
        """Whether the function is a test that asserts what comes of what it does."""
        return self.graph.meaning is not None and is_test(self.graph.meaning.scope)

    def _own(self, kind: type[E]) -> Iterator[E]:
        return (event for _, event in events_of(self.graph) if isinstance(event, kind))

    def slips(self, *kinds: Slip) -> Iterator[Slipped]:
        """The function's own statements that do not do what they look like, each once."""
        yield from {event: None for event in self._own(Slipped) if event.slip in kinds}

    def slips_within(self, kind: Slip) -> Iterator[Slipped]:
        """The same of one kind, those of the functions it calls among them."""
        yield from {e: None for e in self.events(Slipped) if e.slip is kind}

    def generators(self) -> Iterator[Exhaustible]:
        """The places of the function itself that hold a generator, and are read."""
        yield from {event.subject: None for event in self._own(Consumed)}

    def rebound(self) -> Iterator[tuple[Leaf, Met]]:
        """Where the gradient is read of what is no leaf any more, here and in what it calls."""
        return rebound(self.graphs, self.number)

    def freed(self) -> Iterator[tuple[Graph, Met]]:
        """The backward calls through graphs that are freed, here and in what it calls."""
        return freed(self.graphs, self.number)

    def saved_weights(self) -> Iterator[Saved]:
        """The names of the function itself whose graphs have saved weights for a backward."""
        yield from {event.subject: None for event in self._own(WeightsUsed)}

    def met(
        self,
        typestate: Typestate[State, Act, Subject],
        subject: Subject,
        bad: Callable[[State], bool],
    ) -> Iterator[Met]:
        """The function's own events that a subject is in a bad state at."""
        return met(self.graphs, self.number, typestate, subject, bad)

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
        for context, begin, end in self._around(typestate, hit, start):
            acts = context.solution.acts
            marked = {point for point, one in acts.items() if one == act}
            return through(context.graph, begin, end, marked)
        return True

    def otherwise(
        self,
        typestate: Typestate[State, Act, Optimizer],
        hit: Hit,
        start: Event,
        act: Act,
        avoided: Act,
    ) -> bool:
        """Whether some way from an event leads to another act than the hit, and past some acts.

        Only events of one function are looked at.
        """
        for context, begin, end in self._around(typestate, hit, start):
            acts = context.solution.acts
            ends = {point for point, one in acts.items() if one == act}
            marked = {point for point, one in acts.items() if one == avoided}
            return past(context.graph, begin, ends - {end}, marked)
        return False

    def piles_up(
        self, typestate: Typestate[State, Act, Optimizer], hit: Hit, adding: Act, ending: set[Act]
    ) -> bool:
        """Whether an act may come again before any of some others ends what it began."""
        return piles_up(self._solution(typestate, hit.subject), adding, ending)

    def _around(
        self, typestate: Typestate[State, Act, Optimizer], hit: Hit, start: Event
    ) -> Iterator[tuple[Context[State, Act, Optimizer], Point, Point]]:
        """The calls that an event and a hit both stand in, with the places of the two."""
        for context in contexts_of(self._solution(typestate, hit.subject)):
            points = {id(event): point for point, event in events_of(context.graph)}
            if id(start) in points and id(hit.event) in points:
                yield context, points[id(start)], points[id(hit.event)]

    def acts(
        self, typestate: Typestate[State, Act, Optimizer], optimizer: Optimizer
    ) -> Iterator[Acted]:
        """The events that concern an optimizer, in the function and in what it calls."""
        for context in contexts_of(self._solution(typestate, optimizer)):
            for (block, index), act in context.solution.acts.items():
                event = context.graph.blocks[block].events[index]
                if not isinstance(event, Enter | Leave):
                    yield Acted(event, act, context.around(block))

    def only(
        self,
        typestate: Typestate[State, Act, Optimizer],
        hit: Hit,
        possible: Callable[[State], bool],
    ) -> bool:
        """Whether the event of a hit is reached in no other than the given states, ever.

        All ways to come to it count, through whichever call.
        """
        solution = self._solution(typestate, hit.subject)
        return solution.exact and all(
            possible(state)
            for context in contexts_of(solution)
            for point, event in context.points()
            if type(event) is type(hit.event) and event.span == hit.event.span
            for states in context.moments(point)
            for state in states
        )

    def where(
        self,
        typestate: Typestate[State, Act, Optimizer],
        kind: type[Event],
        bad: Callable[[State], bool],
    ) -> Iterator[Hit]:
        """The events of a kind that can be reached with some optimizer in a bad state."""
        for optimizer in self.graph.optimizers.values():
            solution = self._solution(typestate, optimizer)
            wanted = _POSSIBLE if solution.exact else _CERTAIN
            yield from hits(solution, contexts_of(solution), kind, bad, wanted)
            yield from self._again(solution, optimizer, kind, bad, _CERTAIN)

    def maybe_again(
        self,
        typestate: Typestate[State, Act, Optimizer],
        kind: type[Event],
        bad: Callable[[State], bool],
    ) -> Iterator[Hit]:
        """The events that may be reached in a bad state when the function is called again."""
        for optimizer in self.graph.optimizers.values():
            solution = self._solution(typestate, optimizer)
            yield from self._again(solution, optimizer, kind, bad, frozenset({Certainty.MAYBE}))

    def always(
        self,
        typestate: Typestate[State, Act, Optimizer],
        kind: type[Event],
        bad: Callable[[State], bool],
    ) -> Iterator[Hit]:
        """The events of a kind that at some moment are reached in bad states only.

        Another call of the function, with what callers out of sight do in between, is left aside.
        """
        if next(self.events(kind), None) is None:
            return
        for optimizer in self.graph.optimizers.values():
            solution = self._solution(typestate, optimizer)
            yield from hits(solution, contexts_of(solution), kind, bad, _CERTAIN)

    def _again(
        self,
        solution: Solution[State, Act, Optimizer],
        optimizer: Optimizer,
        kind: type[Event],
        bad: Callable[[State], bool],
        wanted: frozenset[Certainty],
    ) -> Iterator[Hit]:
        """The events that are reached in a bad state, as surely, when it is called again."""
        if optimizer.place in self.graph.again and solution.exact:
            for found in hits(solution, contexts_of_next_calls(solution), kind, bad, wanted):
                yield replace(found, again=True)

    @property
    def is_exact(self) -> bool:
        """Whether all that was asked so far was answered with every path kept apart."""
        return all(one.exact for one in self._solved.values() if isinstance(one, Solution))

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
        """Every backward, also in what it calls, with the values that its loss may have."""
        return tuple(losses_of(self.graphs, self.number).values())

    def where_called(self, loss: Loss) -> tuple[Loss, ...]:
        """A backward of this function's own, with its values in each call that can be seen."""
        return () if loss.calls else tuple(losses_where_called(self.graphs, self.number, loss))

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """The guards with a remainder in their test that the function's steps wait behind."""
        solutions = (self._solution(GRADIENTS, one) for one in self.graph.optimizers.values())
        return tuple(gate for solution in solutions for gate in gates_of(solution))

    def stand_together(self, one: Event, other: Event) -> bool:
        """Whether two events stand in one function."""
        numbers = reachable(self.graphs, self.number)
        events = ({id(event) for _, event in events_of(self.graphs[n])} for n in numbers)
        return any({id(one), id(other)} <= found for found in events)

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
