"""Places taken apart: `a.b[0].c` into what it begins with and the rest."""

import re
from collections.abc import Iterator
from itertools import takewhile

from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Const, Expr, Mapping, Sequence, Starred

_CONSTANT_INDEX = re.compile(r"""\[(-?\d+|'[^']*'|"[^"]*")\]$""")


def has_constant_index(place: str) -> bool:
    """Whether a place ends in an index that is written down, and not in a variable one."""
    return _CONSTANT_INDEX.search(place) is not None


def is_part(place: str, whole: str) -> bool:
    """Whether a place is an attribute or an element of another, directly or not."""
    return place.startswith((f"{whole}.", f"{whole}["))


def is_within(place: str, whole: str) -> bool:
    """Whether a place is another or a part of it."""
    return place == whole or is_part(place, whole)


def overlaps(place: str, other: str) -> bool:
    """Whether two places are one, or one is a part of the other."""
    return is_within(place, other) or is_part(other, place)


def prefixes(place: str) -> Iterator[tuple[str, str]]:
    """A place cut in two wherever one of its parts ends, the longest beginning first."""
    yield place, ""
    for end in range(len(place) - 1, 0, -1):
        if place[end] in ".[" and place.count("[", 0, end) == place.count("]", 0, end):
            yield place[:end], place[end:]


def split_attribute(rest: str) -> tuple[str, str]:
    """The first attribute of what follows a dot, and what comes after it."""
    for end, character in enumerate(rest):
        if character in ".[":
            return rest[:end], rest[end:]
    return rest, ""


def element_place(expr: Expr, rest: str) -> str | None:
    """The place of what a display that is passed holds under a key or index."""
    key, more = split_index(rest)
    if key is None:
        return None
    match expr:
        case Sequence(items=items):
            counted = takewhile(lambda item: not isinstance(item, Starred), items)
            found = {repr(index): item for index, item in enumerate(counted)}
        case Mapping(items=pairs):
            found = {repr(k.value): v for k, v in pairs if isinstance(k, Const)}
        case _:
            return None
    place = place_of(found[key]) if key in found else None
    return None if place is None else f"{place}{more}"


def split_index(rest: str) -> tuple[str | None, str]:
    """The index at the beginning of what follows a place, and what comes after it."""
    end = rest.find("]")
    return (rest[1:end], rest[end + 1 :]) if rest.startswith("[") and end > 0 else (None, rest)
