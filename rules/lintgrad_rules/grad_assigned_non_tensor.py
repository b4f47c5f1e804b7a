"""Something that is no tensor is assigned to `.grad`.

`.grad` takes a tensor of the parameter's shape or None. For anything else torch 2.13 raises
`TypeError: assigned grad expected to be a Tensor or None but got grad of type float`; numbers,
lists and numpy arrays alike.

## Example
```python
import torch

w = torch.randn(3, requires_grad=True)
loss = (w * w).sum()
loss.backward()
w.grad = 0.0
```

## Use instead
```python
import torch

w = torch.randn(3, requires_grad=True)
loss = (w * w).sum()
loss.backward()
w.grad = None
```

## Known limits
Only literals and what numpy returns are told apart from tensors; a tensor of the wrong shape is
not looked for. Reported for parameters and for what is seen to be a tensor: a class of the
project's own may keep whatever it likes in `grad`.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.grad.html
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Finding, Flow, Severity, Slip, confidence_by, rule


@rule(code="LG603", category=Category.LEAVES, severity=Severity.ERROR, docs=__doc__)
def grad_assigned_non_tensor(flow: Flow) -> Iterator[Finding]:
    """Find assignments of numbers and the like to gradients."""
    for slipped in flow.slips(Slip.GRAD_NO_TENSOR):
        yield Finding(
            slipped.span,
            f"`{slipped.subject}.grad` takes a tensor or None, and this is neither",
            confidence_by(slipped.basis),
            help=f"to clear it, write `{slipped.instead}`",
        )
