"""A comment asks for silence about a rule that has nothing to say there.

Left behind, it would hide the next finding of that rule at that place. What is misspelled is
reported too, since it hides nothing at all: an unknown rule, `ignore` without a rule in brackets,
`accumulates` that does not stand on a loop.

An ignore of a rule that was not run (`--select`, `--ignore`, `per-file-ignores`) is not reported,
nor is any in a file that could not be read.

## Example
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()  # lintgrad: ignore[LG101] cleared by the trainer
```

## Use instead
```python
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
```

## Known limits
An ignore that names a prefix of codes (`ignore[LG1]`) is reported only if all the rules it means
were run.

## References
- https://docs.astral.sh/ruff/rules/unused-noqa/
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Confidence, Finding, Severity, Unused, unused_rule


@unused_rule(code="LG902", category=Category.REPORTING, severity=Severity.WARNING, docs=__doc__)
def unused_ignore(unused: Unused) -> Iterator[Finding]:
    """Say what the comment asks for in vain."""
    yield Finding(
        unused.span, unused.message, Confidence.HIGH, help="remove or correct the comment"
    )
