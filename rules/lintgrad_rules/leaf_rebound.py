"""An update gives a leaf's name to a tensor that is none.

`w = w - lr * w.grad` does not change the leaf: it computes a new tensor, and the name holds that
one from here on. Only leaves get gradients, so the next `w.grad` is None (torch 2.13 warns that
`.grad` of a tensor that is no leaf is accessed), and the arithmetic with it raises `TypeError:
unsupported operand type(s) for *: 'float' and 'NoneType'`. Under `no_grad` the new tensor does not
even require a gradient, and the next `backward()` raises.

## Example
```python
import torch

w = torch.randn(3, requires_grad=True)
for step in range(5):
    loss = (w * w).sum()
    loss.backward()
    w = w - 0.1 * w.grad
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

`w = (w - 0.1 * w.grad).detach().requires_grad_()` is right as well: a fresh leaf each time.

## Known limits
Only names are followed whose leaf is made in the same function, or passed by a call in sight. A
name that is made a leaf again (`detach_()`, `requires_grad_()`), or whose gradient is not read
again, is left alone.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.is_leaf.html
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.grad.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Assign
from lintgrad.rule import (
    Category,
    Confidence,
    Finding,
    Flow,
    Met,
    Related,
    Severity,
    Slip,
    confidence_by,
    rule,
)
from lintgrad.typestates.leaves import Holds


@rule(code="LG601", category=Category.LEAVES, severity=Severity.ERROR, docs=__doc__)
def leaf_rebound(flow: Flow) -> Iterator[Finding]:
    """Find updates that give the leaf's name away, where its gradient is read again."""
    for slipped in flow.slips_within(Slip.LEAF_LOST):
        yield Finding(
            slipped.span,
            f"`{slipped.subject}` is given a new tensor: the leaf stays as it was",
            confidence_by(slipped.basis),
            help=f"update it in place: `with torch.no_grad(): {slipped.subject} -= ...`",
        )
    for leaf, met in flow.rebound():
        lost = _rebound(met)
        if lost is not None:
            yield Finding(
                lost.span,
                f"`{leaf.place}` is no leaf from here on, and gets no gradient any more",
                met.confidence(Confidence.HIGH),
                (
                    *(Related(made.span, "makes the leaf") for made in leaf.made[:1]),
                    Related(lost.span, "gives its name to a new tensor"),
                    Related(met.event.span, "is None"),
                ),
                help=f"update it in place: `with torch.no_grad(): {leaf.place} -= ...`",
            )


def _rebound(met: Met) -> Assign | None:
    """The assignment that left the name without its leaf."""
    return next(
        (
            one.event
            for one in reversed(met.trail)
            if isinstance(one.event, Assign) and one.after is Holds.RESULT
        ),
        None,
    )
