"""Gradients are clipped where there are none, or after they were applied.

Clipping changes `.grad` and nothing else. Before `backward()` there is nothing in it after a
`zero_grad()`: `clip_grad_norm_` returns 0 and `clip_grad_value_` raises an obscure error if every
gradient is None. After `step()` the gradients have been used. Both ways the training is the same,
digit for digit, as without clipping (torch 2.13, measured).

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    loss.backward()
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
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
```

## Known limits
Only a clip that never does anything is reported: one that is reached with gradients in some other
iteration is left alone. A backward is taken to fill what every optimizer holds, so that with
several of them a clip may seem to have gradients that were not for it. A clip after the step whose
result is used, or whose limit is infinite, is taken to be there for the norm, and one in a test
that asserts something for the test. Where it is not known whose parameters an optimizer holds, or
whose are clipped, nothing is reported unless there is one optimizer only. A method that nobody in
sight calls, and that clears when it has stepped, is taken to be called again and again, with medium
confidence. Clipping written by hand is known by `clamp_`, not by a product.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.nn.utils.clip_grad_norm_.html
- https://docs.pytorch.org/docs/2.13/generated/torch.nn.utils.clip_grad_value_.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Clip, Event, Step, ZeroGrad
from lintgrad.rule import (
    Category,
    Confidence,
    Finding,
    Flow,
    Hit,
    Related,
    Severity,
    events_on,
    rule,
)
from lintgrad.typestates.gradients import GRADIENTS, is_wiped
from lintgrad.typestates.scaling import (
    NOTHING_THERE,
    SCALING,
    Concern,
    Held,
    Scaled,
    concern_of,
)

_USELESS = NOTHING_THERE | {Held.UNSEEN, Held.APPLIED}
_SURELY_USELESS = frozenset({Held.CLEARED, Held.CLIPPED, Held.UNSEEN, Held.APPLIED})


@rule(code="LG501", category=Category.SCALING, severity=Severity.ERROR, docs=__doc__)
def clip_misplaced(flow: Flow) -> Iterator[Finding]:
    """Find clips that are only ever reached without gradients, or with applied ones."""
    if not flow.is_test:
        yield from _too_early(flow)
        yield from _too_late(flow)


def _too_early(flow: Flow) -> Iterator[Finding]:
    found = [*flow.always(SCALING, Clip, _is_nothing_there), *_when_called_again(flow)]
    hits = [hit for hit in found if _is_useless(flow, hit, _USELESS)]
    wiped = _wiped(flow) if hits else set()
    followed = _followed(flow) if hits else {}
    for hit in hits:
        if hit.subject.place in wiped:
            continue
        backward = followed.get(id(hit.event))
        if backward is None and (hit.again or not _is_useless(flow, hit, _SURELY_USELESS)):
            continue  # what cannot be seen may well be the backward
        clears = events_on(hit.trail, ZeroGrad)
        story = [Related(event.span, "clears them") for event in clears[-1:]]
        story.append(Related(hit.event.span, "clips what is not there"))
        if backward is not None:
            story.append(Related(backward.span, "adds gradients, which nothing clips"))
        missing = (
            "no `backward()` has run since" if backward is None else "`backward()` comes later"
        )
        yield Finding(
            hit.event.span,
            f"clips nothing: the gradients are cleared, and {missing}",
            _confidence(hit),
            tuple(story),
            help="clip between `backward()` and the step",
        )


def _when_called_again(flow: Flow) -> Iterator[Hit]:
    """Clips that find nothing in any call of a function but the first, of which none is known."""
    hits = [hit for hit in flow.where(SCALING, Clip, _is_nothing_there) if hit.again]
    if hits and not any(True for _ in flow.maybe_again(SCALING, Clip, _is_something_there)):
        useful = [hit for hit in flow.where(SCALING, Clip, _is_something_there) if hit.again]
        yield from () if useful else hits


def _too_late(flow: Flow) -> Iterator[Finding]:
    for hit in flow.always(SCALING, Clip, _is_applied):
        read = isinstance(hit.event, Clip) and hit.event.read
        if read or not _is_useless(flow, hit, _USELESS):
            continue
        steps = events_on(hit.trail, Step)
        yield Finding(
            hit.event.span,
            "clips too late: the step has already applied these gradients",
            _confidence(hit),
            (
                *(Related(step.span, "applies them unclipped") for step in steps[-1:]),
                Related(hit.event.span, "clips them after they were used"),
            ),
            help="clip between `backward()` and the step",
        )


def _wiped(flow: Flow) -> set[str]:
    """The optimizers whose steps find their gradients cleared: that is told at the step."""
    return {hit.subject.place for hit in flow.always(GRADIENTS, Step, is_wiped)}


def _followed(flow: Flow) -> dict[int, Event]:
    """The backward calls that come after a clip which found nothing, by the clip."""
    found: dict[int, Event] = {}
    for hit in flow.where(SCALING, Backward, lambda scaled: scaled.held is Held.CLIPPED):
        clips = events_on(hit.trail, Clip)
        found.update({id(clip): hit.event for clip in clips[-1:]})
    return found


def _is_useless(flow: Flow, hit: Hit, useless: frozenset[Held]) -> bool:
    """Whether a clip concerns the optimizer alone, and never meets gradients worth clipping."""
    concern = concern_of(hit.event, hit.optimizer)
    alone = len(flow.graph.optimizers) == 1
    if concern is not Concern.WITHIN and not (concern is Concern.LIKELY and alone):
        return False
    return flow.only(SCALING, hit, lambda scaled: scaled.held in useless)


def _confidence(hit: Hit) -> Confidence:
    known = concern_of(hit.event, hit.optimizer) is Concern.WITHIN
    return hit.most_confident if known else min(hit.most_confident, Confidence.MEDIUM)


def _is_nothing_there(scaled: Scaled) -> bool:
    return scaled.held in NOTHING_THERE


def _is_something_there(scaled: Scaled) -> bool:
    return scaled.held not in _USELESS


def _is_applied(scaled: Scaled) -> bool:
    return scaled.held is Held.APPLIED
