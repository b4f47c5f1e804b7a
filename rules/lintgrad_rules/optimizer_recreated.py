"""The optimizer is built again for every single step and loses its state.

Momentum, and the moments that Adam and its like scale by, are kept in the optimizer. Built anew
for every batch, SGD with momentum is plain SGD (after 20 epochs a loss of 1.20 where 0.118 was
reached otherwise), and every step of Adam is as long as its learning rate, whatever the gradient:
`lr * sign(gradient)` (torch 2.13, measured). A scheduler of the old optimizer has no effect either.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
for x, y in loader:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

To change the learning rate on the way, use a scheduler or set `group["lr"]` in
`optimizer.param_groups`.

## Known limits
An optimizer that is built anew for every epoch, phase, task or fold takes several steps in between
and is not reported: a warm restart may be wanted. Nor is one that has no state to lose (SGD without
momentum), one that is built under a condition, on parameters that are new in that round, or on a
model that something in the loop may have set back to other weights. Only torch's own optimizers
are judged, where they are built in the loop itself.

## References
- https://docs.pytorch.org/docs/2.13/optim.html
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.Adam.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Build, Step
from lintgrad.rule import Category, Certainty, Finding, Flow, Hit, Related, Severity, rule
from lintgrad.typestates.rebuilds import REBUILDS, is_again


@rule(code="LG308", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def optimizer_recreated(flow: Flow) -> Iterator[Finding]:
    """Find optimizers that are built again before each of their steps."""
    if not any(event.forgets for event in flow.events(Build)):
        return
    for hit in flow.where(REBUILDS, Step, is_again):
        build = _build(hit)
        if build is None or hit.certainty is not Certainty.ALWAYS or not _shares_loop(flow, hit):
            continue
        place = hit.optimizer.place
        yield Finding(
            build.span,
            f"`{place}` is built again for every step: it has one gradient to go by, always",
            hit.most_confident,
            (
                Related(build.span, "starts with no state"),
                Related(hit.event.span, "takes one step"),
                Related(build.span, "throws away what that step has left"),
            ),
            help=f"build `{place}` once, before the loop",
        )


def _build(hit: Hit) -> Build | None:
    builds = [passed.event for passed in hit.trail if isinstance(passed.event, Build)]
    return builds[-1] if builds else None


def _shares_loop(flow: Flow, hit: Hit) -> bool:
    """Whether the step and the building stand in the very same loops."""
    build = _build(hit)
    return any(
        acted.event is build and acted.around == hit.around
        for acted in flow.acts(REBUILDS, hit.subject)
    )
