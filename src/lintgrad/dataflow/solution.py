"""What is asked of the solver and what it answers: states at events, and how each is come to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple

from lintgrad.dataflow.calls import Entry
from lintgrad.dataflow.paths import Choice, Facts
from lintgrad.dataflow.typestate import Act, Certainty, State, Subject, Typestate, certainty
from lintgrad.flow.events import Event
from lintgrad.flow.graph import Enter, FlowGraph, Leave

Point = tuple[int, int]
"""An event's place in a graph: block and index."""


class Node(NamedTuple, Generic[State]):
    """A state in which a block can be entered."""

    block: int
    facts: Facts
    state: State


class Step(NamedTuple, Generic[State, Act, Subject]):
    """How a node is come to: from which node, by which choice, and through which call."""

    before: Node[State]
    choice: Choice | None
    through: "Solution[State, Act, Subject] | None"
    left: Node[State] | None
    """The node at which the called graph was left."""


class Entered(NamedTuple, Generic[State, Act, Subject]):
    """A call that was gone through: from which node, at which moment, and the answer."""

    node: Node[State]
    moment: object
    entry: Entry[State]
    solution: "Solution[State, Act, Subject]"


@dataclass(slots=True, eq=False)
class Reached(Generic[State]):
    """How an event can be reached: for each moment, the states and a node leading to each."""

    event: Event
    moments: dict[object, dict[State, Node[State]]] = field(default_factory=dict)

    def certainty(self, bad: Callable[[State], bool]) -> Certainty:
        """The greatest certainty over the moments at which the event is reached."""
        found = (certainty(set(states), bad) for states in self.moments.values())
        return max(found, default=Certainty.NEVER)


@dataclass(frozen=True, slots=True)
class Problem(Generic[State, Act, Subject]):
    """The question which states of a subject reach each event of a program's graph."""

    graphs: Sequence[FlowGraph]
    number: int
    subject: Subject
    typestate: Typestate[State, Act, Subject]
    start: Entry[State] | None = None
    """What the graph is entered with, if not with what it is where nothing says who calls."""

    @property
    def graph(self) -> FlowGraph:
        """The graph that is asked about."""
        return self.graphs[self.number]

    def acts(self) -> dict[Point, Act]:
        """The events that concern the subject, with what they do to it."""
        found = {}
        for point, event in events_of(self.graph):
            act = self.typestate.act(event, self.subject)
            if act is not None:
                found[point] = act
        return found


@dataclass(slots=True, eq=False)
class Solution(Generic[State, Act, Subject]):
    """The answer to a problem; inexact if paths had to be merged."""

    problem: Problem[State, Act, Subject]
    start: Node[State]
    acts: dict[Point, Act]
    """The events that concern the subject, with what they do to it."""
    reached: dict[Point, Reached[State]] = field(default_factory=dict)
    steps: dict[Node[State], Step[State, Act, Subject] | None] = field(default_factory=dict)
    exits: dict[Entry[State], Node[State]] = field(default_factory=dict)
    """What the graph can be left with, and a node each that leads there."""
    entered: list[Entered[State, Act, Subject]] = field(default_factory=list)
    exact: bool = True

    def path(self, node: Node[State]) -> list[tuple[Node[State], Step[State, Act, Subject] | None]]:
        """The nodes that lead to a node, from the start, each with the step that left it."""
        found: list[tuple[Node[State], Step[State, Act, Subject] | None]] = [(node, None)]
        while (step := self.steps[found[-1][0]]) is not None:
            found.append((step.before, step))
        return found[::-1]


def events_of(graph: FlowGraph) -> Iterator[tuple[Point, Event]]:
    """All events of a graph with their points."""
    for number, block in enumerate(graph.blocks):
        for index, event in enumerate(block.events):
            if not isinstance(event, Enter | Leave):
                yield (number, index), event
