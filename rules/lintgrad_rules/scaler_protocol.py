"""A gradient scaler is used out of its order: scale, (unscale_), step, update.

What goes wrong, in torch 2.13 as measured:

- `optimizer.step()` on scaled gradients applies them 65536 times too large: SGD is at infinity
  after five steps, Adam hides it. A following `scaler.update()` raises.
- `scaler.step()` again without `scaler.update()` raises "step() has already been called since the
  last update()", and so does an `unscale_()` after the step, or a second one.
- `scaler.update()` without a step or `unscale_()` raises "No inf checks were recorded".
- `scaler.step()` on gradients that were never scaled raises, or divides them by 65536 if the
  result of `scale()` was thrown away: a loss of 1.8629 after 100 steps, where 0.0023 was due.
- `scaler.update()` between the steps of two optimizers may change the factor that the second
  one's gradients are divided by. Nothing raises.
- `scaler.step(optimizer)` runs `optimizer.step()`. Calling that as well steps twice.

Nothing of this shows on a machine without CUDA, where a default scaler turns itself off.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler()
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    scaler.scale(loss).backward()
    optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler()
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
```

## Known limits
A scaler with a switch (`enabled=...`), or one that is handed in, gives medium confidence, and where
the code steps both ways, each for one setting of the switch, nothing is reported. With several
scalers in a function it is not asked which of them an update belongs to. Only what happens on every
path, or on every path with one setting, is reported, but for an `unscale_()` whose step and update
are left out in some rounds. Calls of one scaler in several functions are not always put together,
and a scaled loss that has a name, and is not used, is not noticed.

## References
- https://docs.pytorch.org/docs/2.13/amp.html#torch.amp.GradScaler
- https://docs.pytorch.org/docs/2.13/notes/amp_examples.html
"""

from collections.abc import Callable, Iterator

from lintgrad.flow.events import Backward, Scaler, ScalerUpdate, Step, Unscale
from lintgrad.rule import (
    Category,
    Certainty,
    Condition,
    Confidence,
    Finding,
    Flow,
    Hit,
    Related,
    Severity,
    Slip,
    last_on,
    rule,
)
from lintgrad.typestates.scaling import SCALING, Held, Round, ScaleAct, Scaled


@rule(code="LG503", category=Category.SCALING, severity=Severity.ERROR, docs=__doc__)
def scaler_protocol(flow: Flow) -> Iterator[Finding]:
    """Find steps, updates and divisions that the scaler is not ready for."""
    if not _scalers(flow):
        return
    plain = list(_stepped_scaled(flow))
    yield from plain
    yield from _stepped_unscaled(flow)
    yield from _stepped_both_ways(flow)
    again = [
        hit
        for hit in _surely(flow, lambda scaled: scaled.round is Round.STEPPED)
        if (by := _scaler(hit)) is not None and not _is_told(flow, Slip.STEP_NAMED, by)
    ]
    for hit in again:
        yield _finding(hit, "`scaler.step()` runs again before any `scaler.update()`", _SECOND_STEP)
    places = {hit.subject.place for hit in again}
    yield from _unscaled_again(flow, places)
    if len(_scalers(flow)) == 1 and not plain:
        yield from _updated(flow)


def _surely(flow: Flow, bad: Callable[[Scaled], bool]) -> Iterator[Hit]:
    """Steps that are wrong whenever they are reached, or whenever a setting is what it may be."""
    yield from flow.always(SCALING, Step, bad)
    for hit in flow.where(SCALING, Step, bad):
        if not hit.again and hit.condition in (Condition.FIXED, Condition.REACHED):
            yield hit


def _stepped_scaled(flow: Flow) -> Iterator[Finding]:
    """Plain steps that apply scaled gradients."""
    for hit in _surely(flow, lambda scaled: scaled.held is Held.SCALED):
        backward = last_on(hit.trail, Backward)
        by = backward.scaler if backward is not None else None
        if _scaler(hit) is not None or by is None:
            continue
        both_ways = any(
            acted.act is ScaleAct.APPLY_BY_SCALER for acted in flow.acts(SCALING, hit.subject)
        )
        if (both_ways and not by.certain) or by.place.startswith(f"{hit.optimizer.place}."):
            continue
        story = {Backward: "adds gradients that are multiplied by the scale", Step: "applies them"}
        text = f"`{hit.optimizer.place}` applies gradients that are multiplied by the loss scale"
        fix = f"call `{by.place}.step({hit.optimizer.place})` and `{by.place}.update()` instead"
        yield _finding(hit, text, story, by, fix)


