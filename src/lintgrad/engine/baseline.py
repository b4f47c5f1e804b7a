"""Findings that are known already, in a file beside the code."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.errors import LintgradError

_VERSION = 1


def known_fingerprints(file: Path) -> frozenset[str]:
    """The fingerprints in a baseline file. Raises LintgradError if it is none."""
    try:
        content: object = json.loads(file.read_bytes())
    except OSError as error:
        raise LintgradError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise LintgradError(f"{file}: not a baseline: {error}") from None
    table = content if isinstance(content, dict) else {}
    entries = table.get("findings")
    if table.get("version") != _VERSION or not isinstance(entries, list):
        raise LintgradError(f"{file}: not a baseline of version {_VERSION}")
    return frozenset(str(entry["fingerprint"]) for entry in entries)


def baseline(found: Iterable[Diagnostic], named: Callable[[str], str]) -> str:
    """The text of a baseline file for diagnostics; it says no row, so that it need not change."""
    entries = [
        {
            "fingerprint": one.fingerprint,
            "code": one.code,
            "filename": named(one.path),
            "message": one.message,
            "text": one.text,
        }
        for one in found
    ]
    return json.dumps({"version": _VERSION, "findings": entries}, indent=2) + "\n"
