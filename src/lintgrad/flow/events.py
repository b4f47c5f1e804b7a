"""The event types: what a training step does, in the order it is evaluated.

An event names places (access paths such as `self.optimizer`), never objects; which optimizer an
event concerns is decided against the places and owners in the flow graph it stands in.
"""

from dataclasses import dataclass

from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Call, Expr


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
    """Gradients of a loss are added to `.grad`; the gradient is what `backward` was passed.

    A function of torch takes several losses, the method of a tensor only that tensor.
    """

    span: Span
    loss: Expr | None
    gradient: Expr | None = None
    scaled: bool = False
    takes_several: bool = False


@dataclass(frozen=True, slots=True)
class Differentiate:
    """`torch.autograd.grad`: gradients of the outputs are returned, `.grad` stays as it is."""

    span: Span
    outputs: Expr
    gradient: Expr | None


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
    """Places get a new value; None if it is not known to be anything in particular.

    Where a statement says it, the target is what is written, and the source what it is made of:
    a tuple of names and a call, for instance.
    """

    span: Span
    places: tuple[str, ...]
    value: Expr | None
    target: Expr | None = None
    source: Expr | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A method changes what a place holds in place: `losses.append(x)`, `w.requires_grad_()`."""

    span: Span
    place: str
    call: Call


@dataclass(frozen=True, slots=True)
class Rebind:
    """Places stand for something else from here on, of which nothing is known."""

    span: Span
    places: tuple[str, ...]


Event = (
    Backward
    | Differentiate
    | Step
    | ZeroGrad
    | GradAssign
    | Build
    | Called
    | Escape
    | MayBackward
    | NamedOnly
    | Assign
    | Change
    | Rebind
)

GRADIENT_EVENTS = (Backward, Step, ZeroGrad, GradAssign, Called)
"""The events that a guard is worth deciding for."""
