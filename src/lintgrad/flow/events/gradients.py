"""What happens to gradients: added, applied, cleared, replaced."""

from dataclasses import dataclass

from lintgrad.flow.events.reach import Reach
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
    takes_several: bool = False
    """Whether it is a function of torch, which takes several losses, and no tensor's method."""


@dataclass(frozen=True, slots=True)
class Differentiate:
    """`torch.autograd.grad`: gradients of the outputs are returned, `.grad` stays as it is."""

    span: Span
    outputs: Expr
    gradient: Expr | None


@dataclass(frozen=True, slots=True)
class Step:
    """An optimizer applies the gradients of its parameters, by way of a scaler if there is one."""

    span: Span
    optimizer: str
    scaler: Scaler | None = None


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
class Restore:
    """A module is given parameters from before: what a step has done to it is taken back.

    Its own if they are not those of another module, as far as that shows.
    """

    span: Span
    module: str
    own: bool


@dataclass(frozen=True, slots=True)
class Build:
    """An optimizer is built; fresh if its parameters are new each time this is reached.

    It forgets if the parameters are those of the last time, and what was learned of them is lost.
    """

    span: Span
    optimizer: str
    fresh: bool
    forgets: bool = False
    by_call: Span | None = None
    """The call in a loop for which it is built, to take a single step."""
