"""The optimizer is built again for every single step and loses its state.

Momentum, and the moments that Adam and its like scale by, are kept in the optimizer. Built anew
for every batch, SGD with momentum is plain SGD (after 20 epochs a loss of 1.20 where 0.118 was
reached otherwise), and every step of Adam is as long as its learning rate, whatever the gradient:
`lr * sign(gradient)` (torch 2.13, measured). On an easy problem that may even look better (0.013
instead of 0.277): what is lost is the optimizer that was asked for.

The same goes for schedulers: one that is built again for every step it takes never gets past the
first learning rate, and one that was built on the optimizer of before has no effect on the new one.

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
are judged, where they are built in the loop itself, or in a function that the loop calls and that
does nothing with its optimizer but to clear it and to step it once.

## References
- https://docs.pytorch.org/docs/2.13/optim.html
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.Adam.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Build, SchedulerBuild, SchedulerStep, Step
from lintgrad.rule import (
    Category,
    Certainty,
    Confidence,
    Finding,
    Flow,
    Hit,
    Related,
    Severity,
    events_on,
    last_on,
    rule,
)
from lintgrad.typestates.bonds import BONDS, is_loose
from lintgrad.typestates.bonds import is_again as is_bound_again
from lintgrad.typestates.rebuilds import REBUILDS, is_again


@rule(code="LG308", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def optimizer_recreated(flow: Flow) -> Iterator[Finding]:
    """Find optimizers that are built again before each of their steps."""
    if any(flow.events(SchedulerBuild)):
        yield from _rescheduled(flow)
        yield from _abandoned(flow)
    for built in dict.fromkeys(flow.events(Build)):
        yield from _built_by_call(built)
    if not any(event.forgets for event in flow.events(Build)):
        return
    for hit in flow.where(REBUILDS, Step, is_again):
        build = last_on(hit.trail, Build)
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


def _built_by_call(build: Build) -> Iterator[Finding]:
    """An optimizer that a function builds for its one step, and that a loop calls it for."""
    if build.by_call is not None:
        yield Finding(
            build.span,
            f"`{build.optimizer}` is built again for every step: each call of the function "
            "takes one",
            Confidence.MEDIUM,
            (
                Related(build.by_call, "calls the function in every round"),
                Related(build.span, "starts with no state"),
            ),
            help=f"build `{build.optimizer}` once, and pass it on",
        )


def _rescheduled(flow: Flow) -> Iterator[Finding]:
    """Schedulers that are built again for every step they take."""
    for hit in flow.where(BONDS, SchedulerStep, is_bound_again):
        event = hit.event
        bound = events_on(hit.trail, SchedulerBuild)
        if hit.certainty is not Certainty.ALWAYS or not isinstance(event, SchedulerStep):
            continue
        around = [a.around for a in flow.acts(BONDS, hit.subject) if a.event is bound[-1]]
        if bound[-1].scheduler == event.scheduler and hit.around in around:
            yield Finding(
                bound[-1].span,
                f"`{event.scheduler}` is built again for every step: it always starts over",
                hit.most_confident,
                (
                    Related(bound[-1].span, "starts at the first learning rate"),
                    Related(event.span, "takes one step"),
                    Related(bound[-1].span, "starts over"),
                ),
                help=f"build `{event.scheduler}` once, before the loop",
            )


def _abandoned(flow: Flow) -> Iterator[Finding]:
    """Optimizers that are built again after their scheduler was: it never moves the new one."""
    for hit in flow.where(BONDS, SchedulerStep, is_loose):
        bound = events_on(hit.trail, SchedulerBuild)
        built, step = last_on(hit.trail, Build), hit.event
        if hit.certainty is not Certainty.ALWAYS or not isinstance(step, SchedulerStep):
            continue
        if bound and built is not None and bound[-1].scheduler == step.scheduler:
            yield Finding(
                built.span,
                f"`{step.scheduler}` was built on the optimizer that this one takes the place of",
                hit.most_confident,
                (
                    Related(bound[-1].span, "is built on the optimizer of that time"),
                    Related(built.span, "builds another one"),
                    Related(step.span, "changes the learning rate of the first"),
                ),
                help=f"build `{step.scheduler}` after `{hit.optimizer.place}`",
            )


def _shares_loop(flow: Flow, hit: Hit) -> bool:
    """Whether the step and the building stand in the very same loops."""
    build = last_on(hit.trail, Build)
    return any(
        acted.event is build and acted.around == hit.around
        for acted in flow.acts(REBUILDS, hit.subject)
    )
