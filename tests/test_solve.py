"""The solver against an independent model: every path of small random programs, run one by one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintgrad.dataflow.solution import Problem
from lintgrad.dataflow.solve import _Solver, solve
from lintgrad.flow.events import Step
from lintgrad.flow.project import Project
from lintgrad.source.text import Source
from lintgrad.typestates.gradients import GRADIENTS, Grad

ROUNDS = 4
"""How often a loop of the model runs at most: enough for the states to repeat."""

Program = tuple["Line", ...]


@dataclass(frozen=True)
class Line:
    """One line of a random program; `at` is filled in when the program is written down."""

    kind: str
    name: str = ""
    body: Program = ()
    orelse: Program = ()


acts = st.sampled_from(
    [Line("backward"), *(Line(k, o) for k in ("step", "clear") for o in ("a", "b"))]
)
names = st.sampled_from(["first", "second", "third"])


def blocks(depth: int, *, in_loop: bool) -> st.SearchStrategy[Program]:
    lines: st.SearchStrategy[Line] = acts
    if in_loop:
        lines |= st.sampled_from([Line("break"), Line("continue")])
    if depth:
        inner, looped = blocks(depth - 1, in_loop=in_loop), blocks(depth - 1, in_loop=True)
        lines |= st.builds(lambda n, b, o: Line("if", n, b, o), names, inner, inner)
        lines |= st.builds(lambda b: Line("for", body=b), looped)
        lines |= st.builds(lambda b: Line("forever", body=b), looped)
    return st.lists(lines, min_size=1, max_size=4).map(tuple)


@dataclass
class Written:
    """A program as text, with the row of every line."""

    rows: list[str] = field(default_factory=list)
    at: dict[int, int] = field(default_factory=dict)

    def write(self, program: Program, indent: int) -> None:
        for line in program:
            self.at[id(line)] = len(self.rows) + 1
            pad = "    " * indent
            match line.kind:
                case "backward":
                    self.rows.append(f"{pad}loss.backward()")
                case "step":
                    self.rows.append(f"{pad}{line.name}.step()")
                case "clear":
                    self.rows.append(f"{pad}{line.name}.zero_grad()")
                case "break" | "continue":
                    self.rows.append(f"{pad}{line.kind}")
                case "if":
                    self.rows.append(f"{pad}if {line.name}:")
                    self.write(line.body, indent + 1)
                    self.rows.append(f"{pad}else:")
                    self.write(line.orelse, indent + 1)
                case _:
                    head = "for x in data:" if line.kind == "for" else "while True:"
                    self.rows.append(f"{pad}{head}")
                    self.write(line.body, indent + 1)


def unshared(program: Program) -> Program:
    """The same program with every line an object of its own."""
    return tuple(Line(p.kind, p.name, unshared(p.body), unshared(p.orelse)) for p in program)


def asked(program: Program) -> Iterator[str]:
    for line in program:
        if line.kind == "if":
            yield line.name
        yield from asked(line.body)
        yield from asked(line.orelse)


class Model:
    """Runs every path of a program for one optimizer, and notes the states that steps meet.

    A test that is asked in several places has one answer for a whole run; any other may be
    answered anew each time.
    """

    def __init__(self, optimizer: str, answers: dict[str, bool]) -> None:
        self.optimizer = optimizer
        self.answers = answers
        self.met: dict[int, set[Grad]] = {}

    def run(self, program: Program, state: Grad) -> set[tuple[Grad, str]]:
        """The ends of all paths through a program: the state, and how it was left."""
        ends = {(state, "end")}
        for line in program:
            after: set[tuple[Grad, str]] = {e for e in ends if e[1] != "end"}
            for reached, how in ends:
                if how == "end":
                    after |= self.line(line, reached)
            ends = after
        return ends

    def line(self, line: Line, state: Grad) -> set[tuple[Grad, str]]:
        match line.kind:
            case "break" | "continue":
                return {(state, line.kind)}
            case "if":
                known = self.answers.get(line.name)
                ends = set()
                for answer in (True, False) if known is None else (known,):
                    ends |= self.run(line.body if answer else line.orelse, state)
                return ends
            case "for" | "forever":
                return self.loop(line, state)
        return {(self.act(line, state), "end")}

    def loop(self, line: Line, state: Grad) -> set[tuple[Grad, str]]:
        ends: set[tuple[Grad, str]] = set()
        states = {state}
        for _ in range(ROUNDS):
            after = {end for reached in states for end in self.run(line.body, reached)}
            ends |= {(s, "end") for s, how in after if how == "break"}
            states = {s for s, how in after if how != "break"}
            if line.kind == "for":
                ends |= {(s, "end") for s in states}
        return ends

    def act(self, line: Line, state: Grad) -> Grad:
        """Torch's own rules, written down once more without the tool's table."""
        mine = line.name == self.optimizer
        if line.kind == "backward":
            if state in (Grad.SPENT, Grad.MIXED):
                return Grad.MIXED
            return Grad.PENDING
        if line.kind == "clear" and mine:
            return Grad.WIPED if state in (Grad.PENDING, Grad.MIXED, Grad.WIPED) else Grad.CLEAR
        if line.kind == "step" and mine:
            self.met.setdefault(id(line), set()).add(state)
            held = state in (Grad.PENDING, Grad.MIXED, Grad.SPENT)
            return Grad.SPENT if held else Grad.CLEAR
        return state


def expected(program: Program, optimizer: str) -> dict[int, set[Grad]]:
    counts = list(asked(program))
    shared = [name for name in sorted(set(counts)) if counts.count(name) > 1]
    met: dict[int, set[Grad]] = {}
    for bits in range(2 ** len(shared)):
        answers = {name: bool(bits >> i & 1) for i, name in enumerate(shared)}
        model = Model(optimizer, answers)
        model.run(program, Grad.CLEAR)
        for at, states in model.met.items():
            met.setdefault(at, set()).update(states)
    return met


@pytest.mark.parametrize("arguments", ["", "model, optimizer, x"])
def test_a_helper_that_is_called_in_the_same_state_is_solved_once(
    arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 20 * f"    train_on({arguments})\n"
    text = f"""import torch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def train_on({arguments}):
    optimizer.zero_grad()
    model(x).sum().backward()
    optimizer.step()
