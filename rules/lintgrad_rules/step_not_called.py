"""`optimizer.step` or `scheduler.step` is named without being called.

A statement that only names a method does nothing, and nothing raises. Without the parentheses
`optimizer.step` never changes a parameter, `scheduler.step` leaves the learning rate what it was,
and `scaler.update` keeps the scale, so that the next `scaler.step` raises (torch 2.13).

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

## Known limits
Only optimizers, schedulers and scalers are meant: by what they are built with, or else by their
names. What `try:` holds all alone asks whether the method is there, and is left alone.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.Optimizer.step.html
- https://docs.pytorch.org/docs/2.13/optim.html#how-to-adjust-learning-rate
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Finding, Flow, Severity, Slip, confidence_by, rule


@rule(code="LG305", category=Category.STEPPING, severity=Severity.ERROR, docs=__doc__)
def step_not_called(flow: Flow) -> Iterator[Finding]:
    """Find statements that name a step without calling it."""
    for slipped in flow.slips(Slip.STEP_NAMED):
        method = slipped.method
        yield Finding(
            slipped.span,
            f"`{method}` of `{slipped.subject}` is named, but not called: nothing happens",
            confidence_by(slipped.basis),
            help="add the parentheses",
        )
