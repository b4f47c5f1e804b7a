"""Places taken apart: `a.b[0].c` into what it begins with and the rest."""

from collections.abc import Iterator

from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Const, Expr, Mapping, Sequence


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
            found = {repr(index): item for index, item in enumerate(items)}
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