for x in loader:
{calls}"""
    analysis = Project().analysed(Source("calls.py", text))
    number = next(n for n in analysis.roots if analysis.graphs[n].name == "<module>")
    counted: Counter[str] = Counter()
    search = _Solver._search

    def counting(self: Any, problem: Any, start: Any) -> Any:
        counted[problem.graph.name] += 1
        return search(self, problem, start)

    monkeypatch.setattr(_Solver, "_search", counting)
    graph = analysis.graphs[number]
    solve(Problem(analysis.graphs, number, graph.optimizers["optimizer"], GRADIENTS))
    # It is entered with nothing applied yet, and with gradients that were applied.
    assert counted == {"<module>": 1, "train_on": 2}


def solved(text: str, optimizer: str) -> dict[int, set[Grad]]:
    source = Source("random.py", text)
    (graph,) = Project().analysed(source).graphs
    solution = solve(Problem((graph,), 0, graph.optimizers[optimizer], GRADIENTS))
    assert solution.exact
    found: dict[int, set[Grad]] = {}
    for reached in solution.reached.values():
        if isinstance(reached.event, Step):
            row = source.locate(reached.event.span.start).row
            states = {state for moment in reached.moments.values() for state in moment}
            found.setdefault(row, set()).update(states)
    return found


HEADER = """\
import torch
a = torch.optim.SGD(one.parameters())
b = torch.optim.SGD(other.parameters())
a.zero_grad()
"""


@settings(max_examples=400, deadline=None)
@given(blocks(3, in_loop=False))
def test_the_solver_finds_exactly_the_states_that_some_path_leads_to(drawn: Program) -> None:
    program = unshared(drawn)
    written = Written(HEADER.splitlines())
    written.write(program, 0)
    text = "\n".join(written.rows) + "\n"
    for optimizer in ("a", "b"):
        steps = expected(program, optimizer)
        rows = {written.at[at]: states for at, states in steps.items()}
        assert solved(text, optimizer) == rows, text
