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
purpose look alike: a trunk that waits while its heads step, and takes the gradients of all of them,
or a decoder that is to learn from its own loss and from that of the discriminator behind it. So
what is reported is a turn of an optimizer alone, after turns of another one, where the losses
tell that they are apart: by going through the very same modules, by detaching, or by one module
judging what the other makes: it is fed with it, or weighs its log-probability. Both losses run
backward before either step may be meant so, and are reported with low confidence, where one loss
cuts off what the other is judged by. What a function is handed is not traced back to its modules:
of turns that are taken apart into functions nothing is said. Files that switch `requires_grad` of
parameters are left alone.

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
    Confidence,
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
from lintgrad.typestates.leaks import LEAKS, Origin, is_tainted, is_unshared


class _Leak(NamedTuple):
    """Backwards in turns of another optimizer, its last step, and the backward that adds to it."""

    left: tuple[Backward, ...]
    step: Step
    own: Backward


@rule(code="LG701", category=Category.OWNERSHIP, severity=Severity.WARNING, docs=__doc__)
def leaked_gradients(flow: Flow) -> Iterator[Finding]:
    """Find steps that apply gradients of another optimizer's turn."""
    if not any(event.reaches is not None for event in flow.events(Backward)):
        return
    for hit in flow.where(LEAKS, Step, is_tainted):
        leak = _leak(hit) if _is_sure(hit) else None
        if leak is not None and all(_is_own_turn(hit, left, leak.own) for left in leak.left):
            yield _taken_over(hit, leak)
    for hit in flow.where(LEAKS, Step, is_unshared):
        pair = _pair(hit) if _is_sure(hit) else None
        if pair is not None:
            yield _together(hit, *pair)


def _taken_over(hit: Hit, leak: _Leak) -> Finding:
    place = hit.optimizer.place
    return Finding(
        hit.event.span,
        f"`{place}` applies what the loss of `{leak.step.optimizer}` left in its parameters",
        hit.most_confident,
        (
            Related(leak.left[-1].span, f"reaches the parameters of `{place}` as well"),
            Related(leak.step.span, "applies the rest"),
            Related(leak.own.span, "adds to what is left"),
            Related(hit.event.span, "applies both"),
        ),
        help=f"call `{place}.zero_grad()` right before its own backward, or cut the other "
        "loss off with `detach()`",
    )


def _together(hit: Hit, left: Backward, own: Backward) -> Finding:
    place = hit.optimizer.place
    return Finding(
        hit.event.span,
        f"`{place}` applies two losses, one of which is there for other parameters",
        Confidence.LOW,
        (
            Related(left.span, f"reaches the parameters of `{place}` as well"),
            Related(own.span, f"is cut off from all but what `{place}` holds"),
            Related(hit.event.span, "applies both"),
        ),
        help=f"run the backward of the other loss first, and call `{place}.zero_grad()` before "
        "its own",
    )


def _is_sure(hit: Hit) -> bool:
    own = isinstance(hit.event, Step) and hit.event.optimizer == hit.optimizer.place
    return own and hit.certainty is Certainty.ALWAYS and not hit.again


def _since_clear(hit: Hit) -> tuple[Passed, ...]:
    trail = hit.trail
    return trail[max((i for i, p in enumerate(trail) if p.after is Origin.CLEAR), default=-1) + 1 :]


def _leak(hit: Hit) -> _Leak | None:
    """The story of the trail, if the backwards that were left and the one that added differ."""
    trail = _since_clear(hit)
    ends = [i for i, p in enumerate(trail) if _ends_turn(p)]
    if not ends:
        return None
    begins = [0, *ends[:-1]]
    turns = [events_on(trail[i:j], Backward) for i, j in zip(begins, ends, strict=True)]
    own = events_on(trail[ends[-1] :], Backward)
    step = trail[ends[-1]].event
    same = {id(event) for turn in turns for event in turn} & set(map(id, own))
    if not own or not all(turns) or not isinstance(step, Step) or same:
        return None
    return _Leak(tuple(turn[-1] for turn in turns), step, own[0])


def _ends_turn(passed: Passed) -> bool:
    """Whether a step of another optimizer follows a backward."""
    added = passed.before in (Origin.FRESH, Origin.TAINTED)
    return added and passed.after is Origin.LEFT and isinstance(passed.event, Step)


def _pair(hit: Hit) -> tuple[Backward, Backward] | None:
    """Two backwards for one step, of which only one is the optimizer's own; it is the second."""
    found = list({id(e): e for e in events_on(_since_clear(hit), Backward)}.values())
    if len(found) != 2:
        return None
    for left, own in (found, found[::-1]):
        if _is_own_turn(hit, left, own) and _is_cut(left, own) and _is_judged(hit, left):
            return left, own
    return None


def _is_own_turn(hit: Hit, left: Backward, own: Backward) -> bool:
    """Whether the turns exclude each other, so that nothing left over can be meant to stay.

    The earlier loss has to reach all that the optimizer holds and something else: what its own
    step is there for. The optimizer's own loss goes through nothing new. And the two turns have to
    tell each other apart: the later loss goes through the other part as well or cuts it off, or the
    earlier one asks what the optimizer holds for its verdict on the other part.
    """
    owners = hit.optimizer.owners.places
    one, other = left.reaches, own.reaches
    if one is None or other is None or not (one.complete and other.complete):
        return False
    known = owners | one.may
    return (
        bool(_others(hit, left))
        and all(any(is_within(place, owner) for place in one.must) for owner in owners)
        and all(any(is_within(place, k) for k in known) for place in other.may)
        and (bool(_others(hit, left) & other.must) or _is_cut(left, own) or _is_judged(hit, left))
    )


def _others(hit: Hit, left: Backward) -> frozenset[str]:
    """What a loss reaches that is not the optimizer's."""
    reached = left.reaches.must if left.reaches is not None else frozenset()
    owners = hit.optimizer.owners.places
    return frozenset(p for p in reached if not any(is_within(p, owner) for owner in owners))


def _is_cut(left: Backward, own: Backward) -> bool:
    """Whether the one loss cuts off something that the other reaches."""
    one, other = left.reaches, own.reaches
    return one is not None and other is not None and bool(one.must & other.cut)


def _is_judged(hit: Hit, left: Backward) -> bool:
    """Whether what the optimizer holds judges, in a loss, what something else makes."""
    chains = left.reaches.chains if left.reaches is not None else frozenset()
    others, owners = _others(hit, left), hit.optimizer.owners.places
    return any(
        fed in others and any(is_within(judge, owner) for owner in owners) for fed, judge in chains
    )
