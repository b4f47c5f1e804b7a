"""A step applies gradients that an earlier step already applied.

`backward()` adds to `.grad`; it does not overwrite it. When nothing clears the gradients between
two steps, the second step applies the first one's gradients again, the third applies both, and so
on: step k uses the sum of k gradients (torch 2.13, counted). Nothing raises, and the loss may
still fall: a small network trained with SGD for 320 steps ended at a loss of 3.1e4 instead of
0.46, with Adam at 22.8 instead of 0.087.

Reported are optimizers that are never cleared, that are cleared only outside of the loop that
steps, or only on some path; that another optimizer is cleared instead of; and `zero_grad` that is
named without being called. An update by hand (`w -= rate * w.grad`) is a step as well.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = torch.nn.functional.mse_loss(model(x), y)
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
    optimizer.step()
```

Clearing before the forward pass, right before `backward()` and after `step()` are all the same.

## Known limits
A deliberate running sum of gradients looks the same as a forgotten `zero_grad()`. Calls are
followed through functions, methods, closures and the files of the project; where a call goes
somewhere that cannot be found and may clear, or where something else was given the means to (a
hook, a callback, a table of functions, a method that a subclass replaces), nothing is reported. A
condition that is a fixed setting (`if args.clear:`) gives low confidence, and so does one that is
decided inside of a called function, an exception that is caught, and several conditions that only
together lead to the harm. Parameters that are updated without any optimizer are not followed. Of a
context manager or a generator of the project only what it does right before and after its one
`yield` is followed. Nothing is said of an optimizer that the variable of a loop picks out of a
container, of gradients that one optimizer leaves to another one, built later on the same
parameters, and of a clear that runs over a used-up generator of another function. A function that
nobody in sight calls is taken to be called again if its optimizer outlives it and nothing in sight
clears it: medium confidence at most.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.optim.Optimizer.zero_grad.html
- https://docs.pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Event, GradAssign, NamedOnly, Step, ZeroGrad
from lintgrad.rule import (
    Acted,
    Category,
    Certainty,
    Condition,
    Confidence,
    Finding,
    Flow,
    Hit,
    Optimizer,
    Related,
    Severity,
    Slip,
    rule,
)
from lintgrad.typestates.gradients import GRADIENTS, Grad, GradAct, is_mixed


@rule(code="LG101", category=Category.CLEARING, severity=Severity.WARNING, docs=__doc__)
def missing_zero_grad(flow: Flow) -> Iterator[Finding]:
    """Find steps that are reached with spent gradients under new ones."""
    if any(flow.slips_within(Slip.BACKWARD_NAMED)):  # backward-not-called points at the cause
        return
    for hit in _hits(flow):
        place = hit.optimizer.place
        subject = f"the update of `{place}`" if hit.optimizer.by_hand else f"`{place}`"
        yield Finding(
            hit.event.span,
            f"{subject} applies gradients that it already applied: {_reason(flow, hit)}",
            _confidence(flow, hit),
            tuple(_story(hit)),
            tuple(_futile(flow, hit)),
            _help(hit.optimizer),
            unless=("LG307",),
        )


def _hits(flow: Flow) -> Iterator[Hit]:
    """The steps; a next call that may step as well is enough if nothing ever clears."""
    yield from flow.where(GRADIENTS, Step, is_mixed)
    for hit in flow.maybe_again(GRADIENTS, Step, is_mixed):
        if _is_never_cleared(flow, hit):
            yield hit


def _is_never_cleared(flow: Flow, hit: Hit) -> bool:
    """Whether nothing clears in the loop that the step is in, or at all if it is in none."""
    return not any(
        acted.act in _ENDS_REUSE and acted.around[:1] == hit.around[:1]
        for acted in flow.acts(GRADIENTS, hit.subject)
    )


def _is_cleared_outside(flow: Flow, hit: Hit) -> bool:
    """Whether nothing clears in the innermost loop that the step is in."""
    return not any(
        acted.act in _ENDS_REUSE and acted.around[: len(hit.around)] == hit.around
        for acted in flow.acts(GRADIENTS, hit.subject)
    )


def _help(optimizer: Optimizer) -> str:
    if optimizer.by_hand:
        return "clear the gradients once for every update: `p.grad = None`, or `p.grad.zero_()`"
    return f"call `{optimizer.place}.zero_grad()` once for every `{optimizer.place}.step()`"


def _confidence(flow: Flow, hit: Hit) -> Confidence:
    """A setting that turns clearing off is there because both are wanted.

    A path that is taken now and then without clearing is not; and where nothing in the loop ever
    clears, it does not matter what decides that there is a second step. In the innermost loop
    alone it does not where every backward has its step, so that no window is gathered there.
    """
    never = (hit.around or hit.again) and _is_never_cleared(flow, hit)
    reached = hit.condition in (Condition.REACHED, Condition.REACHED_AT_TIMES)
    if not never and hit.around and (reached or hit.condition is Condition.SEVERAL):
        ends = {GradAct.APPLY, *_ENDS_REUSE}
        alone = reached or _is_cleared_outside(flow, hit)
        never = alone and not flow.piles_up(GRADIENTS, hit, GradAct.ADD, ends)
    least = Confidence.MEDIUM if never else Confidence.LOW
    found = hit.confidence(varying=Confidence.MEDIUM, fixed=Confidence.LOW)
    return max(found, min(least, hit.most_confident))


_ENDS_REUSE = (GradAct.CLEAR, GradAct.REPLACE, GradAct.RENEW, GradAct.LOSE)


def _story(hit: Hit) -> Iterator[Related]:
    """From the gradients that are applied twice to the step that does so."""
    events = [(passed.event, passed.after) for passed in hit.trail]
    applied = max(
        i for i, (event, after) in enumerate(events[:-1]) if _applies(event) and after is Grad.SPENT
    )
    added = [e for e, _ in events[:applied] if isinstance(e, Backward | GradAssign)]
    if added:
        yield Related(added[-1].span, "adds gradients")
    again = hit.event.span == events[applied][0].span
    yield Related(events[applied][0].span, "applies them")
    for event, _ in events[applied + 1 :]:
        if isinstance(event, Backward):
            same = bool(added) and event.span == added[-1].span
            told = "runs again" if same else "adds more"
            yield Related(event.span, f"{told} before anything clears the old ones")
            break
    yield Related(hit.event.span, "applies the old ones again" if again else "applies both")


def _applies(event: Event) -> bool:
    return isinstance(event, Step)


def _reason(flow: Flow, hit: Hit) -> str:
    """Why what clears gradients in this function does not help."""
    if hit.again:
        return "every call adds to those of the last one, and nothing in sight clears them"
    clears = list(_clears(flow, hit))
    if hit.certainty is Certainty.MAYBE:
        return "they are not cleared on every path" if clears else "nothing may have cleared them"
    if hit.around and any(clear.around[: len(hit.around)] == hit.around for clear in clears):
        return "they are cleared in other iterations only"
    if clears:
        return "they are cleared only outside of the loop that steps"
    if any(event.optimizer == hit.optimizer.place for event in flow.events(NamedOnly)):
        return "`zero_grad` is named, but not called"
    others = list(_others(flow, hit))
    if others:
        return f"`{others[0].text}` does not clear them"
    return "nothing clears them in between"


def _futile(flow: Flow, hit: Hit) -> Iterator[Related]:
    """The places that clear something, but not these gradients in time."""
    for clear in _clears(flow, hit):
        where = "not on every path" if hit.certainty is Certainty.MAYBE else "but not in between"
        yield Related(clear.event.span, f"clears them, {where}")
    for named in flow.events(NamedOnly):
        if named.optimizer == hit.optimizer.place:
            yield Related(named.span, "does nothing: the parentheses are missing")
    for other in _others(flow, hit):
        yield Related(other.span, "clears other gradients")


def _clears(flow: Flow, hit: Hit) -> Iterator[Acted]:
    for acted in flow.acts(GRADIENTS, hit.subject):
        if acted.act is GradAct.CLEAR and isinstance(acted.event, ZeroGrad):
            yield acted


def _others(flow: Flow, hit: Hit) -> Iterator[ZeroGrad]:
    concerned = [acted.event for acted in flow.acts(GRADIENTS, hit.subject)]
    for event in flow.events(ZeroGrad):
        if event not in concerned:
            yield event
