"""Means over unequal numbers of tokens are averaged over a window.

A loss that leaves out some targets (`ignore_index`: padding, a prompt) divides by the number of
those that are left, and that number differs from one micro-batch to the next. Averaging such
means over a window gives a token of a short micro-batch more weight than one of a long one; the
result is not the mean over the window's tokens, and depends on how the samples were cut into
micro-batches (torch 2.13, measured: two micro-batches with 1 and 9 targets and losses 4 and 1
average to 2.5 instead of 1.3).

Often the difference is small, or wanted, so this is reported only with `--pedantic`.

## Example
```python
import torch

model = torch.nn.Linear(3, 5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i in range(8):
    x, y = next(batches)
    loss = torch.nn.functional.cross_entropy(model(x), y, ignore_index=0) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i in range(8):
    x, y, tokens = next(batches)
    logits = model(x)
    loss = torch.nn.functional.cross_entropy(logits, y, ignore_index=0, reduction="sum") / tokens
    loss.backward()
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
```

Here `tokens` is the number of targets in the whole window.

## Known limits
The only evidence that is looked for is `ignore_index`; masks and padding that are handled in
other ways are not seen. The default `ignore_index=-100` says nothing: most targets never use it.
A loss with more than one factor may be weighted by its number of targets: nothing is said.

## References
- https://docs.pytorch.org/docs/2.13/generated/torch.nn.CrossEntropyLoss.html
- https://huggingface.co/blog/gradient_accumulation
"""

from collections.abc import Iterator

from lintgrad.flow.events import Backward
from lintgrad.rule import Category, Finding, Flow, Related, Severity, rule

_BY_THE_WINDOW = 1
"""The factors of a loss that is divided by the number of micro-batches."""


@rule(code="LG404", category=Category.ACCUMULATION, severity=Severity.INFO, docs=__doc__)
def mean_of_means(flow: Flow) -> Iterator[Finding]:
    """Find windows of means that leave out a number of targets of their own each."""
    told: set[Backward] = set()
    for window in flow.windows.whole:
        if window.backward in told:
            continue
        scale = flow.scale(window.backward)
        if len(scale.factors) > _BY_THE_WINDOW:
            continue  # a mean that is weighted by its number of targets is right
        for mean in scale.means:
            if any(keyword.name == "ignore_index" for keyword in mean.keywords):
                told.add(window.backward)
                yield Finding(
                    window.backward.span,
                    "a window averages means over different numbers of targets",
                    window.confidence,
                    (
                        Related(mean.span, "divides by the targets of this micro-batch alone"),
                        Related(window.backward.span, "adds its gradients to those of the window"),
                        Related(window.step.span, "applies them as if all counted the same"),
                    ),
                    help="sum the losses, and divide by the number of targets in the window",
                )
                break
