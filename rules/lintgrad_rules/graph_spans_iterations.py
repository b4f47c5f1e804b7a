"""A state goes from one iteration to the next with its graph.

The hidden state that a module returns hangs on this iteration's graph. Given to the module again
without `detach()`, it makes the next backward run through both iterations: torch 2.13 raises
`RuntimeError: Trying to backward through the graph a second time` in the second one. With
`retain_graph=True` every backward runs through all iterations so far (2.2 ms grew to 28.6 ms after
200), and after a step it raises because parameters were changed in place.

## Example
```python
import torch

model = torch.nn.GRU(3, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
state = torch.zeros(1, 1, 8)
for x, y in loader:
    optimizer.zero_grad()
    out, state = model(x, state)
    loss = torch.nn.functional.mse_loss(out, y)
    loss.backward()
    optimizer.step()
```

## Use instead
```python
import torch

model = torch.nn.GRU(3, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
state = torch.zeros(1, 1, 8)
for x, y in loader:
    optimizer.zero_grad()
    out, state = model(x, state.detach())
    loss = torch.nn.functional.mse_loss(out, y)
    loss.backward()
    optimizer.step()
```

## Known limits
Only names are followed that one call both takes and gives, in a loop that also runs backward, and
only through modules that an optimizer in sight trains. What a function does that the loop calls
counts as done there, where it runs backward for certain and gives the state back by its name. A
module may detach its state inside.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.detach.html
- https://docs.pytorch.org/docs/2.13/notes/faq.html
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Finding, Flow, Severity, Slip, confidence_by, rule


@rule(code="LG205", category=Category.LOSSES, severity=Severity.ERROR, docs=__doc__)
def graph_spans_iterations(flow: Flow) -> Iterator[Finding]:
    """Find states that take their graph along."""
    for slipped in flow.slips_within(Slip.GRAPH_CARRIED):
        harm = (
            "`retain_graph=True` only makes it run through all of them"
            if slipped.instead
            else "the next backward runs through a graph that is freed"
        )
        yield Finding(
            slipped.span,
            f"`{slipped.subject}` carries its graph into the next iteration: {harm}",
            confidence_by(slipped.basis),
            help=f"cut it once an iteration: `{slipped.subject}.detach()`",
        )
