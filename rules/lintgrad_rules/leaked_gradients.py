"""An optimizer applies what another optimizer's loss has left in its parameters.

A backward fills every parameter on the way, not only those that are stepped next. The generator's
loss goes through the discriminator: a discriminator that is cleared right after its own step, and
not before its own backward, applies the generator's gradients with its own, which point the other
way (0.391 where its own gradient is 0.545; torch 2.13, measured). A discriminator's loss on a
generated batch that was not detached does the same to the generator: the gradient it then steps
with has nothing to do with its own (cosine -0.013).

Each optimizer on its own looks right: it is cleared once for every step.

## Example
```python
import torch

G, D = torch.nn.Linear(2, 4), torch.nn.Linear(4, 1)
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for real, noise in loader:
    fake = G(noise)
    d_loss = D(fake.detach()).mean() - D(real).mean()
    d_loss.backward()
    opt_d.step()
    opt_d.zero_grad()
    opt_g.zero_grad()
    g_loss = -D(fake).mean()
    g_loss.backward()
    opt_g.step()
```

## Use instead
```python
import torch

G, D = torch.nn.Linear(2, 4), torch.nn.Linear(4, 1)
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for real, noise in loader:
    fake = G(noise)
    d_loss = D(fake.detach()).mean() - D(real).mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = -D(fake).mean()
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
```

## Known limits
Reported only where both losses are understood down to the modules they go through: those of torch,
and classes of the project that detach nothing, all built in sight. Losses that share a part on
purpose look alike: a trunk that waits while its heads step, and takes the gradients of all of them.
So what is reported is a turn of an optimizer alone, after a turn of another one, where the losses
tell that they are apart: by going through the very same modules, by detaching, or by one module
judging what the other makes. Files that switch `requires_grad` of parameters are left alone.

## References
- https://docs.pytorch.org/tutorials/beginner/dcgan_faces_tutorial.html
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.detach.html
"""

from collections.abc import Iterator
from typing import NamedTuple

from lintgrad.flow.events import Backward, Step
from lintgrad.rule import (
    Category,
    Certainty,
    Finding,
    Flow,
    Hit,
    Passed,
    Related,
    Severity,
    events_on,
    is_within,
    rule,
)
from lintgrad.typestates.leaks import LEAKS, Origin, is_tainted


class _Leak(NamedTuple):
    """A turn of another optimizer, and the backward that adds to what it left."""

    left: Backward
    step: Step
    own: Backward


@rule(code="LG701", category=Category.OWNERSHIP, severity=Severity.WARNING, docs=__doc__)
def leaked_gradients(flow: Flow) -> Iterator[Finding]:
    """Find steps that apply gradients of another optimizer's turn."""
    if not any(event.reaches is not None for event in flow.events(Backward)):
        return
    for hit in flow.where(LEAKS, Step, is_tainted):
        leak = _leak(hit) if hit.certainty is Certainty.ALWAYS and not hit.again else None
        if leak is None or not _is_own_turn(hit, leak):
            continue
        place = hit.optimizer.place
        yield Finding(
            hit.event.span,
            f"`{place}` applies what the loss of `{leak.step.optimizer}` left in its parameters",
            hit.most_confident,
            (
                Related(leak.left.span, f"reaches the parameters of `{place}` as well"),
                Related(leak.step.span, "applies the rest"),
                Related(leak.own.span, "adds to what is left"),
                Related(hit.event.span, "applies both"),
            ),
            help=f"call `{place}.zero_grad()` right before its own backward, or cut the other "
            "loss off with `detach()`",
        )


def _leak(hit: Hit) -> _Leak | None:
    """The story of the trail, if one backward each was left and added."""
    trail = hit.trail
    begin = max((i for i, p in enumerate(trail) if p.after is Origin.CLEAR), default=-1) + 1
    foreign = [i for i, p in enumerate(trail) if i >= begin and _is_foreign(p)]
    if not foreign:
        return None
    left = events_on(trail[begin : foreign[0]], Backward)
    own = events_on(trail[foreign[0] :], Backward)
    step = trail[foreign[0]].event
    if not left or not own or not isinstance(step, Step) or set(map(id, left)) & set(map(id, own)):
        return None
    return _Leak(left[-1], step, own[0])


def _is_foreign(passed: Passed) -> bool:
    first = passed.before is Origin.FRESH and passed.after is Origin.LEFT
    return first and isinstance(passed.event, Step)


def _is_own_turn(hit: Hit, leak: _Leak) -> bool:
    """Whether the turns exclude each other, so that nothing left over can be meant to stay.

    The earlier loss has to reach all that the optimizer holds and something else: what its own
    step is there for. The optimizer's own loss goes through nothing new. And the two turns have to
    tell each other apart: the later loss goes through the other part as well or cuts it off, or the
    earlier one asks what the optimizer holds for its verdict on the other part.
    """
    owners = hit.optimizer.owners.places
    left, own = leak.left.reaches, leak.own.reaches
    if left is None or own is None or not (own.complete and left.complete):
        return False
    others = {p for p in left.must if not any(is_within(p, owner) for owner in owners)}
    known = owners | left.may
    return (
        bool(others)
        and all(any(is_within(place, owner) for place in left.must) for owner in owners)
        and all(any(is_within(place, k) for k in known) for place in own.may)
        and (
            bool(others & (own.must | own.cut))
            or any(
                fed in others and any(is_within(judge, owner) for owner in owners)
                for fed, judge in left.chains
            )
        )
    )
