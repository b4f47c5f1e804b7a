"""Accumulation windows unrolled, against Python itself running the same loop.

For every length of the window, every length of the loader and every way to write the guard, the
graph allows exactly one sequence of clears, backwards and steps: the one that Python produces.
"""

import itertools
from collections.abc import Iterator
from textwrap import indent

import pytest
from _pytest.mark import ParameterSet
from window_programs import GUARDS, HEADER, LOOP
from window_shapes import SHAPES

from lintgrad.dataflow.calls import at_entry
from lintgrad.dataflow.paths import Facts, Paths
from lintgrad.flow.events import Backward, Step, ZeroGrad
from lintgrad.flow.graph import FlowGraph, Stop
from lintgrad.flow.project import Project
from lintgrad.source.text import Source

WINDOWS = range(1, 6)
LENGTHS = range(1, 13)

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
