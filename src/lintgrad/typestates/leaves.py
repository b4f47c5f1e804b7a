"""Whether a name still holds the leaf that it was given."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Assign, Event, GradRead, Leaf, LeafRenewed
from lintgrad.flow.graph import FlowGraph, Link


class Holds(Enum):
    """What a name holds."""

    UNKNOWN = auto()
    LEAF = auto()
    RESULT = auto()
    """What was computed from the leaf: it has no gradient of its own."""


class LeafAct(Enum):
    """What an event does to the name of a leaf."""

    MAKE = auto()
    REBIND = auto()
    READ = auto()
    LOSE = auto()


def is_result(holds: Holds) -> bool:
    """Whether a name's `.grad` is None, whatever backward ran."""
    return holds is Holds.RESULT


def act(event: Event, leaf: Leaf) -> LeafAct | None:
    """What an event does to the name of a leaf, None if nothing."""
    match event:
        case Assign(places=places, value=value) if leaf.place in places:
            if event.changes:
                return None
            if value in leaf.made:
                return LeafAct.MAKE
            return LeafAct.REBIND if value in leaf.lost else LeafAct.LOSE
        case GradRead(subject=other) if other == leaf:
            return LeafAct.READ
        case LeafRenewed(subject=other) if other == leaf:
            return LeafAct.LOSE
    return None


def after(holds: Holds, act_: LeafAct) -> Holds:
    """What a name holds after an act (torch 2.13: arithmetic gives a new tensor, no leaf)."""
    match act_:
        case LeafAct.MAKE:
            return Holds.LEAF
        case LeafAct.REBIND:
            return Holds.UNKNOWN if holds is Holds.UNKNOWN else Holds.RESULT
        case LeafAct.READ:
            return holds
    return Holds.UNKNOWN


def _elsewhere(_: FlowGraph, __: Link, ___: Leaf) -> Leaf:
    """What a called function calls a leaf of its caller: its own events never name it."""
    return Leaf("", (), ())


LEAVES: Typestate[Holds, LeafAct, Leaf] = Typestate("leaves", Holds.UNKNOWN, act, after, _elsewhere)
"""One leaf, of which nothing is known when a function is entered."""
