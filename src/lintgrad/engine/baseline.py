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
    except (ValueError, RecursionError) as error:
        raise LintgradError(f"{file}: not a baseline: {error}") from None
    match content:
        case {"version": version, "findings": [*entries]} if version == _VERSION:
            found = [entry["fingerprint"] for entry in entries if _is_entry(entry)]
            if len(found) == len(entries):
                return frozenset(found)
    raise LintgradError(f"{file}: not a baseline of version {_VERSION}")


def _is_entry(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("fingerprint"), str)


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
