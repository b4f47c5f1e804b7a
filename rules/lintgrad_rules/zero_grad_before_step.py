"""Gradients are cleared between `backward()` and the step that should use them.

The step then has nothing to apply. With the default `set_to_none=True` it skips every parameter:
after ten epochs all parameters are bit for bit what they were (torch 2.13, measured). With
`set_to_none=False`, and in every torch before 2.0, momentum and weight decay still move them, so
that the loss may even fall for a while.

A clear of another optimizer or of another model's parameters in between is fine, and so is one
that is followed by another `backward()`, as in adversarial training.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.zero_grad()
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
A loop that reads or copies the gradients before it clears them, and then steps on purpose with
momentum alone, looks the same; in a test that asserts something it is not reported. Clearing now
and then may drop bad gradients on purpose: where a condition that varies decides whether there is a
clear, or several do, the confidence is low. Of a context manager or a generator of the project only
what it does right before and after its one `yield` is followed. A model that cannot be seen may run
a backward of its own when it is called: a step right after is not judged. Nor is one whose
parameters had nothing but gradients of other optimizers' losses: which loss feeds which optimizer
is not known. An optimizer that a loop's variable picks out of a container is known in that round
alone.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.Optimizer.zero_grad.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, GradAssign, Step, ZeroGrad
from lintgrad.rule import Category, Confidence, Finding, Flow, Hit, Related, Severity, rule
from lintgrad.typestates.gradients import GRADIENTS, Grad, GradAct, is_wiped


@rule(code="LG102", category=Category.CLEARING, severity=Severity.ERROR, docs=__doc__)
def zero_grad_before_step(flow: Flow) -> Iterator[Finding]:
    """Find steps that are reached with gradients that were cleared unused."""
    if flow.is_test:
        return
    for hit in flow.where(GRADIENTS, Step, is_wiped):
        place = hit.optimizer.place
        yield Finding(
            hit.event.span,
            f"`{place}` has nothing to apply: its gradients are cleared after `backward()`",
            _confidence(flow, hit),
            tuple(_story(hit)),
            help=f"move the clearing before `backward()` or after `{place}.step()`",
        )


def _confidence(flow: Flow, hit: Hit) -> Confidence:
    """Clearing now and then drops bad gradients on purpose; always doing so makes no sense.

    If a backward may follow the clear, it is that backward which is optional, not the clear. Where
    the same gradients are applied by another step unless they are cleared, skipping them is meant.
    """
    wiping = _wiping(hit)
    clear = hit.trail[wiping].event
    added = [p.event for p in hit.trail[:wiping] if isinstance(p.event, Backward | GradAssign)]
    if added and flow.otherwise(GRADIENTS, hit, added[-1], GradAct.APPLY, GradAct.CLEAR):
        return Confidence.LOW
    optional = flow.passes_between(GRADIENTS, hit, clear, GradAct.ADD)
    fixed = Confidence.LOW if optional else Confidence.MEDIUM
    return hit.confidence(varying=Confidence.LOW, fixed=fixed)


def _wiping(hit: Hit) -> int:
    """Where on the trail the gradients are cleared."""
    return max(
        i
        for i, passed in enumerate(hit.trail)
        if passed.after is Grad.WIPED and passed.before is not Grad.WIPED
    )


def _story(hit: Hit) -> Iterator[Related]:
    """The gradients, what clears them, and the step that finds nothing."""
    wiping = _wiping(hit)
    added = [p.event for p in hit.trail[:wiping] if isinstance(p.event, Backward | GradAssign)]
    if added:
        yield Related(added[-1].span, "adds gradients")
    clear = hit.trail[wiping].event
    if isinstance(clear, ZeroGrad):
        yield Related(clear.span, "clears them before they are used")
    yield Related(hit.event.span, "applies nothing")
