"""`scheduler.step()` comes before the optimizer's first step.

A scheduler has set the first learning rate when it was built; `step()` moves on to the next. Called
at the top of the round, it does so before anything was trained with the first, which is skipped:
the warm-up begins one step late, the first decay comes one round early. torch 2.13 says so once:
`UserWarning: Detected call of lr_scheduler.step() before optimizer.step()`. Before torch 1.1 it was
the right order, and much code still has it.

Reported as well is `ReduceLROnPlateau.step()` without the metric it goes by, which raises
`TypeError: ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'`.

Whether a scheduler is stepped for every batch or for every epoch is its owner's to say.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    scheduler.step()
    for x, y in loader:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
for epoch in range(90):
    for x, y in loader:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    scheduler.step()
```

## Known limits
Only torch's own schedulers are judged whose construction is in sight, and only where the wrong
order is certain: a step under a condition, or one that is told the epoch, is not, nor is one that
an optimizer which waits for its turn gets ahead of in most rounds, or one that counts the rounds of
a loop whether the optimizer is stepped in them or not. A scheduler that is stepped outside of the
loop that trains, as to catch up when training is resumed, is left alone. With loss scaling the
first optimizer step may be skipped, which torch warns of in the same words; that cannot be seen in
the code.

## References
- https://docs.pytorch.org/docs/2.13/optim.html#how-to-adjust-learning-rate
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Build, Event, SchedulerStep, Step
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
    rule,
)
from lintgrad.typestates.schedules import SCHEDULES, OrderAct, is_ahead, is_fresh

_PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"

_IN_ORDER = frozenset(
    # Those whose `step()` moves on from the rate that was set when they were built (torch 2.13,
    # torch/optim/lr_scheduler.py: `LRScheduler.step`), and functions that return a `LambdaLR`
    # (transformers 4.57, src/transformers/optimization.py).
    [
        f"torch.optim.lr_scheduler.{name}"
        for name in (
            "ConstantLR CosineAnnealingLR CyclicLR ExponentialLR LambdaLR LinearLR MultiStepLR "
            "MultiplicativeLR OneCycleLR PolynomialLR StepLR"
        ).split()
    ]
    + [
        f"transformers.get_{kind}_schedule_with_warmup"
        for kind in ("constant", "linear", "cosine", "polynomial_decay")
    ]
)


@rule(code="LG303", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def scheduler_before_optimizer(flow: Flow) -> Iterator[Finding]:
    """Find scheduler steps that come before the optimizer's first one of the loop."""
    yield from map(_blind, _without_metric(flow))
    if flow.is_test or not any(
        event.bare and event.kinds <= _IN_ORDER for event in flow.events(SchedulerStep)
    ):
        return
    in_time = {hit.event.span for hit in flow.where(SCHEDULES, Step, is_fresh)}
    for hit in flow.where(SCHEDULES, Step, is_ahead):
        early = _early(flow, hit) if hit.certainty is Certainty.ALWAYS else None
        if early is not None and hit.event.span not in in_time:
            yield Finding(
                early.span,
                f"`{early.scheduler}` is stepped before `{hit.optimizer.place}` is: "
                "the first learning rate is skipped",
                _confidence(hit),
                (
                    Related(early.span, "moves on to the second learning rate"),
                    Related(hit.event.span, "is the first step that is taken"),
                ),
                help=f"call `{early.scheduler}.step()` after `{hit.optimizer.place}.step()`",
            )


def _without_metric(flow: Flow) -> Iterator[SchedulerStep]:
    for event in flow.events(SchedulerStep):
        if event.kinds == {_PLATEAU} and event.bare:
            yield event


def _blind(event: SchedulerStep) -> Finding:
    return Finding(
        event.span,
        f"`{event.scheduler}.step()` needs the metric that the plateau is to be found in",
        Confidence.HIGH,
        help=f"pass the validation loss: `{event.scheduler}.step(loss)`",
    )


def _early(flow: Flow, hit: Hit) -> SchedulerStep | None:
    """The one scheduler step on the way to the first step that stands in the loop around that.

    Several are there to catch up with a schedule, or for the micro-batches of a window; those in
    a loop before it catch up when training is resumed.
    """
    steps = events_on(hit.trail[:-1], SchedulerStep)
    if not steps or not all(step.bare and step.kinds <= _IN_ORDER for step in steps):
        return None
    arounds = [_around(flow, hit, step) for step in steps]
    around = arounds[-1]
    if not around or hit.around[: len(around)] != around:
        return None
    if sum(one[: len(around)] == around for one in arounds) > 1:
        return None
    return None if hit.around == around and _counts_rounds(flow, steps[-1]) else steps[-1]


def _counts_rounds(flow: Flow, step: SchedulerStep) -> bool:
    """Whether rounds of the loop may pass that step the scheduler, and not the optimizer."""
    return any(hit.event is step for hit in flow.where(SCHEDULES, SchedulerStep, is_ahead))


def _around(flow: Flow, hit: Hit, event: Event) -> tuple[tuple[int, int], ...]:
    for acted in flow.acts(SCHEDULES, hit.subject):
        if acted.event is event and acted.act is OrderAct.SCHEDULE:
            return acted.around
    return ()


def _confidence(hit: Hit) -> Confidence:
    """What was stepped before the function was called is not known, unless it is built there."""
    built = any(isinstance(passed.event, Build) for passed in hit.trail)
    return hit.most_confident if built else min(hit.most_confident, Confidence.MEDIUM)
