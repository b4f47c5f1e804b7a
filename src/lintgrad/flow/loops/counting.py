"""How far loops are counted: the numbers that stand for what is not written down."""

from collections.abc import Iterable

WINDOW = 3
"""The stand-in for a window length that is not written down."""

LONGEST_WINDOW = 64
"""Guards with a longer window than this are left undecided."""


def counted_length(all_moduli: Iterable[int], all_limits: Iterable[int]) -> int:
    """How often a counted loop runs: past two windows, and no multiple of any."""
    moduli = {n for n in all_moduli if 1 < n <= LONGEST_WINDOW} | {WINDOW}
    limits = {n for n in all_limits if 0 < n <= LONGEST_WINDOW}
    length = max(2 * max(moduli), *limits, 0) + 1
    while any(length % n == 0 for n in moduli):
        length += 1
    return length
