"""What a typestate is: states, and what one act does to one state."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Generic, TypeVar

from lintgrad.flow.events import Event
from lintgrad.flow.graph import FlowGraph, Link

State = TypeVar("State", bound=Hashable)
Act = TypeVar("Act", bound=Enum)
Subject = TypeVar("Subject")


class Certainty(IntEnum):
    """How many of the possible states are bad: none, some or all of them."""

    NEVER = 0
    MAYBE = 1
    ALWAYS = 2


@dataclass(frozen=True, slots=True)
class Typestate(Generic[State, Act, Subject]):
    """A state that events change, for one subject such as an optimizer.

    `act` says what an event does to the subject, None if nothing; `after` says what state an act
    leads to. The solver maps both over sets of states, so that joining is union. `inside` says
    what a graph that is called by way of a link calls the subject.
    """

    name: str
    start: State
    act: Callable[[Event, Subject], Act | None]
    after: Callable[[State, Act], State]
    inside: Callable[[FlowGraph, Link, Subject], Subject]


def certainty(states: set[State] | frozenset[State], bad: Callable[[State], bool]) -> Certainty:
    """How certain it is that a state is bad, given the possible ones."""
    found = sum(map(bad, states))
    if not found:
        return Certainty.NEVER
    return Certainty.ALWAYS if found == len(states) else Certainty.MAYBE
