"""Which rewriting is tried on which program."""

from collections.abc import Iterator, Sequence
from itertools import islice

from metamorphic.extraction import CLEAR, EACH, EPOCH, LOOP, ROUND, STEP
from metamorphic.program import Layout, Program
from metamorphic.rewritings import (
    FILES,
    NAMES,
    SINGLE,
    SOME_FORMS,
    Rewriting,
    Stage,
    applied,
    moved,
    together,
)

_FUNCTION, _NESTED, _METHOD = (
    "a function, by position",
    "a nested function",
    "a method, state handed in",
)
_SET_LATER = "a method, state set by another method"
_HELD = ("optimizer in a dict", "optimizers of a list, one by one")
_COMMON = (
    "optimizer in a dict",
    "optimizer in an object",
    "reordered, backwards",
    "clearing last, not first",
    'all in main() under the test of "__main__"',
    "round inside of with detect_anomaly",
    "round inside of if True",
    "round inside of try and finally",
    "under neutral names",
)

ON_ALL = (
    *(moved(STEP, form) for form in (_FUNCTION, "a lambda", _METHOD)),
    moved(CLEAR, _FUNCTION),
    *(moved(EACH, form) for form in (_FUNCTION, _NESTED, _METHOD)),
    *(moved(ROUND, form) for form in (_FUNCTION, _NESTED, _METHOD)),
    moved(LOOP, _FUNCTION),
    moved(EPOCH, _FUNCTION),
    *(one for one in SINGLE if one.name in _COMMON),
    together(moved(STEP, _FUNCTION), FILES[Layout.NEIGHBOUR]),
    together(moved(EACH, _METHOD), FILES[Layout.RELATIVE]),
)
"""Rewritings that are tried on every program."""

ON_SOME = (
    *(
        one
        for one in SINGLE
        if one.stage is not Stage.FILES and one.name not in {common.name for common in ON_ALL}
    ),
    *(
        together(moved(choice, form), file)
        for file in FILES.values()
        for choice, form in ((EACH, _FUNCTION), (ROUND, _METHOD), (LOOP, _FUNCTION))
    ),
    *(
        together(moved(choice, _SET_LATER), FILES[layout])
        for choice in (STEP, CLEAR, ROUND)
        for layout in (Layout.RENAMED, Layout.RELATIVE)
    ),
    *(
        together(holder, moved(choice, form))
        for holder in SINGLE
        if holder.name in _HELD
        for choice in (STEP, CLEAR, EACH)
        for form in (_FUNCTION, _NESTED, _METHOD, _SET_LATER)
    ),
    *(together(moved(EACH, form), NAMES) for form in SOME_FORMS),
)
"""Rewritings that are tried on a few programs each, in turn."""


def variants(
    bases: Sequence[Program], on_some: int | None
) -> Iterator[tuple[Program, Rewriting, Program]]:
    """Each program, a rewriting, and the outcome.

    A rewriting that is not tried on all programs is tried on so many of those it fits.
    """
    for rewriting in ON_ALL:
        yield from _fitting(bases, rewriting)
    for turn, rewriting in enumerate(ON_SOME):
        first = turn % len(bases)
        in_turn = [*bases[first:], *bases[:first]]
        yield from islice(_fitting(in_turn, rewriting), on_some)


def _fitting(
    bases: Sequence[Program], rewriting: Rewriting
) -> Iterator[tuple[Program, Rewriting, Program]]:
    for base in bases:
        changed = applied(rewriting, base)
        if changed is not None:
            yield base, rewriting, changed
