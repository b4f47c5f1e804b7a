"""What every report is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.rule import Rule
from lintgrad.source.text import Source


@dataclass(frozen=True, slots=True)
class Report:
    """The diagnostics to report, with what some formats say besides them."""

    diagnostics: tuple[Diagnostic, ...]
    rules: tuple[Rule, ...] = ()
    """All that were run."""
    named: Callable[[str], str] = lambda path: path
    """What a path is called from the repository's root, with slashes."""
    source: Callable[[str], Source | None] = lambda _: None
    """The text of a file, None if it cannot be had."""
    failures: tuple[str, ...] = ()
    """What failed of ours."""
