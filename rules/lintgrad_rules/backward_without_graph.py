"""`backward()` is called on a loss that was computed without a graph.

Under `torch.no_grad()`, `torch.inference_mode()` or `torch.set_grad_enabled(False)`, as a context
or as a decorator, torch records no graph. In torch 2.13 `backward()` on what is computed there
raises `RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn`. The
computation decides, not the call: `backward()` inside `no_grad()` is fine on a loss that was
computed outside.

## Example
```python
import torch
import torch.nn.functional as F

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    with torch.no_grad():
        loss = F.mse_loss(model(x), y)
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

Where a part of the computation must not be recorded, a teacher's output for instance, put only
that part under `torch.no_grad()`. `torch.enable_grad()` turns the recording on again inside of it;
inside of `torch.inference_mode()` nothing but `torch.inference_mode(False)` does (torch 2.13).

## Known limits
`torch.set_grad_enabled(flag)` with a flag that is not written down counts as not known. What a
function that cannot be seen returns is reported with less confidence: it may turn the recording on
itself. What is handed to `torch.autograd.grad` is not judged. `backward()` in inference mode on a
loss that was computed outside of it runs; the gradients cannot be changed in place outside, which
is not looked at.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.no_grad.html
- https://docs.pytorch.org/docs/2.13/notes/autograd.html#locally-disabling-gradient-computation
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward
from lintgrad.rule import Category, Confidence, Finding, Flow, Related, Severity, rule
from lintgrad.typestates.values.tensors import Loss
from lintgrad.typestates.values.value import Link, Value

_UNRECORDED = (Link.UNRECORDED, Link.PERHAPS_UNRECORDED)


@rule(code="LG203", category=Category.LOSSES, severity=Severity.ERROR, docs=__doc__)
def backward_without_graph(flow: Flow) -> Iterator[Finding]:
    """Find backward calls on losses that were certainly computed without a graph."""
    for loss in flow.losses:
        value = loss.without_graph
        if isinstance(loss.event, Backward) and value is not None and value.link in _UNRECORDED:
            yield _finding(loss, value)


def _finding(loss: Loss, value: Value) -> Finding:
    switch = value.cut if value.cut is not None else loss.event.span
    sure = all(value.link is not Link.PERHAPS_UNRECORDED for value in loss.values)
    return Finding(
        loss.event.span,
        "`backward()` on a loss that was computed while no gradients were recorded",
        Confidence.HIGH if sure else Confidence.MEDIUM,
        (
            Related(switch, "no graph is recorded from here on"),
            Related(loss.event.span, "and this has nothing to go back through"),
        ),
        tuple(Related(span, "called here") for span in loss.calls),
        "compute the loss where gradients are recorded",
    )
