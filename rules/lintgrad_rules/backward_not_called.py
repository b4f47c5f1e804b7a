"""`backward` is named without being called, or called with what it does not take.

`loss.backward` without parentheses is a statement that does nothing: no gradient is computed, no
step changes a parameter, and nothing raises. The first argument of `backward()` is the gradient,
not `retain_graph`: torch 2.13 raises `TypeError: 'bool' object is not iterable` for
`backward(True)` and `TypeError: 'float' object is not iterable` for `backward(1.0)`. A keyword
that it does not know raises `TypeError: Tensor.backward() got an unexpected keyword argument`;
among those is `retain_variables`, which releases before 0.4 had.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward
    optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
```

## Known limits
A method that is passed on or stored (`hook = loss.backward`) is meant to be called later. What
`try:` holds all alone asks whether the attribute is there, and is left alone. Arguments are judged
only where the receiver is known to be a tensor, or where a keyword is nearly spelled like one that
there is.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.backward.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped
from lintgrad.rule import Category, Finding, Flow, Severity, Slip, confidence_by, rule


@rule(code="LG207", category=Category.LOSSES, severity=Severity.ERROR, docs=__doc__)
def backward_not_called(flow: Flow) -> Iterator[Finding]:
    """Find backward calls that lack their parentheses, or have the wrong things in them."""
    slips = (Slip.BACKWARD_NAMED, Slip.BACKWARD_GRADIENT, Slip.BACKWARD_KEYWORD)
    for slipped in flow.slips(*slips):
        message, help_ = _told(slipped)
        yield Finding(slipped.span, message, confidence_by(slipped.basis), help=help_)


def _told(slipped: Slipped) -> tuple[str, str | None]:
    subject, instead = slipped.subject, slipped.instead
    if slipped.slip is Slip.BACKWARD_NAMED:
        return (
            f"`backward` of `{subject}` is named, but not called: nothing is computed",
            "add the parentheses",
        )
    if slipped.slip is Slip.BACKWARD_GRADIENT:
        return (
            f"the first argument of `backward()` is the gradient, and `{subject}` is no tensor",
            f"pass `{instead}`",
        )
    help_ = f"did you mean `{instead}`?" if instead else None
    return f"`backward()` takes no argument `{subject}`", help_
