"""The event types: what a training step does, in the order it is evaluated.

An event names places (access paths such as `self.optimizer`), never objects; which optimizer an
event concerns is decided against the places and owners in the flow graph it stands in.
"""

from dataclasses import dataclass

from lintgrad.flow.evidence import Basis
from lintgrad.flow.slip import Slip
from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Expr


@dataclass(frozen=True, slots=True)
class Owners:
    """The modules and leaves whose parameters an expression holds.

    Complete if the whole expression was understood; related are places that share something
    with the owners in a way that was not (a wrapper around them, a part of them). Whole if none
    of the owners' parameters is left out.
    """

    places: frozenset[str] = frozenset()
    complete: bool = False
    related: frozenset[str] = frozenset()
    whole: bool = True


UNKNOWN_OWNERS = Owners()


@dataclass(frozen=True, slots=True)
class Backward:
    """Gradients of a loss are added to `.grad`; the gradient is what `backward` was passed."""

    span: Span
    loss: Expr | None
    gradient: Expr | None = None
    scaled: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """An optimizer applies the gradients of its parameters."""

    span: Span
    optimizer: str


@dataclass(frozen=True, slots=True)
class ZeroGrad:
    """Gradients are cleared: an optimizer's, or those of some owners' parameters.

    `text` is how the code spells what is cleared.
    """

    span: Span
    text: str
    optimizer: str | None = None
    owners: Owners = UNKNOWN_OWNERS


@dataclass(frozen=True, slots=True)
class GradAssign:
    """`p.grad = value`: what the owners' gradients held before is replaced."""

    span: Span
    owners: Owners


@dataclass(frozen=True, slots=True)
class Build:
    """An optimizer is built; fresh if its parameters are new each time this is reached."""

    span: Span
    optimizer: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Called:
    """A function of the project runs; the number is that of its graph in the program."""

    span: Span
    callee: int


@dataclass(frozen=True, slots=True)
class Escape:
    """Something that is not understood may clear, step or run backward.

    It concerns the optimizers at the given places and below them, or all of them if None.
    """

    span: Span
    places: frozenset[str] | None
    reason: str


@dataclass(frozen=True, slots=True)
class MayBackward:
    """A function that cannot be seen is handed a module: it may run a backward of its own."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class NamedOnly:
    """`optimizer.zero_grad` without a call: nothing happens."""

    span: Span
    optimizer: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Places get a new value; None if it is not known to be anything in particular."""

    span: Span
    places: tuple[str, ...]
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Rebind:
    """Places stand for something else from here on, of which nothing is known."""

    span: Span
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slipped:
    """A statement that does not do what it looks like, whatever state it is reached in.

    Subject is the place or the code that it is about, instead what would do it.
    """

    span: Span
    slip: Slip
    subject: str
    basis: Basis
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Exhaustible:
    """A place that holds a generator, and the expressions that make it anew.

    If `emptied` is a span, the object was made with what is there consumed already.
    """

    place: str
    made: tuple[Expr, ...]
    basis: Basis
    emptied: Span | None = None


@dataclass(frozen=True, slots=True)
class Consumed:
    """Something runs through a generator; by what, or None if it may or may not."""

    span: Span
    subject: Exhaustible
    by: str | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name that holds a leaf: the expressions that make it one, and those that lose it."""

    place: str
    made: tuple[Expr, ...]
    lost: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class GradRead:
    """`w.grad` is read of what a name holds that was a leaf when it was made."""

    span: Span
    subject: Leaf


@dataclass(frozen=True, slots=True)
class LeafRenewed:
    """What a name holds may be made a leaf in place: `w.detach_()`, `w.requires_grad_()`."""

    span: Span
    subject: Leaf


@dataclass(frozen=True, slots=True)
class Graph:
    """A name whose value hangs on a graph: the expressions that make it anew."""

    place: str
    made: tuple[Expr, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class GraphUsed:
    """A backward runs through a graph, and frees it, keeps it, or may do either (None)."""

    span: Span
    subject: Graph
    frees: bool | None


Event = (
    Backward
    | Step
    | ZeroGrad
    | GradAssign
    | Build
    | Called
    | Escape
    | MayBackward
    | NamedOnly
    | Assign
    | Rebind
    | Slipped
    | Consumed
    | GradRead
    | LeafRenewed
    | GraphUsed
)

GRADIENT_EVENTS = (Backward, Step, ZeroGrad, GradAssign, Called)
"""The events that a guard is worth deciding for."""
