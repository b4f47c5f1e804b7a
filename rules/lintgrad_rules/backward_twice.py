"""A backward runs through what is freed, or through weights that have changed.

`backward()` frees what the graph saved for it. Going through the same part again raises
`RuntimeError: Trying to backward through the graph a second time` (torch 2.13), unless the earlier
call was told to `retain_graph`. That holds for one loss twice, for a loss that is computed before
a loop and run backward inside of it, and for two losses that share a forward pass.

`optimizer.step()` changes the weights in place. A loss that was computed before it and runs
backward after it raises `RuntimeError: one of the variables needed for gradient computation has
been modified by an inplace operation` (torch 2.13), as soon as its graph goes through more than one
layer of the module: compute the loss after the step, or take the step after all the backwards.

## Example
```python
import torch

model = torch.nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y, z in loader:
    optimizer.zero_grad()
    out = model(x)
    first = torch.nn.functional.mse_loss(out, y)
    second = torch.nn.functional.l1_loss(out, z)
    first.backward()
    second.backward()
    optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y, z in loader:
    optimizer.zero_grad()
    out = model(x)
    first = torch.nn.functional.mse_loss(out, y)
    second = torch.nn.functional.l1_loss(out, z)
    (first + second).backward()
    optimizer.step()
```

`first.backward(retain_graph=True)` gives the same gradients, and keeps the graph for longer.

## Known limits
Graphs are followed through names inside of one function, and where a loss is passed to a function
of the project that is sure to run backward on it. Sums, means and views save nothing, so going
through them twice is fine. A shared forward pass is one of a module that an optimizer in
sight trains, followed through functions of torch, loss functions and modules; any other function
may have cut it. Weights that a step changes in place are followed for losses that are computed from
modules all of whose parameters an optimizer in sight holds, in files that freeze none. Not looked
at is a loss that a condition, or an exception, leaves as it was in the round before. Where a
condition decides about the second backward, the confidence is low.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.backward.html
- https://docs.pytorch.org/docs/2.13/notes/autograd.html#saved-tensors
"""

from collections.abc import Iterator

from lintgrad.flow.events import GraphUsed, Step, WeightsUsed
from lintgrad.rule import (
    Category,
    Finding,
    Flow,
    Met,
    Related,
    Severity,
    confidence_by,
    events_on,
    rule,
)
from lintgrad.typestates.weights import WEIGHTS, is_changed


@rule(code="LG204", category=Category.LOSSES, severity=Severity.ERROR, docs=__doc__)
def backward_twice(flow: Flow) -> Iterator[Finding]:
    """Find backward calls through what is freed, or changed."""
    freed = list(_freed(flow))
    yield from freed
    told = {finding.span for finding in freed}
    for finding in _changed(flow):
        if finding.span not in told:
            told.add(finding.span)
            yield finding


def _freed(flow: Flow) -> Iterator[Finding]:
    for graph, met in flow.freed():
        yield Finding(
            met.event.span,
            f"the graph behind `{graph.place}` was freed by an earlier `backward()`",
            met.confidence(confidence_by(graph.basis)),
            tuple(_story(met)),
            help="add the losses up and run backward once, "
            "or pass `retain_graph=True` to all but the last",
        )


def _changed(flow: Flow) -> Iterator[Finding]:
    for saved in flow.saved_weights():
        for met in flow.met(WEIGHTS, saved, is_changed):
            if isinstance(met.event, WeightsUsed):
                steps = events_on(met.trail[:-1], Step)
                story = [Related(step.span, f"changes `{saved.module}` in place") for step in steps]
                yield Finding(
                    met.event.span,
                    f"`{saved.place}` was computed with weights of `{saved.module}` "
                    "that a step has changed since",
                    met.confidence(confidence_by(saved.basis)),
                    (*story[-1:], Related(met.event.span, "needs them as they were")),
                    help="compute the loss after the step, or step after all the backwards",
                )


def _story(met: Met) -> Iterator[Related]:
    freeing = events_on(met.trail[:-1], GraphUsed)
    if freeing:
        yield Related(freeing[-1].span, "frees the graph")
    again = bool(freeing) and freeing[-1].span == met.event.span
    yield Related(met.event.span, "runs through it again" if again else "needs it again")
