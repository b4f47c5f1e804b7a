"""The event types: what a training step does, in the order it is evaluated.

An event names places (access paths such as `self.optimizer`), never objects; which optimizer an
event concerns is decided against the places and owners in the flow graph it stands in.
"""

from dataclasses import dataclass
from enum import Enum, auto

from lintgrad.flow.reach import Reach
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
class Scaler:
    """A gradient scaler; certain if it was seen to be built, and not with a switch."""

    place: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Backward:
    """Gradients of a loss are added to `.grad`; the gradient is what `backward` was passed.

    Scaled if the loss was multiplied by a scaler first; None if that is not known. What it
    reaches is worked out only in functions that step several optimizers.
    """

    span: Span
    loss: Expr | None
    gradient: Expr | None = None
    scaled: bool | None = False
    scaler: Scaler | None = None
    reaches: Reach | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An optimizer applies the gradients of its parameters, by way of a scaler if there is one."""

    span: Span
    optimizer: str
    scaler: Scaler | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """Gradients that are too large are made smaller: an optimizer's, or some owners'.

    Read if what it returns, the norm from before, is used.
    """

    span: Span
    optimizer: str | None = None
    owners: Owners = UNKNOWN_OWNERS
    read: bool = False


@dataclass(frozen=True, slots=True)
class Unscale:
    """A scaler divides the gradients of an optimizer, of an unknown one if None."""

    span: Span
    optimizer: str | None
    scaler: Scaler


@dataclass(frozen=True, slots=True)
class ScalerUpdate:
    """A scaler chooses its next factor, or is given it, and forgets which optimizers it stepped."""

    span: Span
    scaler: Scaler
    given: bool = False


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
    """An optimizer is built; fresh if its parameters are new each time this is reached.

    It forgets if the parameters are those of the last time, and what was learned of them is lost.
    """

    span: Span
    optimizer: str
    fresh: bool
    forgets: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """A function of the project runs; the number is that of its graph in the program."""

    span: Span
    callee: int


@dataclass(frozen=True, slots=True)
class Escape:
    """Something that is not understood may clear, step or run backward.

    It concerns the optimizers at the given places and below them, or all of them if None. Unseen
    if it is a function that cannot be seen, and may just as well have nothing to do with them.
    """

    span: Span
    places: frozenset[str] | None
    reason: str
    unseen: bool = False


class Doubt(Enum):
    """What a call that cannot be seen is likely to be."""

    FORWARD = auto()
    """A forward pass: a module or a loss function is called."""
    GLANCE = auto()
    """Nothing that has gradients, steps or scales is handed to it, as far as that shows."""
    OPEN = auto()
    """Anything."""


@dataclass(frozen=True, slots=True)
class MayBackward:
    """A function that cannot be seen is called: it may run a backward of its own."""

    span: Span
    reason: str
    doubt: Doubt = Doubt.OPEN


@dataclass(frozen=True, slots=True)
class NamedOnly:
    """`optimizer.zero_grad` without a call: nothing happens."""

    span: Span
    optimizer: str


@dataclass(frozen=True, slots=True)
class SchedulerStep:
    """A scheduler moves the learning rate of an optimizer on; None if that one is not known.

    Kinds are the dotted names of the classes it may be of; bare if it is called with nothing.
    """

    span: Span
    scheduler: str
    optimizer: str | None
    kinds: frozenset[str]
    bare: bool


@dataclass(frozen=True, slots=True)
class SchedulerBuild:
    """A scheduler is built on an optimizer, which has no other name in the function."""

    span: Span
    scheduler: str
    optimizer: str


@dataclass(frozen=True, slots=True)
class Replace:
    """A module, a layer or a parameter is replaced by one with parameters of its own.

    `text` is how the code spells the place.
    """

    span: Span
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Unheld:
    """An optimizer is stepped that was built on a module, without what the module hides from it.

    The span is that of the construction, `part` is the module's attribute, bound at `made`.
    """

    span: Span
    optimizer: str
    owner: str
    part: str
    made: Span


class Given(Enum):
    """What a step is called with."""

    NOTHING = auto()
    FUNCTION = auto()
    RESULT = auto()
    """The loss that a function of the project returned when it was called right there."""
    TENSOR = auto()


@dataclass(frozen=True, slots=True)
class StepCall:
    """The step of an optimizer of a class of torch's own is called with something or nothing.

    A function that it is called with is idle if it is sure to run no backward.
    """

    span: Span
    optimizer: str
    kind: str
    given: Given
    returns: bool = True
    idle: bool = False
    clears: bool = False


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
    | SchedulerStep
    | SchedulerBuild
    | StepCall
    | Replace
    | Unheld
    | Assign
    | Rebind
    | Clip
    | Unscale
    | ScalerUpdate
)

GRADIENT_EVENTS = (Backward, Step, ZeroGrad, GradAssign, Called, Clip, Unscale, ScalerUpdate)
"""The events that a guard is worth deciding for."""

LEAVES_GRADIENTS = (
    Clip,
    MayBackward,
    Replace,
    ScalerUpdate,
    SchedulerBuild,
    SchedulerStep,
    StepCall,
    Unheld,
    Unscale,
)
"""The events that change no gradients themselves."""
