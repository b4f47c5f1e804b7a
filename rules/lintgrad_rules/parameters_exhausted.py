"""A generator of parameters is run through a second time, and has nothing left.

`model.parameters()`, `filter(...)`, `map(...)` and `itertools.chain(...)` give their elements
once. An optimizer that is built from one uses it up: a second optimizer raises `ValueError:
optimizer got an empty parameter list`, `clip_grad_norm_` clips nothing (with a warning for a
generator, silently for a `filter`, `map` or `chain`), and a penalty summed over it in a loop is
0.3928 once, then 0 (torch 2.13).

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
params = model.parameters()
optimizer = torch.optim.SGD(params, lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
params = list(model.parameters())
optimizer = torch.optim.SGD(params, lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
```

## Known limits
Generators are followed through names, and through attributes that `__init__` sets once. One that
is handed to a function of unknown habits, or that a loop may leave early, is not followed any
further. A class of the project may have a `parameters()` of its own that returns a list.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.nn.Module.html#torch.nn.Module.parameters
- https://docs.python.org/3/glossary.html#term-generator-iterator
"""

from collections.abc import Iterator

from lintgrad.flow.events import Consumed
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
from lintgrad.typestates.exhaustion import exhaustion_of, is_empty


@rule(code="LG306", category=Category.STEPPING, severity=Severity.WARNING, docs=__doc__)
def parameters_exhausted(flow: Flow) -> Iterator[Finding]:
    """Find generators that are run through again."""
    for generator in flow.generators():
        sure = confidence_by(generator.basis)
        for met in flow.met(exhaustion_of(generator), generator, is_empty):
            event = met.event
            if isinstance(event, Consumed) and event.by is not None:
                yield Finding(
                    event.span,
                    f"`{generator.place}` is a generator that was run through before: "
                    f"{event.by} finds nothing in it",
                    met.confidence(sure),
                    tuple(_story(event, met)),
                    help="keep the parameters in a list: `list(...)`",
                )


def _story(event: Consumed, met: Met) -> Iterator[Related]:
    """Where the generator is made, what runs through it, and what does so again."""
    passed = events_on(met.trail[:-1], Consumed)
    yield Related(event.subject.made[0].span, "gives each parameter once")
    if passed:
        yield Related(passed[0].span, f"{passed[0].by} takes them")
    elif event.subject.emptied is not None:
        yield Related(event.subject.emptied, "takes them")
    yield Related(event.span, "nothing is left")
