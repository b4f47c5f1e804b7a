"""What an optimizer of a caller is called in a graph that it calls."""

import re
from collections.abc import Iterator
from dataclasses import replace

from lintgrad.flow.graph import FlowGraph, Link
from lintgrad.flow.names.place_parts import has_constant_index, is_within
from lintgrad.flow.places.optimizer import Optimizer

_OUT_OF_SIGHT = "^"
"""Begins the names of places that a called graph has no name for."""


def seen_inside(called: FlowGraph, link: Link, optimizer: Optimizer) -> Optimizer:
    """An optimizer as a graph that is called by way of a link sees it."""
    names = [q for q, outer in link.outside if outer == optimizer.place and q in called.optimizers]
    place = names[0] if names else _inside(link, optimizer.place)
    known = called.optimizers.get(place)
    owners = optimizer.owners
    if owners.places:
        owners = replace(
            owners,
            places=frozenset(_inside(link, p) for p in owners.places),
            related=frozenset(_inside(link, p) for p in owners.related)
            | frozenset(_other_names(link, owners.places)),
        )
    elif known is not None:
        owners = known.owners
    escaped = optimizer.escaped or len(names) > 1 or (known is not None and known.escaped)
    in_sight = names and not any(p.startswith(_OUT_OF_SIGHT) for p in owners.places)
    suspects = frozenset() if in_sight else link.strangers
    others = frozenset(
        inner
        for inner, outer in link.outside
        if inner in called.optimizers and outer != optimizer.place and is_another(outer, optimizer)
    )
    return Optimizer(place, optimizer.basis, owners, escaped, suspects, others)


def is_another(place: str, optimizer: Optimizer) -> bool:
    """Whether a place is sure to hold another optimizer, after all aliases were followed.

    Of two plain names it is, and of two attributes of one object; an attribute and a plain name,
    or parts of different containers, may be one thing that was put there out of sight, and an
    element whose index is a variable may be any.
    """
    if place in optimizer.others:
        return True
    both = (place, optimizer.place)
    if any(p.endswith("]") and not has_constant_index(p) for p in both):
        return False
    return _PART.split(place)[:-1] == _PART.split(optimizer.place)[:-1]


_PART = re.compile(r"[.\[]")


def _other_names(link: Link, places: frozenset[str]) -> Iterator[str]:
    """What the called graph calls some places, too, where one thing has several names in it."""
    for inner, outer in link.outside:
        if outer in places and inner != _inside(link, outer):
            yield inner


def _inside(link: Link, place: str) -> str:
    if place.startswith(_OUT_OF_SIGHT):
        return place
    best: tuple[int, str] | None = None
    for inner, outer in link.outside:
        if is_within(place, outer):
            named = f"{inner}{place[len(outer) :]}"
            if best is None or len(outer) > best[0]:
                best = (len(outer), named)
    return f"{_OUT_OF_SIGHT}{place}" if best is None else best[1]
