"""Micro-batches of an accumulation window are cleared before the window's step.

Gradients are summed over several batches, and a step comes only every N-th time; but something
clears them in between. Each step then uses what is left: with `zero_grad()` in every iteration
and a step in every fourth, exactly a quarter of the wanted gradient, three batches of four were
computed for nothing (torch 2.13, measured: 0.25 of the full gradient). Nothing raises, and the
loss still falls.

The same happens inside `with accelerator.accumulate(model):` (accelerate 1.15). A prepared
optimizer's `step()` and `zero_grad()` both wait for the last micro-batch. An *opening*
`optimizer.zero_grad()` therefore wipes all micro-batches but that one, and `model.zero_grad()`,
which does not wait, wipes every one.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i, (x, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
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
Only windows are seen whose step is guarded by counting: `(i + 1) % n == 0`, a counter kept by
hand, a flag computed from one, `accumulate`. Where another optimizer applies the same gradients in
between, nothing is reported; nor where the step depends on something that cannot be counted
(a finite loss, a flag from elsewhere), or a loop over the micro-batches stands inside another one
that steps. Under accelerate the number of micro-batches has to be in sight: a number above one, or
a setting. `loss.backward()` in a function that is called from several places is left out, and so
are micro-batches that something out of sight may have read before they are cleared. A method that
counts its own calls is taken to be called again and again, with medium confidence.

## References
- https://docs.pytorch.org/docs/2.13/notes/amp_examples.html#gradient-accumulation
- https://huggingface.co/docs/accelerate/v1.15.0/usage_guides/gradient_accumulation
"""

from collections.abc import Iterator

from lintgrad.rule import (
    Category,
    Finding,
    Flow,
    Related,
    Severity,
    Spoilt,
    rule,
)


@rule(code="LG103", category=Category.CLEARING, severity=Severity.ERROR, docs=__doc__)
def accumulation_cleared(flow: Flow) -> Iterator[Finding]:
    """Find clears that throw away what an accumulation window has gathered."""
    for spoilt in flow.windows.spoilt:
        if spoilt.lone or spoilt.framed:
            yield _finding(spoilt)


def _finding(spoilt: Spoilt) -> Finding:
    window = spoilt.window
    place = window.optimizer.place
    return Finding(
        spoilt.clear.span,
        f"`{spoilt.clear.text}` throws away the micro-batches that `{place}.step()` waits for",
        window.confidence,
        (
            Related(window.backward.span, "adds the gradients of a micro-batch"),
            Related(spoilt.clear.span, "clears them before any step has applied them"),
            Related(window.backward.span, "adds those of the next one"),
            Related(window.step.span, "applies only what came after the last clearing"),
        ),
        help=f"clear only after `{place}.step()`, under the same guard",
    )
