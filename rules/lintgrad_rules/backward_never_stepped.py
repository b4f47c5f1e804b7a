"""Gradients are made and cleared, and no step ever applies them.

A loop runs `backward()` and clears an optimizer that was built for the purpose; but nothing calls
its `step()`. Nothing raises, and no parameter ever changes (torch 2.13, measured).

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
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
Reported are optimizers that a function or script builds, or has a function build for it, that are
cleared in the loop of the backward, or in one around that, and that nothing steps which gets them:
all of that has to be in sight. They are followed through names, tables, objects of the project's
classes, and functions of the project that they are handed to; a parameter, an attribute of the
object that a method works on, or anything that cannot be followed says nothing, nor does a step
which no round reaches. Where a file that sees the optimizer reads any `.grad` itself, for a
saliency map or to update by hand, hooks into a backward, takes the norm of gradients, has them
watched (`wandb.watch`), makes an input a leaf, looks for faults with `detect_anomaly`, or measures
time or memory with torch's own means, nothing is reported. With a scaler an update without a step
is `scaler-protocol`, and where a called function steps an optimizer of its own, nothing is said of
others.

## References
- https://docs.pytorch.org/docs/2.13/optim.html#taking-an-optimization-step
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Build, Rebind, ScalerUpdate, Step
from lintgrad.rule import (
    Acted,
    Category,
    Confidence,
    Finding,
    Flow,
    Related,
    Severity,
    rule,
)
from lintgrad.typestates.gradients import GRADIENTS, GradAct

_OUT_OF_SIGHT = (GradAct.LOSE, GradAct.APPLY, GradAct.REPLACE)


@rule(code="LG302", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def backward_never_stepped(flow: Flow) -> Iterator[Finding]:
    """Find backward calls in loops that clear an optimizer which nothing steps."""
    if any(flow.events(ScalerUpdate)):  # scaler-protocol points at the update without a step
        return
    if _is_stepped_inside(flow):
        return
    for place in sorted(flow.graph.unstepped):
        optimizer = flow.graph.optimizers[place]
        acted = list(flow.acts(GRADIENTS, optimizer))
        if optimizer.escaped or any(map(_may_apply, acted)):
            continue
        clears = [one for one in acted if one.act is GradAct.CLEAR and one.around]
        for one in acted:
            if isinstance(one.event, Backward) and (beside := _beside(one, clears)):
                yield Finding(
                    one.event.span,
                    f"`{place}` is cleared around this backward, but never stepped",
                    Confidence.MEDIUM,
                    (
                        Related(one.event.span, "adds gradients"),
                        Related(beside.event.span, "clears them unused"),
                    ),
                    help=f"call `{place}.step()` after `backward()`",
                )


def _is_stepped_inside(flow: Flow) -> bool:
    """Whether a called function builds and steps an optimizer of its own: of what, is not asked."""
    own = {id(event) for block in flow.graph.blocks for event in block.events}
    built = {one.optimizer for one in flow.events(Build) if id(one) not in own}
    return any(one.optimizer in built for one in flow.events(Step) if id(one) not in own)


def _may_apply(one: Acted) -> bool:
    """Whether gradients are applied, or handed to what may; a new name of a thing does neither."""
    return one.act in _OUT_OF_SIGHT and not isinstance(one.event, Rebind)


def _beside(backward: Acted, clears: list[Acted]) -> Acted | None:
    """A clear in the same loop as a backward, or in one around that."""
    around = backward.around
    return next((one for one in clears if around[: len(one.around)] == one.around), None)
