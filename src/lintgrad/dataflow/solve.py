"""Which states can reach each event: a search over blocks, facts and states.

The states of a set are followed one by one, so the answer is the union over all paths (the
distributive case of Kildall 1973), and every state comes with one shortest path that leads to it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple

from lintgrad.dataflow.paths import Choice, Facts, Paths
from lintgrad.dataflow.typestate import Act, Certainty, State, Subject, Typestate, certainty
from lintgrad.flow.events import Event
from lintgrad.flow.graph import Enter, FlowGraph, Guards, Leave

_BUDGET = 40_000
"""Nodes that a search may visit before it forgets what keeps paths apart."""

Point = tuple[int, int]
"""An event's place in a graph: block and index."""


class Node(NamedTuple, Generic[State]):
    """A state in which a block can be entered."""

    block: int
    facts: Facts
    state: State


@dataclass(slots=True, eq=False)
class Reached(Generic[State]):
    """How an event can be reached: for each moment, the states and a node leading to each."""

    event: Event
    moments: dict[object, dict[State, Node[State]]] = field(default_factory=dict)

    def certainty(self, bad: Callable[[State], bool]) -> Certainty:
        """The greatest certainty over the moments at which the event is reached."""
        found = (certainty(set(states), bad) for states in self.moments.values())
        return max(found, default=Certainty.NEVER)

    def node(self, bad: Callable[[State], bool]) -> Node[State] | None:
        """A node that leads to the event in a bad state, from the moment most certain of it."""
        best: tuple[Certainty, Node[State]] | None = None
        for states in self.moments.values():
            sure = certainty(set(states), bad)
            if best is None or sure > best[0]:
                node = next((node for state, node in states.items() if bad(state)), None)
                if node is not None:
                    best = (sure, node)
        return None if best is None else best[1]


@dataclass(frozen=True, slots=True)
class Problem(Generic[State, Act, Subject]):
    """The question which states of a subject reach each event of a graph."""

    graph: FlowGraph
    subject: Subject
    typestate: Typestate[State, Act, Subject]

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
    reached: dict[Point, Reached[State]]
    parents: dict[Node[State], tuple[Node[State], Choice | None] | None]
    exact: bool

    def path(self, node: Node[State]) -> list[tuple[Node[State], Choice | None]]:
        """The nodes that lead to a node, from the start, each with the choice that left it."""
        steps: list[tuple[Node[State], Choice | None]] = [(node, None)]
        while (parent := self.parents[steps[-1][0]]) is not None:
            steps.append(parent)
        return steps[::-1]


def solve(
    problem: Problem[State, Act, Subject], forced: Mapping[str, bool] | None = None
) -> Solution[State, Act, Subject]:
    """The states of the subject at every event that concerns it.

    Forced outcomes decide tests that could go either way.
    """
    found = _search(problem, Paths(problem.graph, forced or {}), _BUDGET)
    if found is not None:
        return found
    merged = replace(problem.graph, guards=Guards(length=problem.graph.guards.length))
    found = _search(problem, Paths(merged, forced or {}), None)
    if found is None:  # without a budget the search always ends with an answer
        raise AssertionError
    found.exact = False
    return found


def _search(
    problem: Problem[State, Act, Subject], paths: Paths, budget: int | None
) -> Solution[State, Act, Subject] | None:
    acts = problem.acts()
    start: Node[State] = Node(0, Facts(), problem.typestate.start)
    solution = Solution(problem, {}, {start: None}, exact=True)
    queue = deque([start])
    while queue:
        node = queue.popleft()
        left = _through_block(solution, paths, acts, node)
        if left is None:
            continue
        facts, state = left
        for facts_on, block, choice in paths.onward(facts, node.block):
            following: Node[State] = Node(block, facts_on, state)
            if following not in solution.parents:
                solution.parents[following] = (node, choice)
                queue.append(following)
        if budget is not None and len(solution.parents) > budget:
            return None
    return solution


def _through_block(
    solution: Solution[State, Act, Subject],
    paths: Paths,
    acts: Mapping[Point, Act],
    node: Node[State],
) -> tuple[Facts, State] | None:
    """The facts and the state at the end of a block; None if the path ends inside it."""
    facts, state = node.facts, node.state
    for index, event in enumerate(paths.graph.blocks[node.block].events):
        act = acts.get((node.block, index))
        if act is not None and not isinstance(event, Enter | Leave):
            reached = solution.reached.setdefault((node.block, index), Reached(event))
            reached.moments.setdefault(facts.group(), {}).setdefault(state, node)
            state = solution.problem.typestate.after(state, act)
        moved = paths.through(facts, event)
        if moved is None:
            return None
        facts = moved
    return facts, state


def events_of(graph: FlowGraph) -> Iterator[tuple[Point, Event]]:
    """All events of a graph with their points."""
    for number, block in enumerate(graph.blocks):
        for index, event in enumerate(block.events):
            if not isinstance(event, Enter | Leave):
                yield (number, index), event
