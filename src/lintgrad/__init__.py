"""Finds PyTorch training loops whose gradients go wrong, and says which line undoes which.

As a library: `lintgrad.check_source(text)` and `lintgrad.check_paths(paths)` return diagnostics,
which are plain frozen values.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lintgrad.engine.diagnostics import Diagnostic, Range, RelatedPlace
    from lintgrad.errors import LintgradError
    from lintgrad.project.library import check_paths, check_source
    from lintgrad.rule import Confidence, Severity
    from lintgrad.source.text import Location

__version__ = "0.1.0"

__all__ = [
    "Confidence",
    "Diagnostic",
    "LintgradError",
    "Location",
    "Range",
    "RelatedPlace",
    "Severity",
    "__version__",
    "check_paths",
    "check_source",
]

_HOMES = {
    "Confidence": "lintgrad.rule",
    "Diagnostic": "lintgrad.engine.diagnostics",
    "LintgradError": "lintgrad.errors",
    "Location": "lintgrad.source.text",
    "Range": "lintgrad.engine.diagnostics",
    "RelatedPlace": "lintgrad.engine.diagnostics",
    "Severity": "lintgrad.rule",
    "check_paths": "lintgrad.project.library",
    "check_source": "lintgrad.project.library",
}


def __getattr__(name: str) -> object:
    # Looked up when it is asked for, so that `lintgrad --version` imports none of it.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'lintgrad' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
