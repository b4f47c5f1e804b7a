"""`backward()` is called on a loss that was cut off its graph.

`.item()`, `float()`, `.detach()`, `.data`, `.numpy()`, `torch.tensor(loss)`,
`torch.FloatTensor([...])` and `Variable(loss)` keep the number and leave the graph behind. In torch
2.13 `backward()` on a tensor that was cut off raises `RuntimeError: element 0 of tensors does not
require grad and does not have a grad_fn`, and on a number `AttributeError: 'float' object has no
attribute 'backward'`. With `requires_grad=True` the error goes away and nothing else changes: the
loss becomes a leaf, the gradient ends there, and no parameter ever gets one. A training loop
written so runs without a word, and its model stays as it was.

Only what is certain is reported. One detached term of a sum is fine as long as another has a
graph, and so is a detached input of a module that is trained.

## Example
```python
import torch
import torch.nn.functional as F

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.tensor(F.mse_loss(model(x), y), requires_grad=True)
    loss.backward()
    optimizer.step()
```

## Use instead
```python
import torch
import torch.nn.functional as F

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
```

To put several losses together, use `torch.stack([a, b]).sum()` or `a + b`: `torch.tensor([a, b])`
copies their numbers.

## Known limits
What a function that cannot be seen returns may have a graph of its own, so a loss that goes
through one is not followed any further.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.tensor.html
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.detach.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward
from lintgrad.rule import Category, Confidence, Finding, Flow, Related, Severity, rule
from lintgrad.typestates.values.tensors import Loss
from lintgrad.typestates.values.value import Kind, Link, Value

_LEAVES = (Link.NEW_LEAF, Link.NAMED_LEAF)


@rule(code="LG202", category=Category.LOSSES, severity=Severity.ERROR, docs=__doc__)
def detached_loss(flow: Flow) -> Iterator[Finding]:
    """Find backward calls on losses that certainly have no graph any more."""
    for loss in flow.losses:
        value = loss.without_graph
        if value is None or not isinstance(loss.event, Backward):
            continue
        wanted = value.link in _LEAVES and loss.event.gradient is None
        if value.link is Link.CUT or wanted:
            yield _finding(loss, value)


def _finding(loss: Loss, value: Value) -> Finding:
    where = value.cut if value.cut is not None else loss.event.span
    asides = tuple(Related(span, "called here") for span in loss.calls)
    if value.link in _LEAVES:
        message = "`backward()` ends at this loss: it was made a leaf, and trains nothing"
        first = Related(where, "the loss leaves its graph here")
        help_ = "use the loss as it is computed; `requires_grad=True` brings no graph back"
    else:
        what = "a number" if value.kind is Kind.NUMBER else "a loss that was cut off its graph"
        message = f"`backward()` on {what}"
        first = Related(where, "the graph is left behind here")
        help_ = "call `backward()` on the loss itself, and take its number for logging only"
    story = (first, Related(loss.event.span, "and this has nothing to go back through"))
    return Finding(loss.event.span, message, Confidence.HIGH, story, asides, help_)
