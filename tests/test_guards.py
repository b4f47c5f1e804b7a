"""Guards decided by counting, against Python itself running the same loop."""

import itertools

import pytest

from lintgrad.dataflow.solution import Problem
from lintgrad.dataflow.solve import solve
from lintgrad.flow.events import Step
from lintgrad.flow.graph import FlowGraph
from lintgrad.flow.project import Project
from lintgrad.source.text import Source
from lintgrad.typestates.gradients import GRADIENTS, Grad, GradAct, after

HEADER = """\
import torch
model = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
n = {n}
"""

LOOPS = {
    "enumerate": "for i, x in enumerate(data):",
    "enumerate from one": "for i, x in enumerate(data, 1):",
    "range": "for i in range(len(data)):",
    "zip": "for i, x in zip(range(len(data)), data):",
    "progress bar": "for i, x in bar(enumerate(data)):",
}

GUARDS = [
    "(i + 1) % n == 0",
    "i % n == 0",
    "i % n == n - 1",
    "not (i + 1) % n",
    "not i % n",
    "(i + 1) % n == 0 or i == len(data) - 1",
    "(i + 1) % n == 0 or (i + 1) == len(data)",
    "i > 0 and i % n == 0",
    "n == 1 or i % n",
    "i + 1 % n == 0",
    "i % n != n - 1 if n > 1 else True",
]

BODIES = {
    "step and clear": "if {guard}:\n        opt.step()\n        opt.zero_grad()",
    "step, never clear": "if {guard}:\n        opt.step()",
    "step always, clear guarded": "opt.step()\n    if {guard}:\n        opt.zero_grad()",
    "clear before step": "if {guard}:\n        opt.zero_grad()\n    opt.step()",
    "continue": "if not ({guard}):\n        continue\n    opt.step()\n    opt.zero_grad()",
    "flag": (
        "ready = {guard}\n    if ready:\n        opt.step()\n    if ready:\n        opt.zero_grad()"
    ),
}


class Recorder:
    """Stands for the optimizer, the loss and torch when Python runs the loop."""

    def __init__(self) -> None:
        self.state = Grad.CLEAR
        self.met: set[Grad] = set()

    def backward(self) -> None:
        self.state = after(self.state, GradAct.ADD)

    def step(self) -> None:
        self.met.add(self.state)
        self.state = after(self.state, GradAct.APPLY)

    def zero_grad(self) -> None:
        self.state = after(self.state, GradAct.CLEAR)


def run_by_python(text: str, rounds: int) -> set[Grad]:
    recorder = Recorder()
    lines = [line for line in text.splitlines() if "torch" not in line]
    names = {"opt": recorder, "loss": recorder, "data": range(rounds), "bar": lambda it: it}
    exec("\n".join(lines), names)  # our own text
    return recorder.met


def graph_of(text: str) -> FlowGraph:
    source = Source("loop.py", text)
    (graph,) = Project().analysed(source).graphs
    return graph


def states_at_steps(graph: FlowGraph) -> set[Grad]:
    solution = solve(Problem((graph,), 0, graph.optimizers["opt"], GRADIENTS))
    return {
        state
        for reached in solution.reached.values()
        if isinstance(reached.event, Step)
        for moment in reached.moments.values()
        for state in moment
    }


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("loop", "guard", "body"), list(itertools.product(LOOPS, GUARDS, BODIES)), ids=str
)
def test_a_counted_loop_does_what_python_does(loop: str, guard: str, body: str, n: int) -> None:
    inner = BODIES[body].format(guard=guard)
    text = f"{HEADER.format(n=n)}{LOOPS[loop]}\n    loss.backward()\n    {inner}\n"
    graph = graph_of(text)
    assert states_at_steps(graph) == run_by_python(text, graph.guards.length), text


HAND_COUNTED = """\
count = 0
for x in data:
    loss.backward()
    count += 1
    if count == n:
        opt.step()
        opt.zero_grad()
        count = 0
"""


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_a_counter_kept_by_hand_is_followed(n: int) -> None:
    text = HEADER.format(n=n) + HAND_COUNTED
    assert states_at_steps(graph_of(text)) == run_by_python(text, 20) == {Grad.PENDING}


def test_a_window_that_is_not_written_down_stands_for_three() -> None:
    text = HEADER.replace("n = {n}\n", "") + "for i, x in enumerate(data):\n    loss.backward()\n"
    text += "    if (i + 1) % args.n == 0:\n        opt.step()\n        opt.zero_grad()\n"
    graph = graph_of(text)
    assert graph.guards.stand_ins == {"args.n": 3}
    assert graph.guards.length % 3 != 0
    assert states_at_steps(graph) == {Grad.PENDING}
