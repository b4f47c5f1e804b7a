"""The ways in which the graphs that a solved graph calls are entered, and what is reached there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple

from lintgrad.dataflow.calls import Entry
from lintgrad.dataflow.solution import Entered, Node, Point, Solution
from lintgrad.dataflow.solve import solve
from lintgrad.dataflow.typestate import Act, Certainty, State, Subject, certainty
from lintgrad.flow.events import Event
from lintgrad.flow.graph import FlowGraph

LoopAround = tuple[int, int]
"""A loop: the number of its graph, and its own in there."""


class Where(NamedTuple, Generic[State]):
    """A node in the solution for one entry."""

    entry: Entry[State]
    node: Node[State]


@dataclass(slots=True, eq=False)
class Context(Generic[State, Act, Subject]):
    """A graph with the entries that it can be entered with at one moment of its caller.

    `solutions` are those of its entries; `callers` say for each where it was entered from.
    """

    number: int
    solutions: dict[Entry[State], Solution[State, Act, Subject]]
    caller: "Context[State, Act, Subject] | None"
    callers: dict[Entry[State], Where[State]] = field(default_factory=dict)
    loops: tuple[LoopAround, ...] = ()
    """The loops around the calls that lead here, the outermost first."""

    @property
    def solution(self) -> Solution[State, Act, Subject]:
        """The solution for one of the entries: what all of them have in common."""
        return next(iter(self.solutions.values()))

    @property
    def graph(self) -> FlowGraph:
        """The graph that is entered."""
        return self.solution.problem.graph

    @property
    def subject(self) -> Subject:
        """What the graph calls the subject."""
        return self.solution.problem.subject

    def around(self, block: int) -> tuple[LoopAround, ...]:
        """The loops around a block, those of the callers included."""
        return (*self.loops, *((self.number, loop) for loop in self.graph.blocks[block].loops))

    def points(self) -> Iterator[tuple[Point, Event]]:
        """The events that are reached and concern the subject."""
        found = {
            point: reached.event
            for solution in self.solutions.values()
            for point, reached in solution.reached.items()
        }
        yield from found.items()

    def moments(self, point: Point) -> Iterator[dict[State, Where[State]]]:
        """For each moment at which an event is reached, the states and what leads to each."""
        found: dict[object, dict[State, Where[State]]] = {}
        for entry, solution in self.solutions.items():
            reached = solution.reached.get(point)
            for moment, states in reached.moments.items() if reached is not None else ():
                for state, node in states.items():
                    found.setdefault(moment, {}).setdefault(state, Where(entry, node))
        yield from found.values()

    def certainty(self, point: Point, bad: Callable[[State], bool]) -> Certainty:
        """The greatest certainty over the moments at which an event is reached."""
        found = (certainty(set(states), bad) for states in self.moments(point))
        return max(found, default=Certainty.NEVER)

    def where(self, point: Point, bad: Callable[[State], bool]) -> Where[State] | None:
        """What leads to an event in a bad state, from the moment most certain of it."""
        best: tuple[Certainty, Where[State]] | None = None
        for states in self.moments(point):
            sure = certainty(set(states), bad)
            if best is None or sure > best[0]:
                found = next((where for state, where in states.items() if bad(state)), None)
                if found is not None:
                    best = (sure, found)
        return None if best is None else best[1]


def contexts_of(
    solution: Solution[State, Act, Subject],
) -> list[Context[State, Act, Subject]]:
    """The context of a solved graph itself, and those of the graphs it leads to."""
    return _reached_from(_first(solution))


_FEWEST_CALLS = 3
"""Calls of a function that are followed if nothing counts them; windows take more."""


def contexts_of_next_calls(
    solution: Solution[State, Act, Subject],
) -> list[Context[State, Act, Subject]]:
    """The contexts of a solved graph when it is entered as it was left, and those it leads to.

    That is done again until nothing new is found, or often enough for windows to be counted.
    """
    found: list[Context[State, Act, Subject]] = []
    last = _first(solution)
    solved = dict(last.solutions)
    seen: set[frozenset[Entry[State]]] = set()
    for _ in range(max(_FEWEST_CALLS, solution.problem.graph.guards.length)):
        callers = {
            left: Where(entry, node)
            for entry, one in last.solutions.items()
            for left, node in one.exits.items()
        }
        if not callers or frozenset(callers) in seen:
            break
        seen.add(frozenset(callers))
        for entry in callers.keys() - solved.keys():
            solved[entry] = solve(replace(solution.problem, start=entry))
        entered = {entry: solved[entry] for entry in callers}
        last = Context(last.number, entered, last, callers)
        found += _reached_from(last)
    return found


def _first(solution: Solution[State, Act, Subject]) -> Context[State, Act, Subject]:
    start = solution.start
    entry = Entry(start.state, start.facts.values, start.facts.decisions)
    return Context(solution.problem.number, {entry: solution}, None)


def _reached_from(
    outermost: Context[State, Act, Subject],
) -> list[Context[State, Act, Subject]]:
    found = [outermost]
    seen: set[object] = {_key(found[0])}
    for context in found:  # grows while it is read
        for inner in _called(context):
            key = _key(inner)
            if key not in seen:
                seen.add(key)
                found.append(inner)
    return found


def _key(context: Context[State, Act, Subject]) -> object:
    return context.number, context.subject, frozenset(context.solutions)


def _called(
    context: Context[State, Act, Subject],
) -> Iterator[Context[State, Act, Subject]]:
    grouped: dict[object, list[tuple[Entry[State], Entered[State, Act, Subject]]]] = {}
    for entry, solution in context.solutions.items():
        for entered in solution.entered:
            key = (entered.node.block, entered.moment)
            grouped.setdefault(key, []).append((entry, entered))
    for group in grouped.values():
        first = group[0][1]
        inner: Context[State, Act, Subject] = Context(
            first.solution.problem.number,
            {entered.entry: entered.solution for _, entered in group},
            context,
            loops=context.around(first.node.block),
        )
        for entry, entered in group:
            inner.callers.setdefault(entered.entry, Where(entry, entered.node))
        yield inner
