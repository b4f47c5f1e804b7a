"""A file cannot be read as Python: a syntax error, or bytes that are no text.

Nothing in the file was checked. Files that are found in a folder and mention neither `torch` nor
`backward` are passed over without being read this far.

## Example
```python
import torch

for x, y in loader
    loss.backward()
```

## Use instead
```python
import torch

for x, y in loader:
    loss.backward()
```

## Known limits
What counts as a syntax error is what the running Python says, so a file in the syntax of a newer
version is reported. Expressions nested hundreds of levels deep are not analysed and said to be
unreadable.

## References
- https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
"""

from collections.abc import Iterator

from lintgrad.rule import Category, Confidence, Finding, Severity, Unread, unread_rule


@unread_rule(code="LG901", category=Category.REPORTING, severity=Severity.ERROR, docs=__doc__)
def unreadable(unread: Unread) -> Iterator[Finding]:
    """Say where reading ended, and why."""
    yield Finding(unread.span, unread.message, Confidence.HIGH)
