"""One function lowered: blocks of events, joined by jumps, branches, loops and calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lintgrad.flow.events import GRADIENT_EVENTS, Escape, Event
from lintgrad.flow.meaning import Meaning
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Expr


@dataclass(frozen=True, slots=True)
class Goto:
    """Control goes on in one block."""

    target: int


@dataclass(frozen=True, slots=True)
class LoopTest:
    """A test belongs to a `while` loop, which ends in the block `done`."""

    loop: int
    done: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Control depends on a test; without one, on whether something raises or matches.

    The key is the test's text, so that the same test met twice can be decided once; it is None
    for a test that may answer differently each time. Mentions are the places the test reads.
    """

    test: Expr | None
    key: str | None
    mentions: frozenset[str]
    if_true: int
    if_false: int
    span: Span
    loop: LoopTest | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """The head of a loop: its body runs again, or the loop is done."""

    loop: int
    body: int
    done: int | None


@dataclass(frozen=True, slots=True)
class Stop:
    """The function ends; it raises, or the whole program does, if it does not just return."""

    raises: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """How the places of a caller and of what it calls go together.

    Outside are the places of the called function with what the caller calls them; passed are
    its parameters with the caller's expressions; lost are the places of the caller that it gives
    new values. Strangers are its optimizers that may be any of the caller's. Flags are the
    parameters that it asks for their truth, with the caller's key of the same question.
    """

    outside: tuple[tuple[str, str], ...] = ()
    passed: tuple[tuple[str, Expr], ...] = ()
    strangers: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Another graph of the program is gone through before control goes on in one block."""

    span: Span
    callee: int
    target: int
    lost: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...] = ()
    """What loop variables stand for at the call."""
    link: Link = Link()


Exit = Goto | Branch | Repeat | Stop | Call


def targets_of(exit_: Exit) -> tuple[int, ...]:
    """The blocks that control may go on in."""
    match exit_:
        case Goto() | Call():
            return (exit_.target,)
        case Branch():
            return (exit_.if_true, exit_.if_false)
        case Repeat():
            return (exit_.body,) if exit_.done is None else (exit_.body, exit_.done)
    return ()


def reachable(graphs: "Sequence[FlowGraph] | Mapping[int, FlowGraph]", number: int) -> list[int]:
    """The numbers of a graph and of those it calls, directly or not."""
    found = [number]
    for at in found:  # grows while it is read
        exits = (block.exit for block in graphs[at].blocks)
        found += dict.fromkeys(
            e.callee for e in exits if isinstance(e, Call) and e.callee not in found
        )
    return found


def has_gradient_events(graphs: "Sequence[FlowGraph]", number: int) -> bool:
    """Whether a graph, or one that it calls, does anything to gradients that is in sight."""
    return any(
        isinstance(event, GRADIENT_EVENTS) or (isinstance(event, Escape) and not event.unseen)
        for reached in reachable(graphs, number)
        for block in graphs[reached].blocks
        for event in block.events
    )


@dataclass(frozen=True, slots=True)
class Enter:
    """A loop is entered anew."""

    loop: int


@dataclass(frozen=True, slots=True)
class Leave:
    """A loop is over."""

    loop: int


@dataclass(frozen=True, slots=True)
class Block:
    """Events in evaluation order, where control goes after them, and the loops around them.

    Loops are numbered as in the graph, the outermost first.
    """

    events: tuple[Event | Enter | Leave, ...]
    exit: Exit
    loops: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """A name that holds `start + step * i` in a loop's i-th iteration, i counted from 0."""

    place: str
    start: Expr | None
    step: int


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop: its header, its counters, and how often it runs if that is written down.

    Drawn is what a `for` gives its elements to, and what it takes them from.
    """

    span: Span
    counters: tuple[Counter, ...]
    length: Expr | None
    targets: tuple[str, ...]
    drawn: tuple[Expr, Expr] | None = None


@dataclass(frozen=True, slots=True)
class Guards:
    """What it takes to decide the function's guards by counting.

    Tracked places are worth remembering the value of; stand-ins are numbers for window lengths
    that are not written down; every loop that is counted runs `length` times, which is what the
    places in `lasts` stand for. The length suits the moduli and limits that guards count to.
    """

    tracked: frozenset[str] = frozenset()
    stand_ins: Mapping[str, int] = field(default_factory=dict)
    lasts: frozenset[str] = frozenset()
    moduli: frozenset[int] = frozenset()
    limits: frozenset[int] = frozenset()
    length: int = 2
    measured: bool = False
    """Whether a graph that is counted together with this one asks for the length of something."""
    remembered: frozenset[str] = frozenset()
    starts: Mapping[str, Expr] = field(default_factory=dict)
    """What tracked places of an object hold when it is made."""
    entered: Mapping[str, Expr] = field(default_factory=dict)
    """What places that a framework counts hold where nothing says what they hold."""
    divisors: tuple[Expr, ...] = ()
    """What the framework divides every loss by before it runs backward, as it may be spelled."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was not understood, and why it matters."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """One function or module body; the first block is the entry."""

    name: str
    span: Span
    blocks: tuple[Block, ...]
    loops: tuple[Loop, ...]
    optimizers: Mapping[str, Optimizer]
    guards: Guards
    notes: tuple[Note, ...] = ()
    meaning: Meaning | None = None
    """What its names and calls refer to."""
    again: frozenset[str] = frozenset()
    """Optimizers that the next call of the function finds as the last one left them."""
    unstepped: frozenset[str] = frozenset()
    """Optimizers that it builds and that nothing in sight ever steps."""
