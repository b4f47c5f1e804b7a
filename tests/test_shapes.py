"""What `backward()` makes of expressions: the table was checked against torch 2.13 by hand.

`raises` means that torch raises "grad can be implicitly created only for scalar outputs".
"""

import pytest
from oracle.runner import HAS_TORCH

from lintgrad.flow.project import Project
from lintgrad.source.text import Source
from lintgrad.typestates.values.tensors import losses_of

INPUTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

s = torch.tensor(2.0, requires_grad=True)
one = torch.randn(1, requires_grad=True)
v = torch.tensor([2.0, 3.0, 4.0], requires_grad=True)
x = torch.randn(2, 3, requires_grad=True)
y = torch.randn(2, 3)
labels = torch.tensor([0, 2])
b = torch.randn(2, 3, 4, requires_grad=True)
w = torch.randn(3, requires_grad=True)
"""

TABLE = """
fine    | s
fine    | s * 3 + 1
fine    | -s
fine    | one
fine    | one * s
raises  | v
raises  | v ** 2 - 1
raises  | v * s
raises  | s + v
fine    | v.sum()
fine    | v.mean()
fine    | torch.sum(v)
fine    | (v * w).sum()
fine    | v @ w
fine    | torch.dot(v, w)
raises  | x @ w
fine    | (x @ w).mean()
raises  | x.sum(0)
raises  | x.sum(dim=1)
raises  | x.mean(dim=(1,))
fine    | x.sum(dim=(0, 1))
raises  | x.sum(1, keepdim=True)
fine    | x.sum(1).sum(0)
raises  | x.mean(-1)
fine    | x.mean(-1).mean(-1)
fine    | v.mean(0)
raises  | b.mean((1, 2))
raises  | b.logsumexp(dim=2)
fine    | v.logsumexp(dim=0)
fine    | x.norm()
raises  | x.norm(2, 1)
fine    | x.max()
raises  | x.max(dim=1).values
raises  | x.max(1)[0]
fine    | x.max(1)[0].sum()
fine    | v[0]
raises  | x[0]
fine    | x[0, 1]
raises  | x[:, 1]
raises  | v[1:]
fine    | v[1:2]
raises  | v[:2]
raises  | x[None]
raises  | x.view(-1)
raises  | x.reshape(3, 2)
fine    | one.view(1, 1)
fine    | one.squeeze()
raises  | v.unsqueeze(0)
raises  | x.t()
raises  | x.T
raises  | x.exp().log()
raises  | F.relu(v)
raises  | torch.stack([s, s])
fine    | torch.stack([s, s]).sum()
fine    | sum([s, s, s])
raises  | sum([v, v])
fine    | sum(v)
fine    | sum(s * 2 for t in (1, 2))
fine    | max(s, s * 2)
fine    | F.mse_loss(x, y)
raises  | F.mse_loss(x, y, reduction="none")
fine    | F.mse_loss(x, y, reduction="sum")
fine    | F.mse_loss(x, y, reduction="none").mean()
raises  | F.cross_entropy(x, labels, reduction="none")
fine    | F.cross_entropy(x, labels)
fine    | nn.MSELoss()(x, y)
raises  | nn.MSELoss(reduction="none")(x, y)
raises  | nn.L1Loss(reduce=False)(x, y)
fine    | nn.L1Loss(reduce=True)(x, y)
fine    | nn.MSELoss("none")(x, y)
raises  | nn.BCEWithLogitsLoss(reduction="none")(x, y)
raises  | nn.CrossEntropyLoss(reduction="none")(x, labels)
raises  | nn.CrossEntropyLoss(reduction="none")(x, labels) * 0.5
fine    | nn.CrossEntropyLoss(reduction="none")(x, labels).sum() / 2
raises  | torch.arange(3.0, requires_grad=True)
raises  | torch.zeros(2, 2, requires_grad=True)
raises  | torch.ones((3,), requires_grad=True)
fine    | torch.ones(1, 1, requires_grad=True)
raises  | torch.zeros_like(x, requires_grad=True)
raises  | torch.nn.Parameter(torch.randn(4))
raises  | x if torch.rand(()) > 2 else x * 2
unknown | unseen(v)
unknown | model(x)
unknown | unseen(v).mean(0)
unknown | x.view(*sizes)
unknown | torch.zeros(size)
unknown | v[index]
"""

ROWS = [tuple(part.strip() for part in line.split("|", 1)) for line in TABLE.strip().splitlines()]


def verdict(expression: str) -> str:
    source = Source("shapes.py", f"{INPUTS}out = {expression}\nout.backward()\n")
    (graph,) = Project().analysed(source).graphs
    (loss,) = losses_of([graph], 0).values()
    if all(shape.needs_gradient for shape in loss.values):
        return "raises"
    if all(shape.is_scalar or shape.count == 1 for shape in loss.values):
        return "fine"
    return "unknown"


@pytest.mark.parametrize(("expected", "expression"), ROWS)
def test_backward_on_an_expression_raises_where_torch_does(expected: str, expression: str) -> None:
    assert verdict(expression) == expected


@pytest.mark.oracle
@pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")
@pytest.mark.parametrize(("expected", "expression"), ROWS)
def test_torch_agrees_with_the_table(expected: str, expression: str) -> None:
    import torch

    if expected == "unknown":
        return
    names: dict[str, object] = {}
    exec(INPUTS, names)  # our own text
    out = eval(expression, names)
    assert isinstance(out, torch.Tensor)
    assert (out.numel() != 1) == (expected == "raises")


LOOP = """
total = 0
for data in loader:
    total = total + {term}
total.backward()
"""


@pytest.mark.parametrize(
    ("term", "expected"), [("s * 2", "fine"), ("v", "raises"), ("unseen(data)", "unknown")]
)
def test_a_sum_over_a_loop_has_the_shape_of_its_terms(term: str, expected: str) -> None:
    source = Source("shapes.py", INPUTS + LOOP.format(term=term))
    (graph,) = Project().analysed(source).graphs
    (loss,) = losses_of([graph], 0).values()
    # Without any round the sum is the number 0, which has no backward: not this rule's business.
    assert any(shape.needs_gradient for shape in loss.values) == (expected == "raises")
    assert all(shape.is_scalar for shape in loss.values) == (expected == "fine")


def test_a_tensor_that_grows_in_a_loop_comes_to_an_end() -> None:
    source = Source("shapes.py", INPUTS + "while True:\n    v = v.unsqueeze(0)\n    v.backward()\n")
    (graph,) = Project().analysed(source).graphs
    assert len(losses_of([graph], 0)) == 1
