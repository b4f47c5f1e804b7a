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
Only what is built inside the function, or bound once outside of it, is followed. Sizes that are
not written down may turn out to be 1, which torch accepts. What an operation makes of a shape is
known for the common ones alone.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.backward.html
- https://docs.pytorch.org/tutorials/beginner/blitz/autograd_tutorial.html
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Confidence, Finding, Flow, Severity, rule
from lintgrad.typestates.shapes import Kind, Shape
from lintgrad.typestates.tensors import Loss


@rule(code="LG201", category=Category.LOSSES, severity=Severity.ERROR, docs=__doc__)
def nonscalar_backward(flow: Flow) -> Iterator[Finding]:
    """Find backward calls on losses that have dimensions."""
    for loss in flow.losses:
        bad = [shape for shape in _summed(loss) if shape.needs_gradient]
        if bad and loss.event.gradient is None:
            yield Finding(
                loss.event.span,
                f"`backward()` on {_described(bad[0])} needs a gradient",
                _confidence(loss),
                help="reduce the loss first, for instance with `.mean()`, "
                "or pass `backward(gradient=...)`",
            )


def _summed(loss: Loss) -> list[Shape]:
    """The shapes that backward is called on: `torch.autograd.backward` takes a list of tensors."""
    return [s for shape in loss.shapes for s in (shape.items or (shape,))]


def _confidence(loss: Loss) -> Confidence:
    # A number has no backward: it is what a sum starts with before a loop's first round.
    tensors = [shape for shape in _summed(loss) if shape.kind is not Kind.NUMBER]
    if not all(shape.needs_gradient for shape in tensors):
        return Confidence.LOW
    return Confidence.HIGH


def _described(shape: Shape) -> str:
    if shape.kind is Kind.DIMENSIONED:
        return "a tensor of at least one dimension"
    sizes = ", ".join("?" if size is None else str(size) for size in shape.sizes)
    return f"a tensor of shape ({sizes}{',' if len(shape.sizes) == 1 else ''})"
