"""Gates: guards that count, and what they let through in all the rounds of their loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from lintgrad.dataflow.arithmetic import evaluate
from lintgrad.dataflow.paths import Facts, Paths
from lintgrad.dataflow.solution import Node, Solution
from lintgrad.flow.events import Assign, Backward, Event
from lintgrad.flow.graph import Branch, FlowGraph
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.finding import Confidence, confidence_by
from lintgrad.rule.sides import Sides
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Binary, Compare, Const, Expr, Unary
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
    for block, branch, asked in _counting(graph):
        found = _Counted(paths, block, branch, asked, nodes.get(block, []))
        modulus = found.modulus()
        if modulus is None or not graph.blocks[block].loops:
            continue
        sides = Sides(solution)
        backwards = sides.backwards(graph.blocks[block].loops)
        for side in (True, False):
            behind = sides.step_behind(block, branch, side=side)
            opens = found.opens(modulus[1], side=side)
            if behind is not None and backwards and opens is not None:
                step, apart = behind
                place = solution.problem.subject
                span = branch.span if asked is branch.test else asked.span
                yield Gate(span, place, step, backwards, modulus[0], opens, apart)


def _counting(graph: FlowGraph) -> Iterator[tuple[int, Branch, Expr]]:
    """The branches that ask for a remainder, and where they ask: in the test or in its flag."""
    for number, block in enumerate(graph.blocks):
        test = block.exit.test if isinstance(block.exit, Branch) else None
        asked = test if test is None or any(_remainders(test)) else _flagged(graph, test)
        if asked is not None and isinstance(block.exit, Branch) and any(_remainders(asked)):
            yield number, block.exit, asked


def _is_compared_alone(test: Expr, modulus: Expr) -> bool:
    """Whether a test compares a remainder with a number and asks for nothing else: `i % 4 != 3`."""
    asked = test.value if isinstance(test, Unary) and test.op == "not" else test
    if not isinstance(asked, Compare) or not isinstance(modulus, Const):
        return False
    sides = (asked.left, asked.right)
    return any(isinstance(one, Const) for one in sides) and any(
        isinstance(one, Binary) and one.right is modulus for one in sides
    )


def _flagged(graph: FlowGraph, test: Expr) -> Expr | None:
    """What the flag that a test names, or denies, is given; None if more than one thing is."""
    flag = place_of(test.value if isinstance(test, Unary) and test.op == "not" else test)
    values = [
        event.value
        for block in graph.blocks
        for event in block.events
        if isinstance(event, Assign) and flag in event.places
    ]
    return values[0] if len(values) == 1 else None


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
    asked: Expr
    """The test with the remainder: the branch's own, or what its flag is given."""
    nodes: list[Node[Grad]]

    def modulus(self) -> tuple[Expr, int] | None:
        """What the test divides by, if it mentions no other number that a stand-in may not fit.

        What may be the length of the loop is such a number.
        """
        test = self.asked
        remainders = list(_remainders(test))
        if len(remainders) != 1:
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
        fits = numbers <= {0, 1, size} or _is_compared_alone(test, right)
        return (right, size) if fits else None

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
