"""The gradient of a computed tensor is put to use.

`backward()` fills `.grad` of leaves only. Of anything that was computed it is None, and torch 2.13
warns that `.grad` of a tensor that is no leaf is accessed. A common way there is to scale what was
just made: `torch.randn(3, requires_grad=True) * 0.01` is a result, not a leaf.

## Example
```python
import torch

w = torch.randn(3, requires_grad=True) * 0.01
loss = (w * w).sum()
loss.backward()
update = 0.1 * w.grad
```

## Use instead
```python
import torch

w = (torch.randn(3) * 0.01).requires_grad_()
loss = (w * w).sum()
loss.backward()
update = 0.1 * w.grad
```

For the gradient of a result, call `retain_grad()` on it before `backward()`.

## Known limits
Only names that are bound once, to arithmetic on a leaf of the same function, are judged, where
their gradient is computed with. A gradient that is only shown, kept, or compared with None is left
alone: that is how it is shown that there is none.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.retain_grad.html
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.is_leaf.html
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Finding, Flow, Severity, Slip, confidence_by, rule


@rule(code="LG605", category=Category.LEAVES, severity=Severity.WARNING, docs=__doc__)
def grad_of_nonleaf(flow: Flow) -> Iterator[Finding]:
    """Find gradients read of what was computed."""
    for slipped in flow.slips(Slip.GRAD_OF_COMPUTED):
        yield Finding(
            slipped.span,
            f"`{slipped.subject}` is computed, so its `.grad` is None",
            confidence_by(slipped.basis),
            help=f"call `{slipped.subject}.retain_grad()` before `backward()`, or make it a leaf",
        )
