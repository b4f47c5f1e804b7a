"""Accumulation windows unrolled, against Python itself running the same loop.

For every length of the window, every length of the loader and every way to write the guard, the
graph allows exactly one sequence of clears, backwards and steps: the one that Python produces.
"""

import itertools
from collections.abc import Iterator
from textwrap import indent

import pytest
from _pytest.mark import ParameterSet

from lintgrad.dataflow.calls import at_entry
from lintgrad.dataflow.paths import Facts, Paths
from lintgrad.flow.events import Backward, Step, ZeroGrad
from lintgrad.flow.graph import FlowGraph, Stop
from lintgrad.flow.project import Project
from lintgrad.source.text import Source

WINDOWS = range(1, 6)
LENGTHS = range(1, 13)

HEADER = """\
import torch
model = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
"""

LOOP = """\
for i in range({length}):
    loss.backward()
    if {guard}:
        opt.step()
        opt.zero_grad()
"""

GUARDS = {
    "counted from zero": "(i + 1) % n == 0",
    "one early": "i % n == 0",
    "the last of a window": "i % n == n - 1",
    "not a rest": "not (i + 1) % n",
    "not a rest, one early": "not i % n",
    "a rest of less than one": "(i + 1) % n < 1",
    "compared the other way": "0 == (i + 1) % n",
    "inverted": "i % n",
    "inverted, from one": "(i + 1) % n != 0",
    "precedence": "i + 1 % n == 0",
    "precedence, inverted": "i - 1 % n",
    "impossible rest": "i % n == n",
    "always": "i % n >= 0",
    "or the last": "(i + 1) % n == 0 or i == {length} - 1",
    "or the last, from one": "(i + 1) % n == 0 or (i + 1) == {length}",
    "or the last, in a flag": "(i + 1) % n == 0 or last",
    "not the first": "i > 0 and i % n == 0",
    "not the first, not written": "i and i % n == 0",
    "one is no window": "n == 1 or i % n == 1",
    "whole windows only": "(i + 1) % n == 0 and i < {length} // n * n",
    "chosen": "i % n == n - 1 if n > 1 else True",
    "by division": "(i + 1) // n * n == i + 1",
}

SHAPES = {
    "clear first": """\
for i in range({length}):
    if i % n == 0:
        opt.zero_grad()
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
""",
    "clear every time": """\
for i in range({length}):
    opt.zero_grad()
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
""",
    "out of phase": """\
for i in range({length}):
    if (i + 1) % n == 0:
        opt.zero_grad()
    loss.backward()
    if i % n == 0:
        opt.step()
""",
    "flag": """\
for i in range({length}):
    ready = (i + 1) % n == 0
    loss.backward()
    if ready:
        opt.step()
    if ready:
        opt.zero_grad()
""",
    "flag of waiting": """\
for i in range({length}):
    waiting = (i + 1) % n != 0
    loss.backward()
    if not waiting:
        opt.step()
        opt.zero_grad()
""",
    "continue": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n:
        continue
    opt.step()
    opt.zero_grad()
""",
    "otherwise": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n:
        pass
    else:
        opt.step()
        opt.zero_grad()
""",
    "one-based": """\
for i in range(1, {length} + 1):
    loss.backward()
    if i % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "flushed by the length": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
if {length} % n:
    opt.step()
    opt.zero_grad()
""",
    "flushed by the counter": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
if (i + 1) % n != 0:
    opt.step()
    opt.zero_grad()
""",
    "flushed in an else": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
else:
    opt.step()
""",
    "break before the flush": """\
for i in range({length}):
    loss.backward()
    if i == 4:
        break
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
else:
    opt.step()
""",
    "counted by hand": """\
count = 0
for _ in range({length}):
    loss.backward()
    count += 1
    if count == n:
        opt.step()
        opt.zero_grad()
        count = 0
""",
    "counted by hand, not reset": """\
count = 0
for _ in range({length}):
    loss.backward()
    count += 1
    if count % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "counted by hand, too late": """\
count = 0
for _ in range({length}):
    loss.backward()
    if count == n:
        opt.step()
        opt.zero_grad()
        count = 0
    count += 1
""",
    "counted down": """\
left = n
for _ in range({length}):
    loss.backward()
    left -= 1
    if not left:
        opt.step()
        opt.zero_grad()
        left = n
""",
    "global step": """\
done = 0
for epoch in range(2):
    for _ in range({length}):
        loss.backward()
        done += 1
        if done % n == 0:
            opt.step()
            opt.zero_grad()
""",
    "cleared at the start of an epoch": """\
for epoch in range(2):
    opt.zero_grad()
    for i in range({length}):
        loss.backward()
        if (i + 1) % n == 0:
            opt.step()
            opt.zero_grad()
""",
    "steps are limited": """\
steps = 0
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
        steps += 1
        if steps >= 2:
            break
""",
    "since the last step": """\
last_step = -1
for i in range({length}):
    loss.backward()
    if i - last_step >= n:
        opt.step()
        opt.zero_grad()
        last_step = i
""",
    "while": """\
i = 0
while i < {length}:
    loss.backward()
    i += 1
    if i % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "step for the window before": """\
for i in range({length}):
    if i % n == 0:
        if i:
            opt.step()
        opt.zero_grad()
    loss.backward()
""",
}

