"""What happened on one path to an event."""

from collections.abc import Callable
from typing import NamedTuple

from lintgrad.dataflow.solve import Point, Solution
from lintgrad.dataflow.typestate import Act, State, Subject
from lintgrad.flow.events import Event
from lintgrad.flow.graph import Enter, Leave


class Passed(NamedTuple):
    """An event that a path went through, with the subject's states around it."""

    event: Event
    before: object
    after: object


def trail(
    solution: Solution[State, Act, Subject], point: Point, bad: Callable[[State], bool]
) -> tuple[Passed, ...]:
    """The events that concern the subject on a shortest path to a point in a bad state."""
    last = solution.reached[point].node(bad)
    if last is None:
        return ()
    problem, acts = solution.problem, solution.problem.acts()
    passed: list[Passed] = []
    for node, _ in solution.path(last):
        state = node.state
        for index, event in enumerate(problem.graph.blocks[node.block].events):
            act = acts.get((node.block, index))
            if act is not None and not isinstance(event, Enter | Leave):
                after = problem.typestate.after(state, act)
                passed.append(Passed(event, state, after))
                state = after
            if node == last and index == point[1]:
                break
    return tuple(passed)
