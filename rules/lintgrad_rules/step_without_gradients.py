"""A step is taken, and no backward has made gradients for it.

The gradients are cleared, the model and the loss are computed, and the optimizer steps: it finds
every `.grad` to be None and skips every parameter. Nothing raises and nothing changes, with AdamW
neither (torch 2.13, measured): the loss of the last iteration equals that of the first. Where the
backward comes after the step, a model of several layers that does change in between makes it raise
"one of the variables needed for gradient computation has been modified by an inplace operation".

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
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
Reported are steps in a loop that has a forward pass, with a clear before them and never a gradient
in any iteration. A step that is there for a scheduler's sake, or to have an optimizer make its
state, has no forward pass beside it; a test that asserts what comes of the step is no training. Any
call that cannot be seen and could run a backward keeps the rule silent, and so does the backward of
another optimizer's loss, which may reach any parameter. Nothing is said where no clear is in sight,
where a condition decides whether it is the backward or the step that runs, where gradients were
asked for (`torch.autograd.grad`) and never written, and of optimizers that a loop takes out of a
container, or that have two names in a closure. A forward pass in an inner loop counts only where
that loop does more with gradients. Gradients that a backward made and a clear took away again are
`zero-grad-before-step`.

## References
- https://docs.pytorch.org/docs/2.13/optim.html#taking-an-optimization-step
"""

from collections.abc import Iterator

from lintgrad.flow.events import Event, Given, Step, StepCall, ZeroGrad
from lintgrad.rule import (
    Category,
    Confidence,
    Finding,
    Flow,
    Hit,
    Related,
    Severity,
    Slip,
    events_on,
    rule,
)
from lintgrad.typestates.gradients import GRADIENTS, Grad, is_wiped
from lintgrad.typestates.scaling import NOTHING_THERE, SCALING, Held, ScaleAct, Scaled

_EMPTY = NOTHING_THERE - {Held.DOUBTED}
_WITHOUT = NOTHING_THERE | {Held.UNSEEN}


@rule(code="LG301", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def step_without_gradients(flow: Flow) -> Iterator[Finding]:
    """Find steps that are only ever reached without gradients, after a forward pass."""
    if flow.is_test or next(flow.always(GRADIENTS, Step, _is_missing), None) is None:
        return
    if any(flow.slips(Slip.BACKWARD_NAMED)):  # backward-not-called points at the cause
        return
    handed = {step.span for step in flow.events(StepCall) if step.given is not Given.NOTHING}
    wiped = {hit.subject.place for hit in flow.where(GRADIENTS, Step, is_wiped)}
    for hit in flow.where(SCALING, Step, _is_empty):
        place = hit.optimizer.place
        if hit.event.span in handed:  # closure-misuse judges what an optimizer is stepped with
            continue
        if hit.subject.place in wiped or hit.optimizer.escaped or hit.again or not hit.around:
            continue
        if not flow.only(SCALING, hit, _is_without):
            continue
        clears = events_on(hit.trail, ZeroGrad)
        passes = _passes(flow, hit)
        if not passes:
            continue
        yield Finding(
            hit.event.span,
            f"`{place}` has nothing to apply: no `backward()` runs between the clear and it",
            min(hit.most_confident, Confidence.MEDIUM),
            (
                *(Related(event.span, "clears the gradients") for event in clears[-1:]),
                *(Related(event.span, "is a forward pass only") for event in passes[-1:]),
                Related(hit.event.span, "applies nothing"),
            ),
            help="call `backward()` on the loss before the step",
            unless=("LG102",),
        )


def _is_missing(grad: Grad) -> bool:
    return grad in (Grad.CLEAR, Grad.WIPED, Grad.DOUBTFUL, Grad.UNKNOWN)


def _passes(flow: Flow, hit: Hit) -> list[Event]:
    """The forward passes of the loop that a step stands in."""
    return [
        one.event
        for one in flow.acts(SCALING, hit.subject)
        if one.act is ScaleAct.FORWARD and one.around[: len(hit.around)] == hit.around
    ]


def _is_empty(scaled: Scaled) -> bool:
    return scaled.held in _EMPTY


def _is_without(scaled: Scaled) -> bool:
    return scaled.held in _WITHOUT
