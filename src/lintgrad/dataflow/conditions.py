"""What harm that is not certain depends on."""

from collections.abc import Callable, Mapping
from enum import Enum, auto

from lintgrad.dataflow.contexts import Context, contexts_of
from lintgrad.dataflow.paths import test_name
from lintgrad.dataflow.solution import Point, Solution
from lintgrad.dataflow.solve import solve
from lintgrad.dataflow.typestate import Act, Certainty, State, Subject
from lintgrad.flow.events import Assign
from lintgrad.flow.graph import Branch, FlowGraph

_MOST_TESTS = 12
"""Harm on a path with more tests than this counts as depending on several."""


class Condition(Enum):
    """What it takes for the harm to happen."""

    NONE = auto()
    """Nothing: it happens on every path."""
    VARYING = auto()
    """Something that changes while the loop runs."""
    FIXED = auto()
    """Something that stays the same in every iteration: a configuration."""
    REACHED = auto()
    """Only a configuration without which it is not reached: whenever it is, the harm is done."""
    REACHED_AT_TIMES = auto()
    """Only one thing that changes, without which it is not reached."""
    SEVERAL = auto()
    """Several things, an exception, or something that a called function decides."""


def condition_of(
    solution: Solution[State, Act, Subject],
    context: Context[State, Act, Subject],
    point: Point,
    bad: Callable[[State], bool],
) -> Condition:
    """What the harm at a point depends on, the context being one that the solution leads to.

    With the outcomes that one path to it took, the harm is certain; the tests that decide are
    those without whose outcome it is impossible. Several count as one if they ask about the same.
    """
    if context.certainty(point, bad) is Certainty.ALWAYS:
        return Condition.NONE
    taken = _taken(context, point, bad)

    def under(outcomes: Mapping[str, bool]) -> Certainty | None:
        found = [
            other.certainty(point, bad)
            for other in contexts_of(solve(solution.problem, outcomes))
            if (other.number, other.subject) == (context.number, context.subject)
            and any(point in inner.reached for inner in other.solutions.values())
        ]
        return max(found, default=None)

    if len(taken) > _MOST_TESTS or under(taken) is not Certainty.ALWAYS:
        return Condition.SEVERAL
    flipped = {test: under(taken | {test: not outcome}) for test, outcome in taken.items()}
    graph = solution.problem.graph
    kind = _kind(graph, [test for test, sure in flipped.items() if sure is Certainty.NEVER])
    leading = {test for test, sure in flipped.items() if sure is None}
    if leading and Certainty.NEVER not in flipped.values():
        return _reaching(graph, leading)
    if leading and not (kind is Condition.VARYING and leading <= _asked_once(graph)):
        # Another test decides whether the point is reached at all: the two may go together,
        # unless that one is done with before the loop begins in which the other changes.
        return Condition.SEVERAL
    return kind


def _taken(
    context: Context[State, Act, Subject], point: Point, bad: Callable[[State], bool]
) -> dict[str, bool]:
    """The outcomes of the outermost graph's tests on a path to a point in a bad state."""
    where = context.where(point, bad)
    while where is not None and context.caller is not None:
        where = context.callers.get(where.entry)
        context = context.caller
    if where is None:
        return {}
    steps = context.solutions[where.entry].path(where.node)
    choices = [step.choice for _, step in steps if step is not None]
    return {choice.test: choice.outcome for choice in choices if choice is not None}


def _reaching(graph: FlowGraph, leading: set[str]) -> Condition:
    """What decides whether a point is reached, where nothing else decides."""
    if all(_kind(graph, [test]) is Condition.FIXED for test in leading):
        return Condition.REACHED
    return Condition.REACHED_AT_TIMES if len(_about(graph, leading)) == 1 else Condition.SEVERAL


def _about(graph: FlowGraph, tests: set[str]) -> set[frozenset[str]]:
    """What tests mention."""
    return {
        block.exit.mentions
        for number, block in enumerate(graph.blocks)
        if isinstance(block.exit, Branch) and test_name(number, block.exit) in tests
    }


def _kind(graph: FlowGraph, deciding: list[str]) -> Condition:
    found = [
        (number, block.exit)
        for number, block in enumerate(graph.blocks)
        if isinstance(block.exit, Branch) and test_name(number, block.exit) in deciding
    ]
    about = {branch.mentions for _, branch in found}
    if len(about) != 1 or any(branch.test is None and branch.key for _, branch in found):
        return Condition.SEVERAL
    number, branch = found[0]
    if branch.key is None:
        return Condition.VARYING
    varying = _assigned_in_loops(graph, number)
    mentioned = {mention.split(".")[0].split("[")[0] for mention in branch.mentions}
    changes = bool(varying & (mentioned | branch.mentions))
    return Condition.VARYING if changes else Condition.FIXED


def _asked_once(graph: FlowGraph) -> set[str]:
    """The tests that no loop asks again."""
    tests = [
        (b.loops, test_name(n, b.exit))
        for n, b in enumerate(graph.blocks)
        if isinstance(b.exit, Branch)
    ]
    return {test for _, test in tests} - {test for loops, test in tests if loops}


def _assigned_in_loops(graph: FlowGraph, block: int) -> set[str]:
    """The places assigned in the loops that a block stands in."""
    around = set(graph.blocks[block].loops)
    found = {place for loop in around for place in graph.loops[loop].targets}
    for other in graph.blocks:
        if around & set(other.loops):
            for event in other.events:
                if isinstance(event, Assign):
                    found.update(event.places)
    return found
