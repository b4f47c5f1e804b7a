"""What happened on one path to an event, through the calls on the way."""

from collections.abc import Iterator
from typing import NamedTuple

from lintgrad.dataflow.contexts import Context, Where
from lintgrad.dataflow.solution import Node, Solution
from lintgrad.dataflow.typestate import Act, State, Subject
from lintgrad.flow.events import Event
from lintgrad.flow.graph import Enter, Leave

_DEEPEST = 40
"""Calls nested deeper than this are left out of the story."""


class Passed(NamedTuple):
    """An event that a path went through, with the subject's states around it."""

    event: Event
    before: object
    after: object


def trail(
    context: Context[State, Act, Subject], where: Where[State], index: int
) -> tuple[Passed, ...]:
    """The events that concern the subject on a shortest path to an event of a block."""
    solution = context.solutions[where.entry]
    own = tuple(_walked(solution, where.node, index, 0))
    caller = context.callers.get(where.entry)
    if context.caller is None or caller is None:
        return own
    return (*trail(context.caller, caller, -1), *own)


def _walked(
    solution: Solution[State, Act, Subject], last: Node[State], index: int, depth: int
) -> Iterator[Passed]:
    """What is passed up to an event of the last node's block, or to its end for -1."""
    acts = solution.acts
    for node, step in solution.path(last):
        state = node.state
        for at, event in enumerate(solution.problem.graph.blocks[node.block].events):
            act = acts.get((node.block, at))
            if act is not None and not isinstance(event, Enter | Leave):
                after = solution.problem.typestate.after(state, act)
                yield Passed(event, state, after)
                state = after
            if node == last and at == index and step is None:
                return
        through = step.through if step is not None and depth < _DEEPEST else None
        if step is not None and through is not None and step.left is not None:
            yield from _walked(through, step.left, -1, depth + 1)
