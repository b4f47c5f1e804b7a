"""Which states can reach each event: a search over blocks, facts and states, through calls.

The states of a set are followed one by one, so the answer is the union over all paths (the
distributive case of Kildall 1973), and every state comes with one shortest path that leads to it.
A called graph is solved once for each state and facts that it is entered with, and its answer is
used wherever it is entered so again (the summaries of Sharir and Pnueli 1981).
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple

from lintgrad.dataflow.calls import Entry, after_call, at_entry, entry_of
from lintgrad.dataflow.paths import Choice, Facts, Paths
from lintgrad.dataflow.typestate import Act, Certainty, State, Subject, Typestate, certainty
from lintgrad.flow.events import Event
from lintgrad.flow.graph import Call, Enter, FlowGraph, Guards, Leave, Stop, reachable
from lintgrad.flow.loops.counting import counted_length

_BUDGET = 20_000
_BUDGET_FOR_ALL = 2 * _BUDGET
"""Nodes that a search of one graph, or of all graphs, may visit before it merges paths."""

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
    reached: dict[Point, Reached[State]] = field(default_factory=dict)
    steps: dict[Node[State], Step[State, Act, Subject] | None] = field(default_factory=dict)
    exits: dict[Entry[State], Node[State]] = field(default_factory=dict)
    """What the graph can be left with, and a node each that leads there."""
    entered: list[Entered[State, Act, Subject]] = field(default_factory=list)
    exact: bool = True
    _acts: dict[Point, Act] = field(default_factory=dict)

    @property
    def acts(self) -> dict[Point, Act]:
        """The events that concern the subject, with what they do to it."""
        if not self._acts:
            self._acts = self.problem.acts()
        return self._acts

    def path(self, node: Node[State]) -> list[tuple[Node[State], Step[State, Act, Subject] | None]]:
        """The nodes that lead to a node, from the start, each with the step that left it."""
        found: list[tuple[Node[State], Step[State, Act, Subject] | None]] = [(node, None)]
        while (step := self.steps[found[-1][0]]) is not None:
            found.append((step.before, step))
        return found[::-1]


def solve(
    problem: Problem[State, Act, Subject], forced: Mapping[str, bool] | None = None
) -> Solution[State, Act, Subject]:
    """The states of the subject at every event that concerns it.

    Forced outcomes decide tests of the graph itself that could go either way.
    """
    solver: _Solver[State, Act, Subject] = _Solver(problem, forced or {})
    return solver.solution()


class _Solver(Generic[State, Act, Subject]):
    """Solves one problem with all the graphs that are called from there."""

    def __init__(self, problem: Problem[State, Act, Subject], forced: Mapping[str, bool]) -> None:
        self._problem = problem
        self._forced = forced
        self._graphs = _counted_alike(problem)
        self._known: dict[object, Solution[State, Act, Subject]] = {}
        self._assumed: dict[object, Solution[State, Act, Subject]] = {}
        """What graphs that call each other have answered so far: more is found with each round."""
        self._running: set[object] = set()
        self._recursive: set[object] = set()
        self._left = _BUDGET_FOR_ALL

    def solution(self) -> Solution[State, Act, Subject]:
        graph = self._graphs[self._problem.number]
        entry = self._problem.start
        if entry is None:
            entry = Entry(self._problem.typestate.start, tuple(at_entry(graph)), ())
        return self._solved(self._problem.number, self._problem.subject, entry)

    def _solved(
        self, number: int, subject: Subject, entry: Entry[State]
    ) -> Solution[State, Act, Subject]:
        key = (number, subject, entry)
        if key in self._running:
            self._recursive.add(key)
            return self._known[key]
        if key in self._known:
            return self._known[key]
        problem = replace(self._problem, number=number, subject=subject, start=entry)
        start: Node[State] = Node(0, Facts((), entry.values, entry.decisions), entry.state)
        self._known[key] = self._assumed.get(key) or Solution(problem, start)
        self._running.add(key)
        before = set(self._known)
        while True:
            self._known[key] = self._search(problem, start)
            outermost = self._recursive & self._running == {key}
            if not outermost or not self._differs(set(self._known) - before | {key}):
                break
            for later in set(self._known) - before:  # they rest on too few exits
                del self._known[later]
        self._running.discard(key)
        return self._known[key]

    def _differs(self, keys: set[object]) -> bool:
        """Whether graphs that call each other have exits that were not assumed; they are then."""
        differs = any(
            key not in self._assumed or set(self._assumed[key].exits) != set(self._known[key].exits)
            for key in keys
        )
        self._assumed |= {key: self._known[key] for key in keys}
        return differs

    def _search(
        self, problem: Problem[State, Act, Subject], start: Node[State]
    ) -> Solution[State, Act, Subject]:
        forced = self._forced if problem.number == self._problem.number else {}
        graph = self._graphs[problem.number]
        found = None
        if self._left > 0:
            budget = min(_BUDGET, self._left)
            found = self._searched(problem, Paths(graph, forced), start, budget)
            self._left -= budget if found is None else len(found.steps)
        if found is None:
            guards = graph.guards
            merged = Guards(length=guards.length, stand_ins=guards.stand_ins, lasts=guards.lasts)
            paths = Paths(replace(graph, guards=merged), forced)
            found = self._searched(problem, paths, Node(0, Facts(), start.state), None)
        if found is None:  # without a budget the search always ends with an answer
            raise AssertionError
        return found

    def _searched(
        self,
        problem: Problem[State, Act, Subject],
        paths: Paths,
        start: Node[State],
        budget: int | None,
    ) -> Solution[State, Act, Subject] | None:
        solution = Solution(problem, start, exact=budget is not None)
        solution.steps[start] = None
        queue = deque([start])
        while queue:
            node = queue.popleft()
            left = _through_block(solution, paths, solution.acts, node)
            if left is None:
                continue
            for following, step in self._onward(solution, paths, node, *left):
                if following not in solution.steps:
                    solution.steps[following] = step
                    queue.append(following)
            if budget is not None and len(solution.steps) > budget:
                return None
        return solution

    def _onward(
        self,
        solution: Solution[State, Act, Subject],
        paths: Paths,
        node: Node[State],
        facts: Facts,
        state: State,
    ) -> Iterator[tuple[Node[State], Step[State, Act, Subject]]]:
        """The nodes that can follow, with how they are come to."""
        exit_ = paths.graph.blocks[node.block].exit
        if isinstance(exit_, Stop):
            solution.exits.setdefault(Entry(state, facts.values, facts.decisions), node)
        if not isinstance(exit_, Call):
            for facts_on, block, choice in paths.onward(facts, node.block):
                yield Node(block, facts_on, state), Step(node, choice, None, None)
            return
        called = self._graphs[exit_.callee]
        problem = solution.problem
        subject = problem.typestate.inside(called, exit_.link, problem.subject)
        entry = Entry(state, (), ())
        if self._left > 0:
            entry = entry_of(paths.graph, exit_, called, facts, state)
        inner = self._solved(exit_.callee, subject, entry)
        solution.exact &= inner.exact
        solution.entered.append(Entered(node, facts.group(), entry, inner))
        for left, last in list(inner.exits.items()):
            facts_on = after_call(paths, exit_, called, facts, left)
            yield Node(exit_.target, facts_on, left.state), Step(node, None, inner, last)


def _counted_alike(problem: Problem[State, Act, Subject]) -> Mapping[int, FlowGraph]:
    """The graphs that a graph leads to, all counting their loops to the same length."""
    found = {n: problem.graphs[n] for n in reachable(problem.graphs, problem.number)}
    if len(found) == 1:
        return found
    guards = [graph.guards for graph in found.values()]
    length = counted_length(
        (n for g in guards for n in g.moduli), (n for g in guards for n in g.limits)
    )
    return {n: replace(g, guards=replace(g.guards, length=length)) for n, g in found.items()}


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
