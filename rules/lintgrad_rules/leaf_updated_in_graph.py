"""A leaf is changed in place where gradients are recorded.

torch 2.13 raises `RuntimeError: a leaf Variable that requires grad is being used in an in-place
operation.` An update by hand belongs under `no_grad`.

## Example
```python
import torch

w = torch.randn(3, requires_grad=True)
for step in range(5):
    loss = (w * w).sum()
    loss.backward()
    w -= 0.1 * w.grad
    w.grad = None
```

## Use instead
```python
import torch

w = torch.randn(3, requires_grad=True)
for step in range(5):
    loss = (w * w).sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
```

## Known limits
Only leaves whose flag nothing switches are judged: those that the same function makes or is passed,
and, where it runs backward, parameters of modules and attributes that are given nothing but leaves.
A function that is decorated with `no_grad`, and a file that calls `set_grad_enabled`, are left
alone.

## References
- https://docs.pytorch.org/docs/2.13/notes/autograd.html#in-place-operations-with-autograd
- https://docs.pytorch.org/docs/2.13/generated/torch.no_grad.html
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Finding, Flow, Severity, Slip, confidence_by, rule


@rule(code="LG602", category=Category.LEAVES, severity=Severity.ERROR, docs=__doc__)
def leaf_updated_in_graph(flow: Flow) -> Iterator[Finding]:
    """Find in-place updates of leaves outside of `no_grad`."""
    for slipped in flow.slips_within(Slip.LEAF_IN_GRAPH):
        yield Finding(
            slipped.span,
            f"`{slipped.subject}` is a leaf that requires a gradient: changing it in place raises",
            confidence_by(slipped.basis),
            help="put the update under `with torch.no_grad():`",
        )
