"""What every report is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.rule import Rule


@dataclass(frozen=True, slots=True)
class Report:
    """The diagnostics to report, with what some formats say besides them."""

    diagnostics: tuple[Diagnostic, ...]
    rules: tuple[Rule, ...] = ()
    """All that were run."""
    named: Callable[[str], str] = lambda path: path
    """What a path is called from the repository's root, with slashes."""
    failures: tuple[str, ...] = ()
    """What failed of ours."""
