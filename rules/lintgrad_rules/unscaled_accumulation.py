"""The mean losses of a window's micro-batches are summed, not averaged.

`backward()` adds. A window of N micro-batches, each with the mean of its own losses, has exactly N
times the gradient of one batch of the same samples (torch 2.13, measured: factor N). SGD then
takes a step as with N times the learning rate; a mean over the window wants `loss / N`.

Whether that is a mistake depends on the learning rate, which may have been tuned for it; so this
is reported only with `--pedantic`. Adam and its relatives do not notice a constant factor at all
(measured: the same losses to the last digit); with them the confidence is low, since only what is
added to the gradients, such as clipping to a norm or weight decay by hand, sees a difference.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i in range(8):
    x, y = next(batches)
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i in range(8):
    x, y = next(batches)
    loss = torch.nn.functional.mse_loss(model(x), y) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## Known limits
Only a loss that is seen to be a mean is reported: a built-in loss with its default reduction, or
`.mean()`. Any factor counts as scaling, wherever it comes from; so does anything that changes the
gradients before the step, and any framework that runs backward. A loss that a function returns is
not looked into.

## References
- https://docs.pytorch.org/docs/2.13/notes/amp_examples.html#gradient-accumulation
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Escape, GradAssign, MayBackward
from lintgrad.rule import (
    Accumulation,
    Category,
    Confidence,
    Finding,
    Flow,
    Related,
    Severity,
    rule,
)


@rule(code="LG401", category=Category.ACCUMULATION, severity=Severity.INFO, docs=__doc__)
def unscaled_accumulation(flow: Flow) -> Iterator[Finding]:
    """Find windows of plain means."""
    told: set[Backward] = set()
    for window in flow.windows.whole:
        scale = flow.scale(window.backward)
        is_plain = scale.complete and scale.means and not scale.factors
        if not is_plain or window.backward in told or not _is_own(window.backward):
            continue
        if _is_changed(flow, window):
            continue
        told.add(window.backward)
        place = window.optimizer.place
        yield Finding(
            window.backward.span,
            f"`{place}.step()` applies the sum of several means: nothing divides by the window",
            window.confidence if flow.feels_scale(window.optimizer) else Confidence.LOW,
            (
                Related(scale.means[0].span, "is the mean over a micro-batch"),
                Related(window.backward.span, "adds its gradients to those of the window"),
                Related(window.step.span, "applies the sum"),
            ),
            help="divide the loss by the number of micro-batches in a window",
        )


def _is_own(backward: Backward) -> bool:
    """Whether the loss runs backward itself; what it is handed to may divide it first."""
    loss = backward.loss
    return backward.scaled or (loss is not None and loss.span.start == backward.span.start)


def _is_changed(flow: Flow, window: Accumulation) -> bool:
    """Whether something may change the gradients before they are applied."""
    begin, end = window.backward.span, window.step.span
    if any(True for _ in flow.events(GradAssign)) or begin.path != end.path:
        return True
    return any(
        begin.end <= event.span.start and event.span.end <= end.start
        for kind in (Escape, MayBackward)
        for event in flow.events(kind)
    )
