"""An optimizer applies the same gradients twice.

A step leaves the gradients as they are, so a second one without a `backward()` in between applies
them again. Under SGD the displacement is exactly doubled (torch 2.13, measured); momentum and the
averages of Adam count the batch twice. It is a learning rate that nobody wrote down.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    print(loss.item())
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
    print(loss.item())
```

## Known limits
Reported are two steps that stand in one loop, together with the backward, which may have a loop of
its own in there. One step that a loop of its own repeats is taken to be meant, and so are those of
a test that asserts something. Steps with a closure run their own backward. A step that comes again
because a condition, or an exception, left the backward out is not reported, nor is one of gradients
that were written by hand. What goes wrong between plain steps and those of a scaler is
`scaler-protocol`.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.Optimizer.step.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Event, Step, ZeroGrad
from lintgrad.rule import (
    Acted,
    Category,
    Confidence,
    Finding,
    Flow,
    Passed,
    Related,
    Severity,
    last_on,
    rule,
)
from lintgrad.typestates.scaling import SCALING, Held, Round, Scaled

_TWO = 2


@rule(code="LG309", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def step_twice(flow: Flow) -> Iterator[Finding]:
    """Find steps that are reached with gradients which a step in the same loop has applied."""
    if flow.is_test or len(list(flow.events(Step))) < _TWO:
        return
    for hit in flow.always(SCALING, Step, _is_applied):
        before = hit.trail[:-1]
        first, backward = last_on(before, Step), last_on(before, Backward)
        if first is None or backward is None or first.span == hit.event.span:
            continue
        if hit.optimizer.escaped or any(map(_is_by_scaler, (first, hit.event))):
            continue
        if _may_be_cleared(before, backward):
            continue
        acted = {id(one.event): one for one in flow.acts(SCALING, hit.subject)}
        if not _together(*(acted.get(id(event)) for event in (first, backward, hit.event))):
            continue
        yield Finding(
            hit.event.span,
            f"`{hit.optimizer.place}` applies the same gradients a second time",
            hit.most_confident if hit.around else Confidence.LOW,
            (
                Related(backward.span, "adds gradients"),
                Related(first.span, "applies them"),
                Related(hit.event.span, "applies them again"),
            ),
            help="step once for every `backward()`, or run a new `backward()` in between",
            unless=("LG307",),
        )


def _may_be_cleared(trail: tuple[Passed, ...], backward: Backward) -> bool:
    """Whether something after the backward clears, be it what belongs to others alone."""
    events = [passed.event for passed in trail]
    last = max(i for i, event in enumerate(events) if event is backward)
    return any(isinstance(event, ZeroGrad) for event in events[last:])


def _is_by_scaler(event: Event) -> bool:
    return isinstance(event, Step) and event.scaler is not None


def _together(first: Acted | None, backward: Acted | None, second: Acted | None) -> bool:
    """Whether two steps are in one loop, and the backward is too, or in a loop inside of that."""
    if first is None or backward is None or second is None or first.around != second.around:
        return False
    return backward.around[: len(second.around)] == second.around


def _is_applied(scaled: Scaled) -> bool:
    return scaled.held is Held.APPLIED and scaled.round is not Round.STEPPED
