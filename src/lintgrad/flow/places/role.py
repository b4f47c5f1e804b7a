"""What a place can hold, and what the evidence for it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.syntax.nodes import Call


class Role(Enum):
    """What kind of thing a place holds, as far as gradients care."""

    OPTIMIZER = auto()
    SCALER = auto()
    SCHEDULER = auto()
    ENGINE = auto()
    """Runs backward on what it is given and does nothing else to gradients."""
    OWN_OBJECT = auto()
    """An object of a class in this file that is no torch optimizer."""
    COLLECTION = auto()
    """A list, tuple or dict of optimizers."""


@dataclass(frozen=True, slots=True)
class Found:
    """A role with its basis; the call that builds the thing and its class, if in sight."""

    role: Role
    basis: Basis
    build: Call | None = None
    scope: Scope | None = None
    own: ClassScope | None = None
    kind: str = ""
    """What the rows of frameworks call it, if they know it."""


def strongest(found: Iterable[Found | None]) -> Found | None:
    """The best of several answers about one place, None if they contradict each other."""
    known = [f for f in found if f is not None]
    if len({f.role for f in known}) > 1:
        return None  # sometimes an optimizer, sometimes not: nothing to rely on
    builds = [f for f in known if f.build is not None]
    best = max(known, key=lambda f: f.basis, default=None)
    kind = next((f.kind for f in known if f.kind), "")
    if best is not None and len(builds) == 1:
        return replace(builds[0], basis=best.basis, kind=kind)
    return None if best is None else Found(best.role, best.basis, own=best.own, kind=kind)


def collection_of(found: Found | None) -> Found | None:
    """The role of a collection of such things."""
    if found is None or found.role not in (Role.OPTIMIZER, Role.COLLECTION):
        return None
    return Found(Role.COLLECTION, found.basis)


def element_of(found: Found | None) -> Found | None:
    """The role of an element of such a collection."""
    if found is None or found.role is not Role.COLLECTION:
        return None
    return Found(Role.OPTIMIZER, found.basis)
