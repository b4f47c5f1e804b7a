"""The optimizer does not hold the parameters that are trained.

An optimizer keeps the parameters it was built on. What the model gets afterwards it does not know:
a model that is built again or copied, a layer that is replaced, the parameters that `weight_norm`
or `load_state_dict(..., assign=True)` put in the place of others. Nor does `model.parameters()`
give what the model hides: layers in a plain list instead of a `ModuleList`, a `Parameter` that was
multiplied or moved before it was assigned. Gradients are computed for all of these and grow (17.6
after 5 steps, torch 2.13, measured), and none of them ever changes: with `weight_norm` the bias is
all that still moves, with `assign=True` nothing does. Nothing is raised.

## Example
```python
import torch

model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model[2] = torch.nn.Linear(8, 1)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
model[2] = torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
```

`.to(device)`, `.cuda()` and wrappers such as `DataParallel` keep the parameters and are fine.

## Known limits
The optimizer, the replacement and the loop have to be seen in one function and what it calls, or
the optimizer and the replacement in the method that makes the object.
A copy is said to be trained in the place of the original only where the loop does not touch the
original, and nothing else is done with the copy. Silent where the old model may live on under
another name, where the new one gets an optimizer or `add_param_group`, and where a layer may be
hidden from the optimizer on purpose.

## References
- https://docs.pytorch.org/docs/2.13/optim.html#constructing-it
- https://docs.pytorch.org/docs/2.13/generated/torch.nn.ModuleList.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Build, Replace, Step, Unheld
from lintgrad.rule import (
    Category,
    Confidence,
    Finding,
    Flow,
    Hit,
    Related,
    Severity,
    events_on,
    last_on,
    rule,
)
from lintgrad.typestates.holdings import HOLDINGS, HeldAct, is_current, is_old


@rule(code="LG307", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def optimizer_of_old_parameters(flow: Flow) -> Iterator[Finding]:
    """Find optimizers that step other parameters than those that are trained."""
    for hit in flow.where(HOLDINGS, Step, is_old) if _is_replaced_late(flow) else ():
        replaced = last_on(hit.trail, Replace)
        if replaced is not None:
            yield Finding(
                hit.event.span,
                f"`{hit.optimizer.place}` holds the parameters that `{replaced.text}` had before",
                hit.confidence(varying=Confidence.LOW, fixed=Confidence.LOW),
                tuple(_story(hit, replaced)),
                help=f"build `{hit.optimizer.place}` after `{replaced.text}` is replaced",
            )
    if next(flow.events(Step), None) is None:
        yield from _left_behind(flow)
    yield from map(_hidden, dict.fromkeys(flow.events(Unheld)))


def _left_behind(flow: Flow) -> Iterator[Finding]:
    """What an object is made with: an optimizer, and then other parameters than it holds."""
    for hit in flow.always(HOLDINGS, Replace, is_current):
        acted = flow.acts(HOLDINGS, hit.subject)
        if any(one.event is hit.event and one.act is HeldAct.REPLACE for one in acted):
            replaced, place = hit.event, hit.optimizer.place
            builds = events_on(hit.trail, Build)
            yield Finding(
                replaced.span,
                f"`{place}` keeps the parameters that were there before",
                hit.most_confident,
                (
                    *(Related(one.span, "is given the parameters of that time") for one in builds),
                    Related(replaced.span, "puts others in their place"),
                ),
                help=f"build `{place}` after this",
            )


def _is_replaced_late(flow: Flow) -> bool:
    """Whether anything at all is replaced below an optimizer's construction."""
    builds = [event.span for event in flow.events(Build)]
    return any(
        build.path == event.span.path and build.start < event.span.start
        for event in flow.events(Replace)
        for build in builds
    )


def _story(hit: Hit, replaced: Replace) -> Iterator[Related]:
    builds = events_on(hit.trail, Build)
    if builds:
        yield Related(builds[-1].span, "is given the parameters of that time")
    yield Related(replaced.span, f"gives `{replaced.text}` others")
    yield Related(hit.event.span, "moves the old ones")


def _hidden(event: Unheld) -> Finding:
    if not event.part.startswith("self."):
        return Finding(
            event.span,
            f"`{event.optimizer}` moves `{event.owner}`, and what is trained is its copy",
            Confidence.HIGH,
            asides=(Related(event.made, "makes a copy, with parameters of its own"),),
            help=f"build `{event.optimizer}` on `{event.part}.parameters()`",
        )
    return Finding(
        event.span,
        f"`{event.owner}.parameters()` has nothing of `{event.part}`: it is never trained",
        Confidence.HIGH,
        asides=(Related(event.made, "is not registered with the module"),),
        help="use `ModuleList`, `ModuleDict`, or assign the `Parameter` itself",
    )
