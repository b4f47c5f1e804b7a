"""Which states can reach each event: a search over blocks, facts and states, through calls.

The states of a set are followed one by one, so the answer is the union over all paths (the
distributive case of Kildall 1973), and every state comes with one shortest path that leads to it.
A called graph is solved once for each state and facts that it is entered with, and its answer is
used wherever it is entered so again (the summaries of Sharir and Pnueli 1981).
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Generic

from lintgrad.dataflow.calls import Entry, Passage, after_call, at_entry, entry_of, passage
from lintgrad.dataflow.paths import Facts, Paths, asks_lengths
from lintgrad.dataflow.solution import Entered, Node, Point, Problem, Reached, Solution, Step
from lintgrad.dataflow.typestate import Act, State, Subject
from lintgrad.flow.graph import Call, Enter, FlowGraph, Guards, Leave, Stop, reachable
from lintgrad.flow.loops.counting import counted_length

_BUDGET = 20_000
_BUDGET_FOR_ALL = 2 * _BUDGET
"""Nodes that a search of one graph, or of all graphs, may visit before it merges paths."""


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
        self._acts: dict[tuple[int, Subject], dict[Point, Act]] = {}
        self._called: dict[int, frozenset[int]] = {}
        self._passages: dict[tuple[Paths, int], Passage] = {}
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
        self._known[key] = self._assumed.get(key) or Solution(
            problem, start, self._acts_of(problem)
        )
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
        solution = Solution(problem, start, self._acts_of(problem), exact=budget is not None)
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
        known = self._passage(paths, node.block, exit_)
        entry = Entry(state, (), ())
        if self._left > 0 and not self._comes_back(exit_.callee, problem.number):
            entry = entry_of(paths.graph, known, facts, state)
        inner = self._solved(exit_.callee, subject, entry)
        solution.exact &= inner.exact
        solution.entered.append(Entered(node, facts.group(), entry, inner))
        for left, last in list(inner.exits.items()):
            facts_on = after_call(paths, known, facts, left)
            yield Node(exit_.target, facts_on, left.state), Step(node, None, inner, last)

    def _comes_back(self, callee: int, caller: int) -> bool:
        """Whether a graph that is called may call its caller again.

        Such graphs are entered without facts: every round of the recursion would bring new ones.
        """
        if callee not in self._called:
            self._called[callee] = frozenset(reachable(self._graphs, callee))
        return caller in self._called[callee]

    def _passage(self, paths: Paths, block: int, call: Call) -> Passage:
        if (paths, block) not in self._passages:
            called = self._graphs[call.callee]
            self._passages[paths, block] = passage(paths.graph, call, called)
        return self._passages[paths, block]

    def _acts_of(self, problem: Problem[State, Act, Subject]) -> dict[Point, Act]:
        key = (problem.number, problem.subject)
        if key not in self._acts:
            self._acts[key] = problem.acts()
        return self._acts[key]


def _counted_alike(problem: Problem[State, Act, Subject]) -> Mapping[int, FlowGraph]:
    """The graphs that a graph leads to, all counting their loops to the same length."""
    found = {n: problem.graphs[n] for n in reachable(problem.graphs, problem.number)}
    if len(found) == 1:
        return found
    guards = [graph.guards for graph in found.values()]
    length = counted_length(
        (n for g in guards for n in g.moduli), (n for g in guards for n in g.limits)
    )
    measured = any(map(asks_lengths, found.values()))
    return {
        n: replace(graph, guards=replace(graph.guards, length=length, measured=measured))
        for n, graph in found.items()
    }


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
