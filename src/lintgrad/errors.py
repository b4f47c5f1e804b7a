"""What can be wrong in the set-up: reported as one line, with exit status 2."""

import difflib
from collections.abc import Iterable


class LintgradError(Exception):
    """The set-up is wrong; the text is the line to print."""


def nearest(word: str, known: Iterable[str]) -> str:
    """What to add to an error about an unknown word: the nearest known one, if any is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{near[0]}`?" if near else ""
