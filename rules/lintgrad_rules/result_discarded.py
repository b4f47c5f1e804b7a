"""A statement computes something, drops it, and has no other effect.

Methods of tensors without an underscore at their end, and nearly all functions of torch, return a
new tensor and leave their arguments as they are: `pred.detach()` as a statement leaves `pred` on
its graph, `p.data.clamp(-1, 1)` clamps nothing, `loss / n` divides nothing. A `scaler.scale(loss)`
whose result is unused leaves the loss unscaled, and the scaler then divides the gradients by
65,536: 100 steps left a loss at 1.8629 (torch 2.13). `torch.no_grad()` turns nothing off unless
it is entered.

The same holds for attributes that nothing reads: `p.require_grad = False` is a misspelling, and a
module has no flag `requires_grad`. Both leave every parameter trainable, and nothing raises.

## Example
```python
import torch

w = torch.randn(3, requires_grad=True)
for step in range(5):
    loss = (w * w).sum()
    loss / 5
    loss.backward()
    report(w.grad)
    w.grad = None
```

## Use instead
```python
import torch

w = torch.randn(3, requires_grad=True)
for step in range(5):
    loss = (w * w).sum()
    loss = loss / 5
    loss.backward()
    report(w.grad)
    w.grad = None
```

## Known limits
Methods are judged only where their receiver is seen to be a tensor: `.to(device)` moves a module
in place, and some libraries' batches as well. What a cell of a notebook shows, what a `try:` holds
all alone, what is expected to raise, and what is timed or only tried out, is left alone.

## References
- https://docs.pytorch.org/docs/2.13/tensors.html
- https://docs.pytorch.org/docs/2.13/generated/torch.nn.Module.html#torch.nn.Module.requires_grad_
- https://docs.pytorch.org/docs/2.13/generated/torch.no_grad.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped
from lintgrad.rule import Category, Finding, Flow, Severity, Slip, confidence_by, rule


@rule(code="LG604", category=Category.LEAVES, severity=Severity.WARNING, docs=__doc__)
def result_discarded(flow: Flow) -> Iterator[Finding]:
    """Find pure statements, and attributes that nothing reads or that cannot be set."""
    for slipped in flow.slips(Slip.RESULT_DROPPED, Slip.ATTRIBUTE_UNREAD, Slip.FLAG_RAISES):
        yield Finding(
            slipped.span,
            _message(slipped),
            confidence_by(slipped.basis),
            help=f"use {slipped.instead}",
        )


def _message(slipped: Slipped) -> str:
    if slipped.slip is Slip.ATTRIBUTE_UNREAD:
        return f"nothing reads `{slipped.subject}`: the parameters stay trainable or not as before"
    if slipped.slip is Slip.FLAG_RAISES:
        return (
            f"`{slipped.subject}` is computed: the flag of a leaf only can be set, so this raises"
        )
    return f"`{slipped.subject}` changes nothing, and its result is dropped"
