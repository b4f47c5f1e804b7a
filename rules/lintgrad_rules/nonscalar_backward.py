"""`backward()` is called on a tensor that has dimensions, without a gradient.

Only a tensor of one element has an implicit gradient. For any other, torch 2.13 raises
`RuntimeError: grad can be implicitly created only for scalar outputs`: as soon as the line runs,
or, for a loss with one value per example, as soon as a batch holds more than one.

## Example
```python
import torch

criterion = torch.nn.CrossEntropyLoss(reduction="none")
model = torch.nn.Linear(3, 2)
for x, y in loader:
    loss = criterion(model(x), y)
    loss.backward()
```

## Use instead
```python
import torch

criterion = torch.nn.CrossEntropyLoss(reduction="none")
model = torch.nn.Linear(3, 2)
for x, y in loader:
    loss = criterion(model(x), y)
    loss.mean().backward()
```

`loss.backward(gradient=weights)` is right too: it is `(loss * weights).sum().backward()`.

## Known limits
Values are followed through functions, classes and files of the project, as far as they are bound
once. Sizes that are not written down may turn out to be 1, which torch accepts. What an operation
makes of a shape is known for the common ones alone, and how many dimensions the data have that a
loop draws from somewhere else is not. What `DataParallel` gathers has one element for
each device: unless `device_ids` names two of them little is said of it, as one device gives a loss
without dimensions.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.backward.html
- https://docs.pytorch.org/tutorials/beginner/blitz/autograd_tutorial.html
"""

from collections.abc import Iterator

from lintgrad.flow.events import Differentiate
from lintgrad.rule import Category, Confidence, Finding, Flow, Related, Severity, rule
from lintgrad.typestates.values.tensors import Loss
from lintgrad.typestates.values.value import Kind, Value


@rule(code="LG201", category=Category.LOSSES, severity=Severity.ERROR, docs=__doc__)
def nonscalar_backward(flow: Flow) -> Iterator[Finding]:
    """Find backward calls on losses that have dimensions, or are no tensors but hold some."""
    for loss in flow.losses:
        if loss.event.gradient is not None:
            continue
        tensors, bad = _tensors(loss), _bad(loss)
        if bad and not _is_fine_where_called(flow, loss):
            sure = len(bad) == len(tensors)
            yield Finding(
                loss.event.span,
                _message(loss, bad[0]),
                Confidence.HIGH if sure else Confidence.LOW,
                asides=tuple(Related(span, "called here") for span in loss.calls),
                help=_help(loss, bad[0]),
            )


def _tensors(loss: Loss) -> list[Value]:
    """The values that backward is called on: a function of torch takes several tensors."""
    if isinstance(loss.event, Differentiate) or loss.event.takes_several:
        found = [v for value in loss.values for v in (value.items or (value,))]
    else:
        # An object of a class in the project is no list, and has methods of its own.
        found = [v for v in loss.values if not (v.is_collection and "__class__" in v.names)]
    # A number has no backward: it is what a sum starts with before a loop's first round.
    return [value for value in found if value.kind is not Kind.NUMBER]


def _bad(loss: Loss) -> list[Value]:
    return [value for value in _tensors(loss) if value.needs_gradient or _has_none(value)]


def _is_fine_where_called(flow: Flow, loss: Loss) -> bool:
    """Whether the function is called in sight, and every call makes a number of the loss."""
    called = flow.where_called(loss)
    return bool(called) and not any(_bad(one) for one in called)


def _has_none(value: Value) -> bool:
    """Whether a value has no `backward` at all."""
    return value.is_collection or value.kind in (Kind.LOSS, Kind.LAYER)


def _message(loss: Loss, bad: Value) -> str:
    if _has_none(bad):
        return f"`backward()` on {_described(bad)}: only tensors have one"
    if isinstance(loss.event, Differentiate):
        return f"`torch.autograd.grad` of {_described(bad)} needs `grad_outputs`"
    return f"`backward()` on {_described(bad)} needs a gradient"


def _help(loss: Loss, bad: Value) -> str:
    if bad.is_collection:
        return "add the losses up first, for instance with `sum(losses)`"
    if _has_none(bad):
        return "call the module first, and run backward on what it returns"
    if isinstance(loss.event, Differentiate):
        return "sum the outputs first, or pass `grad_outputs=torch.ones_like(...)`"
    return "reduce the loss first, for instance with `.mean()`, or pass `backward(gradient=...)`"


def _described(value: Value) -> str:
    if value.is_collection:
        return "a dict" if value.names else "a list or tuple"
    if _has_none(value):
        return "a module that is not called"
    if value.kind is Kind.DIMENSIONED:
        return "a tensor of at least one dimension"
    sizes = ", ".join("?" if size is None else str(size) for size in value.sizes)
    if value.kind is Kind.AT_LEAST:
        return f"a tensor of shape (..., {sizes})"
    return f"a tensor of shape ({sizes}{',' if len(value.sizes) == 1 else ''})"
