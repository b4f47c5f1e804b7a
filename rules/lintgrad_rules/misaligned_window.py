"""The guards of a window's clear and step are out of phase, or never come true.

An accumulation window has two guards, one for the step and one for clearing, and both have to
name the same round. Clearing one round too early throws away what was gathered; a precedence slip
such as `i + 1 % n == 0`, which Python reads as `i + (1 % n) == 0`, or a remainder that no number
has, or a window that is longer than its loop, keeps the step from ever running: nothing is trained,
and nothing raises (torch 2.13, measured: all parameters bit for bit what they were). The opposite
slip makes the guard true in every round, so that each micro-batch is a step of its own at 1/N of
the wanted gradient.

`no_sync` of a `DistributedDataParallel` module has to leave out the last micro-batch of a window,
and it is the forward pass that decides. With every micro-batch in `no_sync`, or the last one's
forward pass in it, the processes drift apart (two of them, after three steps: weights that differ
by 0.23, torch 2.13, measured), and each is trained on its own share of the data alone.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i, (x, y) in enumerate(loader):
    loss = torch.nn.functional.mse_loss(model(x), y) / 4
    loss.backward()
    if i + 1 % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i, (x, y) in enumerate(loader):
    loss = torch.nn.functional.mse_loss(model(x), y) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## Known limits
Only guards with a remainder (`%`) in them, counted by a loop or by hand, are judged. An inverted
guard (`if (i + 1) % n:`) is reported only if the loss is divided by the same `n`, or if the
gradients of the round that it leaves out are kept for the next step: otherwise a step that is left
out now and then may be meant. `if i % n == 0`, which makes the first window one micro-batch long,
is left alone: it costs one odd step an epoch. A guard in a function that the loop calls is not
judged. `no_sync` is looked at in functions that use it in a `with`, called there or when it is
chosen, for one module and one optimizer; gradients that may be averaged by hand, and modules that
may look at their mode when backward runs, keep the rule silent.

## References
- https://docs.python.org/3/reference/expressions.html#operator-precedence
- https://docs.pytorch.org/docs/2.13/notes/amp_examples.html#gradient-accumulation
- https://docs.pytorch.org/docs/2.13/generated/torch.nn.parallel.DistributedDataParallel.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward, Doubt, Escape, Event, MayBackward, Step, SyncMode
from lintgrad.rule import (
    Category,
    Certainty,
    Condition,
    Confidence,
    Finding,
    Flow,
    Gate,
    Hit,
    Opens,
    Related,
    Severity,
    Spoilt,
    rule,
    same_number,
)
from lintgrad.typestates.syncs import SYNCS, is_own, synchronises


@rule(code="LG403", category=Category.ACCUMULATION, severity=Severity.WARNING, docs=__doc__)
def misaligned_window(flow: Flow) -> Iterator[Finding]:
    """Find guards that do not name the round in which a window ends."""
    for spoilt in flow.windows.spoilt:
        if not spoilt.lone and not spoilt.framed:
            yield _out_of_phase(spoilt)
    for gate in flow.gates:
        told = _TOLD.get(gate.opens)
        doubtful = gate.opens is Opens.MOSTLY or gate.apart
        if told is None or (doubtful and not _is_window(flow, gate)):
            continue
        if gate.opens is Opens.MOSTLY and _waits_for_another(flow, gate):
            continue
        place = gate.optimizer.place
        yield Finding(
            gate.span,
            told[0].format(place=place),
            gate.confidence,
            (
                Related(gate.backwards[0].span, "adds gradients in every round"),
                Related(gate.span, told[1]),
                Related(gate.step.span, told[2]),
            ),
            help="write `(i + 1) % n == 0`, with `i` counted from 0",
        )
    yield from _unsynchronised(flow)


_TOLD = {
    Opens.NEVER: (
        "this guard is never true: `{place}` never steps",
        "is false in every round",
        "never runs",
    ),
    Opens.ALWAYS: (
        "this guard is always true: `{place}` steps in every round, there is no window",
        "is true in every round",
        "runs for each micro-batch",
    ),
    Opens.MOSTLY: (
        "this guard is inverted: `{place}` steps in all rounds but the last of a window",
        "is false where a window ends",
        "runs for all other micro-batches",
    ),
}


def _waits_for_another(flow: Flow, gate: Gate) -> bool:
    """Whether the step's window has a guard of its own: this one leaves out some rounds besides."""
    return any(other.step is gate.step and other.opens is Opens.IN_TIME for other in flow.gates)


def _is_window(flow: Flow, gate: Gate) -> bool:
    """Whether a window is meant: the loss is divided by it, or what is left out is kept."""
    divided = [
        any(same_number(factor, gate.modulus) for factor in flow.scale(backward).factors)
        for backward in gate.backwards
    ]
    if gate.apart:  # what else differs between the two sides may be meant
        return gate.opens is Opens.MOSTLY and all(divided)
    return any(divided) or any(window.step is gate.step for window in flow.windows.whole)


def _out_of_phase(spoilt: Spoilt) -> Finding:
    window = spoilt.window
    place = window.optimizer.place
    return Finding(
        spoilt.clear.span,
        f"`{spoilt.clear.text}` is out of phase with `{place}.step()`: it clears a begun window",
        window.confidence,
        (
            Related(window.backward.span, "adds the gradients of a micro-batch"),
            Related(spoilt.clear.span, "clears them before any step has applied them"),
            Related(window.step.span, "applies only what came after"),
        ),
        help=f"clear right after `{place}.step()`, under the same guard",
    )


def _unsynchronised(flow: Flow) -> Iterator[Finding]:
    """Steps that each process takes with gradients of its own."""
    if len(flow.graph.optimizers) != 1 or next(flow.events(SyncMode), None) is None:
        return
    told: set[Event] = set()
    for hit in _stepped_alone(flow):
        kept = [p.event for p in hit.trail if isinstance(p.event, SyncMode) and p.event.local]
        if not kept or kept[-1] in told or not (_is_wanted(flow) or _sees_all(flow)):
            continue
        told.add(kept[-1])
        yield Finding(
            kept[-1].span,
            f"`{hit.optimizer.place}.step()` uses what each process has by itself: "
            "the last micro-batch is not synchronised",
            min(hit.most_confident, _BY_CERTAINTY[hit.certainty]),
            (
                Related(kept[-1].span, "keeps the gradients of this micro-batch to the process"),
                Related(hit.event.span, "applies other gradients in each process"),
            ),
            help="leave the forward pass of a window's last micro-batch out of `no_sync`",
        )


_BY_CERTAINTY = {Certainty.ALWAYS: Confidence.HIGH, Certainty.MAYBE: Confidence.MEDIUM}


def _stepped_alone(flow: Flow) -> Iterator[Hit]:
    """Steps with gradients of one's own: in every run, or whenever a setting asks for `no_sync`."""
    yield from flow.always(SYNCS, Step, is_own)
    for hit in flow.where(SYNCS, Step, is_own):
        if hit.condition is Condition.FIXED and not hit.again:
            yield hit


def _is_wanted(flow: Flow) -> bool:
    """Whether some micro-batches are synchronised."""
    return next(flow.always(SYNCS, Backward, synchronises), None) is not None


def _sees_all(flow: Flow) -> bool:
    """Whether nothing in the function may average gradients or parameters by itself."""
    return next(flow.events(Escape), None) is None and not any(
        event.doubt is Doubt.OPEN for event in flow.events(MayBackward)
    )
