"""Random programs over tensors, and what torch makes of each of their statements."""

import copy
import re
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from value_grammar import EXPRESSIONS, STATEMENTS

NAMES = [f"t{k}" for k in range(8)]

PREAMBLE = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

t0 = torch.tensor(1.5, requires_grad=True)
t1 = torch.rand(1, requires_grad=True)
t2 = torch.rand(3, requires_grad=True)
t3 = torch.rand(2, 3, requires_grad=True)
t4 = torch.rand(2, 1)
t5 = torch.rand(2, 3, 3, requires_grad=True)
t6 = [t0 * 1, t0 * 2]
t7 = {"a": t0, "b": t2 * 2}
labels = torch.tensor([0, 1])


def reduced(value, reduction="mean", dim=None):
    if reduction == "mean":
        return value.mean() if dim is None else value.mean(dim)
    elif reduction == "sum":
        return value.sum()
    return value


def cut(value, how=None):
    if how is None:
        return value
    with torch.no_grad():
        value = value * 2
    return value


class Weighted(nn.Module):
    def __init__(self, weight=1.0, reduction="mean"):
        super().__init__()
        self.weight = weight
        self.reduction = reduction
        self.inner = nn.MSELoss(reduction="none")

    def forward(self, one, other):
        loss = self.inner(one, other) * self.weight
        return reduced(loss, self.reduction)


average = Weighted()
each = Weighted(0.5, reduction="none")
layer = nn.Linear(3, 2)
network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
"""


@st.composite
def statements(draw: st.DrawFn) -> str:
    """One statement over the names."""
    text = draw(st.sampled_from(STATEMENTS))
    targets = [draw(st.sampled_from(NAMES)) for _ in range(2)]
    found = []
    for part in text.split("E"):
        found.append(_filled(draw, part, targets))
    parts = [found[0]]
    for part in found[1:]:
        expression = draw(st.sampled_from(EXPRESSIONS))
        operands = [draw(st.sampled_from(NAMES)) for _ in range(2)]
        parts += [_filled(draw, expression, operands), part]
    return "".join(parts)


_SPECIAL = {"R": ['"none"', '"mean"', '"sum"'], "D": ["0", "1", "-1"], "I": ["0", "1", "-1"]}


def _filled(draw: st.DrawFn, text: str, operands: list[str]) -> str:
    """A template with names and numbers put in for its capital letters."""

    def put(match: re.Match[str]) -> str:
        letter = match.group()
        if letter in "AB":
            return operands["AB".index(letter)]
        if letter == "L":
            return draw(st.sampled_from(["t6", operands[0]]))
        if letter == "M":
            return draw(st.sampled_from(["t7", operands[0]]))
        return draw(st.sampled_from(_SPECIAL["I" if letter == "J" else letter]))

    return re.sub(r"\b[ABDIJLMR]\b", put, text)


def programs(most: int) -> st.SearchStrategy[list[str]]:
    """Programs of some statements."""
    return st.lists(statements(), min_size=most // 2, max_size=most)


@dataclass(frozen=True)
class Fact:
    """What torch made of a name after a statement: None for a shape if it is no tensor."""

    statement: int
    name: str
    shape: tuple[int, ...] | None
    requires_grad: bool


def run(program: list[str]) -> tuple[list[str], list[Fact]]:
    """The statements of a program that torch accepts, and what each makes of every name."""
    import torch

    names: dict[str, Any] = {}
    exec(PREAMBLE, names)  # our own text
    kept: list[str] = []
    facts: list[Fact] = []
    for statement in program:
        before = {name: copy.copy(names[name]) for name in NAMES}
        try:
            exec(statement, names)  # our own text
        except Exception:  # whatever it is, the statement is left out
            names |= before
            continue
        kept.append(statement)
        for name in NAMES:
            value = names[name]
            is_tensor = isinstance(value, torch.Tensor)
            shape = tuple(value.shape) if is_tensor else None
            facts.append(Fact(len(kept), name, shape, is_tensor and value.requires_grad))
    return kept, facts
