"""Gates: guards that count, and what they let through in all the rounds of their loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from lintgrad.dataflow.arithmetic import evaluate
from lintgrad.dataflow.paths import Facts, Paths
from lintgrad.dataflow.solution import Node, Solution
from lintgrad.flow.events import Backward, Event, Step
from lintgrad.flow.graph import Branch, FlowGraph, targets_of
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.finding import Confidence, confidence_by
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Binary, Const, Expr
from lintgrad.syntax.walk import parts_of
from lintgrad.typestates.gradients import Grad, GradAct


class Opens(Enum):
    """When a gate lets a step through."""

    NEVER = auto()
    ALWAYS = auto()
    MOSTLY = auto()
    """In all rounds but every n-th."""
    IN_TIME = auto()


@dataclass(frozen=True, slots=True)
class Gate:
    """A guard with a remainder in its test that a step waits behind, and no backward alone does."""

    span: Span
    optimizer: Optimizer
    step: Event
    backwards: tuple[Backward, ...]
    modulus: Expr
    opens: Opens
    apart: bool = False
    """Whether the micro-batches that are stepped for have a backward of their own."""

    @property
    def confidence(self) -> Confidence:
        """What the basis for the optimizer allows."""
        return confidence_by(self.optimizer.basis)


def gates_of(solution: Solution[Grad, GradAct, Optimizer]) -> Iterator[Gate]:
    """The gates in a solved graph that were seen in more rounds than a window has."""
    graph = solution.problem.graph
    paths = Paths(graph, {})
    nodes: dict[int, list[Node[Grad]]] = {}
    for node in solution.steps:
        nodes.setdefault(node.block, []).append(node)
    for block, branch in _counting(graph):
        found = _Counted(paths, block, branch, nodes.get(block, []))
        modulus = found.modulus()
        if modulus is None or not graph.blocks[block].loops:
            continue
        backwards = _backwards(graph, graph.blocks[block].loops)
        for side in (True, False):
            behind = _step_behind(solution, graph, block, branch, side=side)
            opens = found.opens(modulus[1], side=side)
            if behind is not None and backwards and opens is not None:
                step, apart = behind
                place = solution.problem.subject
                yield Gate(branch.span, place, step, backwards, modulus[0], opens, apart)


def _counting(graph: FlowGraph) -> Iterator[tuple[int, Branch]]:
    for number, block in enumerate(graph.blocks):
        test = block.exit.test if isinstance(block.exit, Branch) else None
        if test is not None and isinstance(block.exit, Branch) and any(_remainders(test)):
            yield number, block.exit


def _remainders(test: Expr) -> Iterator[Binary]:
    for part in parts_of(test):
        if isinstance(part, Binary) and part.op == "%":
            yield part


@dataclass(frozen=True, slots=True)
class _Counted:
    """A guard with the nodes at which it was asked."""

    paths: Paths
    block: int
    branch: Branch
    nodes: list[Node[Grad]]

    def modulus(self) -> tuple[Expr, int] | None:
        """What the test divides by, if it mentions no other number that a stand-in may not fit.

        What may be the length of the loop is such a number.
        """
        test = self.branch.test
        remainders = list(_remainders(test)) if test is not None else []
        if test is None or len(remainders) != 1:
            return None
        right = remainders[0].right
        sizes = {
            known
            for facts in self._facts()
            if isinstance(
                known := evaluate(right, dict(facts.values), self.paths.graph.guards), int
            )
        }
        size = sizes.pop() if len(sizes) == 1 else 0
        if size < 1:
            return None
        if self.paths.graph.guards.lasts & {place_of(part) for part in parts_of(test)}:
            return None
        numbers = {part.value for part in parts_of(test) if isinstance(part, Const)}
        return (right, size) if numbers <= {0, 1, size} else None

    def opens(self, size: int, *, side: bool) -> Opens | None:
        """When the test leads to one side; None if that is not known for enough rounds."""
        guards = self.paths.graph.guards
        rounds: dict[object, bool] = {}
        begun: set[object] = set()
        for facts in self._facts():
            known = evaluate(self.branch.test, dict(facts.values), guards)
            if not (known is None or isinstance(known, int)):
                return None
            rounds[facts.group()] = bool(known) is side
            begun.add(facts.turns[:-1])
        opened = sum(rounds.values())
        if len(rounds) <= size + 1:
            return None
        if opened == 0:
            return Opens.NEVER
        if size == 1:  # a window of one micro-batch is applied in every round
            return Opens.IN_TIME
        if opened == len(rounds):
            return Opens.ALWAYS
        closed = len(rounds) - opened
        # Each time the loop begins, a window may be cut short; a loop inside of the counted one,
        # with fewer rounds than a window, begins no windows.
        cut = len(begun) if len(rounds) >= size * len(begun) else 1
        mostly = size > 2 and closed * (size - 1) <= opened + (size - 1) * cut
        return Opens.MOSTLY if mostly else Opens.IN_TIME

    def _facts(self) -> Iterator[Facts]:
        for node in self.nodes:
            facts: Facts | None = node.facts
            for event in self.paths.graph.blocks[self.block].events:
                facts = self.paths.through(facts, event) if facts is not None else None
            if facts is not None:
                yield facts


def _backwards(graph: FlowGraph, loops: tuple[int, ...]) -> tuple[Backward, ...]:
    """The backwards that run once in each round of the innermost of some loops."""
    return tuple(
        event
        for block in graph.blocks
        if block.loops == loops
        for event in block.events
        if isinstance(event, Backward)
    )


def _step_behind(
    solution: Solution[Grad, GradAct, Optimizer],
    graph: FlowGraph,
    block: int,
    branch: Branch,
    *,
    side: bool,
) -> tuple[Event, bool] | None:
    """A step on one side of a branch alone, in the same loop; whether both have a backward.

    None if a backward stands on the side of the step alone.
    """
    one = _behind(graph, block, branch.if_true if side else branch.if_false)
    other = _behind(graph, block, branch.if_false if side else branch.if_true)
    apart = _runs_backward(graph, one - other)
    if any(_steps(solution, other - one)) or (apart and not _runs_backward(graph, other - one)):
        return None
    step = next(_steps(solution, one - other), None)
    return None if step is None else (step, apart)


def _runs_backward(graph: FlowGraph, blocks: set[int]) -> bool:
    return any(isinstance(e, Backward) for number in blocks for e in graph.blocks[number].events)


def _steps(solution: Solution[Grad, GradAct, Optimizer], blocks: set[int]) -> Iterator[Event]:
    """The steps of the solved optimizer in some blocks."""
    acts = solution.acts
    for number in sorted(blocks):
        for index, event in enumerate(solution.problem.graph.blocks[number].events):
            if isinstance(event, Step) and acts.get((number, index)) is GradAct.APPLY:
                yield event


def _behind(graph: FlowGraph, block: int, start: int) -> set[int]:
    """The blocks of the same loop that can follow before a branch is asked again."""
    loops = graph.blocks[block].loops
    found: set[int] = set()
    todo = [start]
    while todo:
        at = todo.pop()
        if at in found or at == block or graph.blocks[at].loops[: len(loops)] != loops:
            continue
        found.add(at)
        todo += targets_of(graph.blocks[at].exit)
    return found
