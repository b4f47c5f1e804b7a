"""Gradients are clipped while they are still multiplied by the loss scale.

The backward of `scaler.scale(loss)` gives gradients that are multiplied by the scaler's factor,
65536 at first. Clipped to a norm of 1.0 they are then divided by that factor in `scaler.step()`,
and what is applied has a norm of 1.3e-5: with SGD the loss stayed at 1.863 where it should have
gone down to 0.0023 (torch 2.13, measured). Adam hides it, since it does not care for the scale, so
that only the clipping is wrong.

`scaler.unscale_(optimizer)` before the clip divides the gradients; `scaler.step()` then knows.

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
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
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
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
```

## Known limits
A scaler that was built with `enabled=False` is taken for what it is; one with any other switch, or
that is handed in, gives medium confidence. A limit that mentions the scale is taken to be
multiplied by it. Gradients that are divided by hand before the clip are not followed, and neither
is unscaling that happens on some paths only, unless one setting decides about all of it: silent. A
backward that may not have run leaves nothing that a clip could spoil; where it has, the clip is
reported with medium confidence.

## References
- https://docs.pytorch.org/docs/2.13/notes/amp_examples.html#gradient-clipping
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Clip
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
    last_on,
    rule,
)
from lintgrad.typestates.scaling import (
    NOTHING_THERE,
    SCALING,
    Concern,
    Held,
    Scaled,
    concern_of,
)


@rule(code="LG502", category=Category.SCALING, severity=Severity.ERROR, docs=__doc__)
def clip_before_unscale(flow: Flow) -> Iterator[Finding]:
    """Find clips that are reached with gradients that nothing has unscaled."""
    if not any(event.scaled for event in flow.events(Backward)):
        return
    for hit in flow.where(SCALING, Clip, _is_scaled):
        if not _is_sure(hit) and not flow.only(SCALING, hit, _is_as_bad):
            continue
        concern = concern_of(hit.event, hit.optimizer)
        if concern is Concern.LIKELY and len(flow.graph.optimizers) > 1:
            continue
        backward = last_on(hit.trail, Backward)
        if backward is None or not backward.scaled:
            continue
        named = backward.scaler.place if backward.scaler is not None else "scaler"
        yield Finding(
            hit.event.span,
            "clips gradients that are still multiplied by the loss scale",
            _confidence(hit, backward),
            (
                Related(backward.span, "adds gradients that are multiplied by the scale"),
                Related(hit.event.span, "clips them as if they were not"),
            ),
            help=f"call `{named}.unscale_({hit.optimizer.place})` before the clip",
        )


def _confidence(hit: Hit, backward: Backward) -> Confidence:
    """A scaler that may be switched off, or is handed in, is less than certain to multiply."""
    sure = backward.scaler is not None and backward.scaler.certain
    likely = (
        concern_of(hit.event, hit.optimizer) is Concern.LIKELY
        or hit.certainty is not Certainty.ALWAYS
    )
    most = Confidence.HIGH if sure and not likely else Confidence.MEDIUM
    return min(hit.most_confident, most)


def _is_sure(hit: Hit) -> bool:
    """Whether the clip is wrong in every run, or in all those with one setting."""
    return hit.certainty is Certainty.ALWAYS or hit.condition is Condition.FIXED


def _is_scaled(scaled: Scaled) -> bool:
    return scaled.held is Held.SCALED


def _is_as_bad(scaled: Scaled) -> bool:
    """Whether there is nothing to clip, unless it is still multiplied."""
    return scaled.held in NOTHING_THERE | {Held.UNSEEN, Held.SCALED}
