"""The order in which Python looks through a class and its bases."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

Bases = Callable[[T], Iterable[T]]


def resolution_order(one: T, bases: Bases[T]) -> list[T]:
    """A class and all it derives from, in the order in which methods are looked for.

    That is C3 (https://docs.python.org/3/howto/mro.html). Where there is no such order, or a class
    derives from itself, Python would not make the class: then nearer ones come first.
    """
    found = _linearized(one, bases, ())
    return _nearest_first(one, bases) if found is None else found


def _linearized(one: T, bases: Bases[T], below: tuple[T, ...]) -> list[T] | None:
    if one in below:
        return None
    direct = list(dict.fromkeys(bases(one)))
    lines = [_linearized(base, bases, (*below, one)) for base in direct]
    merged = _merged([line for line in lines if line is not None] + [direct])
    return None if None in lines or merged is None else [one, *merged]


def _merged(lines: list[list[T]]) -> list[T] | None:
    """The lines made one in which each keeps its order; None if they contradict each other."""
    found: list[T] = []
    while lines := [line for line in lines if line]:
        later = [one for line in lines for one in line[1:]]
        following = next((line[0] for line in lines if line[0] not in later), None)
        if following is None:
            return None
        found.append(following)
        lines = [line[1:] if line[0] == following else line for line in lines]
    return found


def _nearest_first(one: T, bases: Bases[T]) -> list[T]:
    found = [one]
    for each in found:  # grows while it is read
        found += dict.fromkeys(base for base in bases(each) if base not in found)
    return found
