"""The table of values: what torch makes of each expression in `value_expressions.txt`.

`python tests/value_table.py` with torch installed writes `value_table.json` anew.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent
EXPRESSIONS = HERE / "value_expressions.txt"
TABLE = HERE / "value_table.json"

INPUTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

s = torch.tensor(2.0, requires_grad=True)
one = torch.rand(1, requires_grad=True)
oneone = torch.rand(1, 1, requires_grad=True)
v = torch.rand(4, requires_grad=True)
v2 = torch.rand(4, requires_grad=True)
vw = torch.rand(4)
x = torch.rand(2, 3, requires_grad=True)
x2 = torch.rand(2, 3)
w = torch.rand(2, 1, requires_grad=True)
sq = torch.rand(3, 3, requires_grad=True)
b3 = torch.rand(2, 3, 4, requires_grad=True)
mask = torch.ones(2, 3) > 0
vmask = torch.arange(4.0) > 1
i1 = torch.tensor([0, 1])
index = torch.tensor([0, 1])
losses = [s * 1, s * 2, s * 3]
vecs = [v * 1, v * 2, v * 3]
out = torch.rand(5, 3, requires_grad=True)
goal = torch.rand(5, 3)
prob = torch.full((5, 3), 0.5)
labels = torch.tensor([0, 1, 2, 0, 1])
many = torch.zeros(5, 3).long()
sign = torch.ones(5)
image = torch.rand(2, 4, 5, 5, requires_grad=True)
classes = torch.zeros(2, 5, 5).long()
steps = torch.rand(7, 2, 4, requires_grad=True)
words = torch.ones(2, 2).long()
"""


def expressions() -> list[str]:
    """The expressions, headings left out."""
    lines = EXPRESSIONS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def rows() -> list[dict[str, object]]:
    """The rows of the table as they were last written."""
    found = json.loads(TABLE.read_text(encoding="utf-8"))
    assert isinstance(found, list)
    return found


def measured(expression: str, names: dict[str, object]) -> dict[str, object]:
    """What torch makes of one expression: its shape, or its type, and whether it has a graph."""
    import torch  # where there is none, nothing is measured

    try:
        value = eval(expression, dict(names))  # our own text
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        return {"expression": expression, "raises": type(error).__name__}
    if not isinstance(value, torch.Tensor):
        return {"expression": expression, "type": type(value).__name__}
    shape = list(value.shape)
    return {"expression": expression, "shape": shape, "requires_grad": value.requires_grad}


def main() -> None:
    """Write the table."""
    names: dict[str, object] = {}
    exec(INPUTS, names)  # our own text
    found = [json.dumps(measured(expression, names)) for expression in expressions()]
    TABLE.write_text("[\n" + ",\n".join(found) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