def _stepped_unscaled(flow: Flow) -> Iterator[Finding]:
    """Steps by a scaler of gradients that no scaler has multiplied."""
    for hit in flow.always(SCALING, Step, lambda scaled: scaled.held is Held.TRUE):
        by = _scaler(hit)
        if by is not None and by.certain and not _is_told(flow, Slip.RESULT_DROPPED, by):
            story: dict[type, str] = {Backward: "adds gradients of a loss that was not scaled"}
            text = f"`{by.place}.step()` divides gradients that were never multiplied"
            fix = f"run backward on `{by.place}.scale(loss)`"
            yield _finding(hit, text, story, by, fix)


def _is_told(flow: Flow, slip: Slip, scaler: Scaler) -> bool:
    """Whether another rule points at the statement that lacks its use, or its parentheses."""
    return any(
        slipped.subject == scaler.place or slipped.subject.startswith(f"{scaler.place}.")
        for slipped in flow.slips(slip)
    )


def _stepped_both_ways(flow: Flow) -> Iterator[Finding]:
    """Plain steps right after the scaler's own."""
    for hit in flow.always(SCALING, Step, _is_stepped):
        if _scaler(hit) is None:
            text = f"`{hit.optimizer.place}` steps twice: `scaler.step()` has already stepped it"
            yield _finding(hit, text, {Step: "steps it"}, fix="leave this step out")


def _unscaled_again(flow: Flow, stepped_again: set[str]) -> Iterator[Finding]:
    for hit in flow.where(SCALING, Unscale, lambda scaled: scaled.round is Round.UNSCALED):
        sure = hit.certainty is Certainty.ALWAYS or hit.condition is Condition.REACHED
        if sure or hit.condition is Condition.VARYING:
            when = "runs" if sure else "runs, where a step is left out with its update,"
            text = f"`unscale_()` {when} a second time before any `scaler.update()`"
            yield _finding(hit, text, {Unscale: "divides the gradients"})
    for hit in flow.always(SCALING, Unscale, lambda scaled: scaled.round is Round.STEPPED):
        if hit.subject.place not in stepped_again:
            text = "`unscale_()` runs after `scaler.step()`, before any `scaler.update()`"
            yield _finding(hit, text, {Step: "steps"})


def _updated(flow: Flow) -> Iterator[Finding]:
    """Updates with nothing to go by, and between what they should follow."""
    early = (
        [] if len(flow.graph.optimizers) > 1 else list(flow.always(SCALING, ScalerUpdate, _is_open))
    )
    for hit in early:
        if isinstance(hit.event, ScalerUpdate) and not hit.event.given:
            yield _finding(hit, "`scaler.update()` runs without a `scaler.step()`", {})
    for hit in flow.always(SCALING, Step, lambda scaled: scaled.held is Held.STALE):
        if _scaler(hit) is not None and not early:
            story = {Backward: "multiplies by the scale", ScalerUpdate: "may change the scale"}
            text = "`scaler.update()` comes between the backward and this step"
            yield _finding(hit, text, story, fix="update once, after the last optimizer's step")


_SECOND_STEP: dict[type, str] = {Step: "steps"}


def _finding(
    hit: Hit,
    text: str,
    told: dict[type, str],
    by: Scaler | None = None,
    fix: str | None = None,
) -> Finding:
    """A finding that tells the last event of each kind before the one that goes wrong."""
    last = {type(p.event): (i, p.event) for i, p in enumerate(hit.trail[:-1])}
    story = [(*last[kind], what) for kind, what in told.items() if kind in last]
    related = [Related(event.span, what) for _, event, what in sorted(story, key=lambda s: s[0])]
    scaler = by or _scaler(hit)
    sure = hit.certainty is Certainty.ALWAYS and scaler is not None and scaler.certain
    most = Confidence.HIGH if sure else Confidence.MEDIUM
    confidence = min(hit.most_confident, most)
    here = Related(hit.event.span, "is out of order here")
    return Finding(hit.event.span, text, confidence, (*related, here), help=fix)


def _scaler(hit: Hit) -> Scaler | None:
    match hit.event:
        case Step(scaler=scaler) | Unscale(scaler=scaler) | ScalerUpdate(scaler=scaler):
            return scaler
    return None


def _scalers(flow: Flow) -> set[str]:
    events: list[Backward | Step | Unscale | ScalerUpdate] = [
        *flow.events(Backward),
        *flow.events(Step),
        *flow.events(Unscale),
        *flow.events(ScalerUpdate),
    ]
    return {event.scaler.place for event in events if event.scaler is not None}


def _is_open(scaled: Scaled) -> bool:
    return scaled.round is Round.OPEN


def _is_stepped(scaled: Scaled) -> bool:
    return scaled.held is Held.APPLIED and scaled.round is Round.STEPPED
