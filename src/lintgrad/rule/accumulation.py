"""What there is to say of accumulation windows: whole ones, spoilt ones, and what is left over."""

from dataclasses import dataclass

from lintgrad.dataflow.contexts import LoopAround
from lintgrad.dataflow.witness import Passed
from lintgrad.flow.events import Backward, Event, ZeroGrad
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.finding import Confidence, confidence_by
from lintgrad.source.text import Span


@dataclass(frozen=True)
class Accumulation:
    """A window of micro-batches: the backward that fills it, and the step that ends it.

    The trail is one path to the step; around are the loops that the step is in, the innermost of
    which takes one micro-batch a round.
    """

    subject: Optimizer
    """The optimizer as the function calls it that is looked at."""
    optimizer: Optimizer
    backward: Backward
    step: Event
    trail: tuple[Passed, ...]
    around: tuple[LoopAround, ...]
    again: bool = False
    """Whether its rounds are calls of the function, which nobody in sight calls."""

    @property
    def confidence(self) -> Confidence:
        """What the basis for the optimizer allows: a window is certain, or none."""
        by_basis = confidence_by(self.optimizer.basis)
        return min(by_basis, Confidence.MEDIUM) if self.again else by_basis


@dataclass(frozen=True)
class Spoilt:
    """A window whose first micro-batches are cleared, every time, before the step applies the rest.

    Lone if each micro-batch is cleared by itself; framed if a framework counts them.
    """

    window: Accumulation
    clear: ZeroGrad
    lone: bool
    framed: bool


@dataclass(frozen=True)
class Rest:
    """Micro-batches that are left when the loop of a window ends, and that no step applies in time.

    Something may clear them after the loop. Otherwise they are there when the loop begins anew, or
    when the function ends.
    """

    window: Accumulation
    clear: ZeroGrad | None
    leaks: bool = False
    """Whether they are applied with the first window when the loop begins anew."""
    missed: Span | None = None
    """Where a step is meant for them that does not come to run."""


@dataclass(frozen=True)
class Windows:
    """The accumulation windows of a function: whole ones, spoilt ones, and what is left over."""

    whole: tuple[Accumulation, ...] = ()
    spoilt: tuple[Spoilt, ...] = ()
    rests: tuple[Rest, ...] = ()