_MOST_BLOCKS = 2000
"""A program that is decided goes through fewer blocks than this."""

Sequence = tuple[str, ...]


class Recorder:
    """Stands for the optimizer and the loss when Python runs the loop."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    def backward(self) -> None:
        self.happened.append("backward")

    def step(self) -> None:
        self.happened.append("step")

    def zero_grad(self) -> None:
        self.happened.append("clear")


def run_by_python(text: str, **names: object) -> Sequence:
    recorder = Recorder()
    exec(text, {"opt": recorder, "loss": recorder, **names})  # our own text
    return tuple(recorder.happened)


def allowed(graph: FlowGraph, beginning: Sequence | None = None) -> set[Sequence]:
    """Every sequence of clears, backwards and steps that a graph allows.

    With a beginning, only that sequence itself is looked for.
    """
    kinds: dict[type, str] = {Backward: "backward", Step: "step", ZeroGrad: "clear"}
    paths = Paths(graph, {})
    found: set[Sequence] = set()
    todo: list[tuple[int, Facts, Sequence]] = [(0, Facts((), tuple(at_entry(graph))), ())]
    for _ in range(_MOST_BLOCKS):
        if not todo:
            return found
        block, before, sequence = todo.pop()
        facts: Facts | None = before
        for event in graph.blocks[block].events:
            sequence += (kinds[type(event)],) if type(event) in kinds else ()
            facts = paths.through(facts, event) if facts is not None else None
        if facts is None or (beginning is not None and beginning[: len(sequence)] != sequence):
            continue
        if isinstance(graph.blocks[block].exit, Stop):
            found |= {sequence} if beginning in (None, sequence) else set()
        todo += [(way.block, way.facts, sequence) for way in paths.onward(facts, block)]
    raise AssertionError("the path is not decided")


def programs(text: str) -> Iterator[tuple[str, str]]:
    """A program for every window and length: its function's name, and its text."""
    for n, length in itertools.product(WINDOWS, LENGTHS):
        last = f"    last = i + 1 == {length}\n" if " last" in text else ""
        body = text.replace("    loss.backward()\n", f"{last}    loss.backward()\n", 1)
        yield f"run_{n}_{length}", f"n = {n}\n" + body.replace("{length}", str(length))


def check(text: str) -> None:
    written = dict(programs(text))
    functions = (f"def {name}():\n{indent(body, '    ')}" for name, body in written.items())
    source = Source("loops.py", HEADER + "\n".join(functions))
    analysis = Project().analysed(source)
    graphs = {analysis.graphs[number].name: analysis.graphs[number] for number in analysis.roots}
    for name, body in written.items():
        assert allowed(graphs[name]) == {run_by_python(body)}, body


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_lets_through_what_python_lets_through(guard: str) -> None:
    check(LOOP.replace("{guard}", GUARDS[guard]))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_does_what_python_does(shape: str) -> None:
    check(SHAPES[shape])


def in_symbols(text: str) -> str:
    """The program with the length of the loader and of the window not written down."""
    loop = text.replace("range({length})", "range(len(data))").replace("{length}", "len(data)")
    return loop.replace("range(1, len(data) + 1)", "range(1, 1 + len(data))")


def symbolic() -> Iterator[ParameterSet]:
    """The programs that say what the window is by what they count to."""
    for name, guard in GUARDS.items():
        if " last" not in guard:
            yield pytest.param(LOOP.replace("{guard}", guard), id=name)
    for name, text in SHAPES.items():
        if name not in ("while", "counted down"):
            yield pytest.param(text, id=name)


@pytest.mark.parametrize("text", list(symbolic()))
def test_what_is_not_written_down_stands_for_a_window_of_three(text: str) -> None:
    body = in_symbols(text)
    source = Source("loop.py", f"{HEADER}def run(data, n):\n{indent(body, '    ')}")
    analysis = Project().analysed(source)
    graph = next(analysis.graphs[n] for n in analysis.roots if analysis.graphs[n].name == "run")
    expected = run_by_python(body, data=range(graph.guards.length), n=3)
    assert graph.guards.length % 3
    assert allowed(graph, beginning=expected) == {expected}
    if "for i in" in body and "% n" in body:  # nothing else is left open
        assert allowed(graph) == {expected}
