"""Something looks as if it clears gradients, and clears none.

- `model.grad = None` and `optimizer.grad = None` give the model or the optimizer a new attribute
  that nothing reads. Only parameters have gradients.
- `model.parameters().grad = None` raises `AttributeError: 'generator' object has no attribute
  'grad'`.
- `model.zero_grad` and `p.grad.zero_` without parentheses do nothing.
- `map(lambda p: p.grad.zero_(), params)` and a generator expression as a statement do nothing
  either: both are lazy, and nothing asks them for a value.

None of the silent ones raises, and the gradients stay: with `optimizer.zero_grad` uncalled, steps
used 2.58, 5.16 and 7.74 where 2.58 was right (torch 2.13).

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
for x, y in loader:
    model.grad = None
    torch.nn.functional.mse_loss(model(x), y).backward()
    with torch.no_grad():
        for p in model.parameters():
            report(p.grad)
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
for x, y in loader:
    model.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    with torch.no_grad():
        for p in model.parameters():
            report(p.grad)
```

## Known limits
Where an optimizer provably applies what was not cleared, missing-zero-grad tells the whole story
at its step and points here: then `optimizer.zero_grad` without a call is not reported a second
time. An attribute `grad` that the file reads is its own and means something.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.Optimizer.zero_grad.html
- https://docs.python.org/3/library/functions.html#map
"""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped, Step
from lintgrad.rule import (
    Category,
    Confidence,
    Finding,
    Flow,
    Severity,
    Slip,
    confidence_by,
    rule,
)
from lintgrad.typestates.gradients import GRADIENTS, is_mixed

_CLEARS = (Slip.CLEAR_NAMED, Slip.CLEAR_ELSEWHERE, Slip.CLEAR_RAISES, Slip.CLEAR_LAZY)


@rule(code="LG104", category=Category.CLEARING, severity=Severity.ERROR, docs=__doc__)
def clear_has_no_effect(flow: Flow) -> Iterator[Finding]:
    """Find statements that look like clearing and are none."""
    slips = tuple(flow.slips(*_CLEARS))
    told = _told_already(flow) if slips else frozenset()
    for slipped in slips:
        if slipped.slip is Slip.CLEAR_NAMED and slipped.subject in told:
            continue
        message, help_ = _described(slipped)
        yield Finding(slipped.span, message, confidence_by(slipped.basis), help=help_)


def _told_already(flow: Flow) -> frozenset[str]:
    """The optimizers that missing-zero-grad reports for sure, or nearly so."""
    return frozenset(
        hit.optimizer.place
        for hit in flow.where(GRADIENTS, Step, is_mixed)
        if hit.confidence(varying=Confidence.MEDIUM, fixed=Confidence.LOW) > Confidence.LOW
    )


def _described(slipped: Slipped) -> tuple[str, str]:
    subject, instead = slipped.subject, slipped.instead
    match slipped.slip:
        case Slip.CLEAR_ELSEWHERE:
            return (
                f"`{subject}` has no gradient of its own: this clears nothing",
                f"call `{instead}`",
            )
        case Slip.CLEAR_RAISES:
            return (
                f"`{subject}` is a collection of parameters, and has no gradient",
                f"write a loop: `{instead}: p.grad = None`",
            )
        case Slip.CLEAR_LAZY:
            return (
                "nothing consumes this, so nothing is cleared",
                "write a `for` loop",
            )
    return f"`{slipped.method}` of `{subject}` is named, but not called: nothing is cleared", (
        "add the parentheses"
    )
