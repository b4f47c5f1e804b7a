"""Whether gradients of several rounds are meant to come together before they are used."""

from collections.abc import Collection

from lintgrad.dataflow.between import ends_of, past
from lintgrad.dataflow.contexts import contexts_of
from lintgrad.dataflow.solution import Solution
from lintgrad.dataflow.typestate import Act, State
from lintgrad.flow.places.optimizer import Optimizer


def piles_up(
    solution: Solution[State, Act, Optimizer], adding: Act, ending: Collection[Act]
) -> bool:
    """Whether what adds to gradients may run again before anything uses or clears them.

    What adds in a called function, and leaves them to the caller, is taken to.
    """
    for context in contexts_of(solution):
        acts = context.solution.acts
        ended = {point for point, act in acts.items() if act in ending}
        left = ends_of(context.graph) if context.caller is not None else set()
        for point, act in acts.items():
            if act == adding and past(context.graph, point, {point} | left, ended):
                return True
    return False
