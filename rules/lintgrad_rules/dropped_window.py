"""The last, partial window of an epoch is never applied.

A loader whose length is no multiple of the window leaves a rest: gradients that are computed and
then cleared, or left lying when training ends (torch 2.13, counted). Where nothing clears at the
start of an epoch, the rest goes into the next epoch's first window, which then has more
micro-batches than the others (6 of 4, measured).

Nearly all real training loops leave their rest, and most mean to, so this is reported only with
`--pedantic`; and as a warning where a step is there for the rest, but its guard keeps it from
running: after the loop, or for a last round that no round is (`i == len(loader)`).

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(loader):
        loss = torch.nn.functional.mse_loss(model(x), y) / 4
        loss.backward()
        if (i + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(loader):
        loss = torch.nn.functional.mse_loss(model(x), y) / 4
        loss.backward()
        if (i + 1) % 4 == 0 or i + 1 == len(loader):
            optimizer.step()
            optimizer.zero_grad()
```

## Known limits
A loader is taken to have a length that is no multiple of the window, unless the length is written
down. `drop_last=True` makes whole batches, not whole windows. Where the optimizer comes from
outside of the function, whoever calls it may still step: nothing is reported but what an outer loop
in the function clears or adds to. A counter that goes on from epoch to epoch takes the rest along
as it should. A step after the loop that may find nothing to apply does no harm.

## References
- https://docs.pytorch.org/docs/2.13/notes/amp_examples.html#gradient-accumulation
"""

from collections.abc import Iterator

from lintgrad.flow.events import Build, Event
from lintgrad.rule import (
    Category,
    Finding,
    Flow,
    Related,
    Rest,
    Severity,
    rule,
)


@rule(code="LG402", category=Category.ACCUMULATION, severity=Severity.INFO, docs=__doc__)
def dropped_window(flow: Flow) -> Iterator[Finding]:
    """Find windows that are begun when their loop ends, and applied nowhere."""
    told: set[Event] = set()
    for rest in flow.windows.rests:
        if rest.window.step in told or _may_go_on(flow, rest):
            continue
        told.add(rest.window.step)
        place = rest.window.optimizer.place
        yield Finding(
            rest.window.step.span,
            f"the last micro-batches of the loop are {_FATE[rest.leaks]} `{place}`",
            rest.window.confidence,
            tuple(_story(rest)),
            help="step once more after the loop, or when the last batch is reached",
            severity=None if rest.missed is None else Severity.WARNING,
        )


_FATE = {False: "never applied by", True: "kept for the next round's first step of"}
"""What becomes of a rest, by whether it leaks."""


def _may_go_on(flow: Flow, rest: Rest) -> bool:
    """Whether whoever made the optimizer may step after the function has ended."""
    built = any(event.optimizer == rest.window.subject.place for event in flow.events(Build))
    return rest.clear is None and not rest.leaks and not built


def _story(rest: Rest) -> Iterator[Related]:
    backward = rest.window.backward.span
    yield Related(backward, "adds the gradients of the last micro-batches")
    yield Related(rest.window.step.span, "does not run for them: their window is not full")
    if rest.missed is not None:
        yield Related(rest.missed, "is meant for them, but does not come to run")
    if rest.clear is not None:
        yield Related(rest.clear.span, "clears them")
    if rest.leaks:
        yield Related(backward, "adds those of the next window on top")
