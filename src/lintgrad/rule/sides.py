"""What stands on the two sides of a branch in a loop: steps and backwards."""

from collections.abc import Iterator
from dataclasses import dataclass

from lintgrad.dataflow.solution import Solution
from lintgrad.flow.events import Backward, Event, Step
from lintgrad.flow.graph import Block, Branch, Call, FlowGraph, reachable, targets_of
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.views import seen_inside
from lintgrad.typestates.gradients import Grad, GradAct, act

_DEEPEST = 3
"""Functions that call each other are followed so far for a step."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The branches of a solved graph, by what may follow on each of their sides."""

    solution: Solution[Grad, GradAct, Optimizer]

    @property
    def _graph(self) -> FlowGraph:
        return self.solution.problem.graph

    def backwards(self, loops: tuple[int, ...]) -> tuple[Backward, ...]:
        """The backwards that run once in each round of the innermost of some loops."""
        return tuple(
            event
            for block in self._graph.blocks
            if block.loops == loops
            for event in self._backwards_of(block)
        )

    def step_behind(self, block: int, branch: Branch, *, side: bool) -> tuple[Event, bool] | None:
        """A step on one side of a branch alone, in the same loop; whether both have a backward.

        None if a backward stands on the side of the step alone.
        """
        one = self._behind(block, branch.if_true if side else branch.if_false)
        other = self._behind(block, branch.if_false if side else branch.if_true)
        apart = self._runs_backward(one - other)
        if any(self._steps(other - one)) or (apart and not self._runs_backward(other - one)):
            return None
        step = next(self._steps(one - other), None)
        return None if step is None else (step, apart)

    def _backwards_of(self, block: Block) -> Iterator[Backward]:
        """The backwards of a block, and of what is called at its end."""
        yield from (event for event in block.events if isinstance(event, Backward))
        if isinstance(block.exit, Call):
            graphs = self.solution.problem.graphs
            for number in reachable(graphs, block.exit.callee):
                for inner in graphs[number].blocks:
                    yield from (event for event in inner.events if isinstance(event, Backward))

    def _runs_backward(self, blocks: set[int]) -> bool:
        return any(True for n in blocks for _ in self._backwards_of(self._graph.blocks[n]))

    def _steps(self, blocks: set[int]) -> Iterator[Event]:
        """The steps of the solved optimizer in some blocks, and in what they call."""
        subject = self.solution.problem.subject
        for number in sorted(blocks):
            yield from self._steps_of(self._graph.blocks[number], subject, _DEEPEST)

    def _steps_of(self, block: Block, optimizer: Optimizer, deep: int) -> Iterator[Event]:
        for event in block.events:
            if isinstance(event, Step) and act(event, optimizer) is GradAct.APPLY:
                yield event
        if isinstance(block.exit, Call) and deep:
            called = self.solution.problem.graphs[block.exit.callee]
            inside = seen_inside(called, block.exit.link, optimizer)
            for inner in called.blocks:
                yield from self._steps_of(inner, inside, deep - 1)

    def _behind(self, block: int, start: int) -> set[int]:
        """The blocks of the same loop that can follow before a branch is asked again."""
        blocks = self._graph.blocks
        loops = blocks[block].loops
        found: set[int] = set()
        todo = [start]
        while todo:
            at = todo.pop()
            if at in found or at == block or blocks[at].loops[: len(loops)] != loops:
                continue
            found.add(at)
            todo += targets_of(blocks[at].exit)
        return found
