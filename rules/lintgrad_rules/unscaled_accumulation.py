"""The mean losses of a window's micro-batches are summed, not averaged.

`backward()` adds. A window of N micro-batches, each with the mean of its own losses, has exactly N
times the gradient of one batch of the same samples (torch 2.13, measured: factor N). SGD then
takes a step as with N times the learning rate; a mean over the window wants `loss / N`.

Whether that is a mistake depends on the learning rate, which may have been tuned for it; so this
is reported only with `--pedantic`. Adam and its relatives do not notice a constant factor at all
(measured: the same losses to the last digit); with them the confidence is low, since only what is
added to the gradients, such as clipping to a norm or weight decay by hand, sees a difference.

Reported as well is a loss that is divided twice: `accelerator.backward(loss / n)` inside of
`accumulate`, where accelerate 1.15 divides by itself (measured: 1/4 of the wanted gradient). A
`loss.backward()` that passes the accelerator by is not divided (measured: 4 times).

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

from lintgrad.flow.events import Backward, Doubt, Escape, GradAssign, MayBackward
from lintgrad.rule import (
    Accumulation,
    Category,
    Confidence,
    Finding,
    Flow,
    Related,
    Severity,
    Span,
    rule,
    same_number,
)


@rule(code="LG401", category=Category.ACCUMULATION, severity=Severity.INFO, docs=__doc__)
def unscaled_accumulation(flow: Flow) -> Iterator[Finding]:
    """Find windows of plain means."""
    windows = {window.backward: window for window in reversed(flow.windows.whole)}
    for window in windows.values():
        divided = _divided_twice(flow, window.backward)
        if divided is not None:
            yield _too_small(flow, window, divided)
        elif _is_own(window.backward) and not _is_changed(flow, window):
            scale = flow.scale(window.backward)
            if scale.complete and scale.means and not scale.factors:
                yield _too_large(flow, window, scale.means[0].span)


def _too_large(flow: Flow, window: Accumulation, mean: Span) -> Finding:
    place = window.optimizer.place
    return Finding(
        window.backward.span,
        f"`{place}.step()` applies the sum of several means: nothing divides by the window",
        _confidence(flow, window),
        (
            Related(mean, "is the mean over a micro-batch"),
            Related(window.backward.span, "adds its gradients to those of the window"),
            Related(window.step.span, "applies the sum"),
        ),
        help="divide the loss by the number of micro-batches in a window",
    )


def _too_small(flow: Flow, window: Accumulation, divisor: Span) -> Finding:
    return Finding(
        window.backward.span,
        "the loss is divided by the window twice: this backward divides by itself",
        _confidence(flow, window),
        (
            Related(divisor, "divides the loss by the number of micro-batches"),
            Related(window.backward.span, "divides it again"),
            Related(window.step.span, "applies gradients that are too small"),
        ),
        help="leave the division to the accelerator",
    )


def _confidence(flow: Flow, window: Accumulation) -> Confidence:
    return window.confidence if flow.feels_scale(window.subject) else Confidence.LOW


def _divided_twice(flow: Flow, backward: Backward) -> Span | None:
    """The factor by which the framework divides, too."""
    if _is_own(backward):
        return None
    for factor in flow.scale(backward).factors:
        if any(same_number(factor, divisor) for divisor in flow.divisors):
            return factor.span
    return None


def _is_own(backward: Backward) -> bool:
    """Whether the loss runs backward itself; what it is handed to may divide it first."""
    loss = backward.loss
    return backward.scaled or (loss is not None and loss.span.start == backward.span.start)


def _is_changed(flow: Flow, window: Accumulation) -> bool:
    """Whether something may change the gradients before they are applied."""
    begin, end = window.backward.span, window.step.span
    if any(True for _ in flow.events(GradAssign)):
        return True
    escapes, calls = list(flow.events(Escape)), list(flow.events(MayBackward))
    if flow.stand_together(window.backward, window.step):
        spans = [*(escape.span for escape in escapes), *(call.span for call in calls)]
        return any(begin.end <= span.start and span.end <= end.start for span in spans)
    return bool(escapes) or any(call.doubt not in _FORWARD for call in calls)


_FORWARD = (Doubt.PASS, Doubt.FORWARD)
