"""What becomes of leaves, graphs and generators; and statements that do nothing."""

from dataclasses import dataclass

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Expr


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

    @property
    def method(self) -> str:
        """The name of the method that would do it."""
        return self.instead.removesuffix("()").rpartition(".")[2]


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
    """A name that holds a leaf: the expressions that make it one, and those that lose it.

    One that is passed is a leaf when the function is entered.
    """

    place: str
    made: tuple[Expr, ...]
    lost: tuple[Expr, ...]
    passed: bool = False


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
    """A name whose value hangs on a graph: the expressions that make it anew.

    Others add to what it was: those hang on the old graph, too. Empty are those without a graph.
    One that is passed is whole when the function is entered.
    """

    place: str
    made: tuple[Expr, ...]
    basis: Basis
    added: tuple[Expr, ...] = ()
    empty: tuple[Expr, ...] = ()
    passed: bool = False


@dataclass(frozen=True, slots=True)
class GraphUsed:
    """A backward runs through a graph, and frees it, keeps it, or may do either (None)."""

    span: Span
    subject: Graph
    frees: bool | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A name whose graph has saved the weights of a module: the expressions that make it anew.

    Steppers are the optimizers that change the weights in place. Others add to what the name was,
    and keep what that has saved; empty are those without a graph.
    """

    place: str
    made: tuple[Expr, ...]
    module: str
    steppers: frozenset[str]
    basis: Basis
    added: tuple[Expr, ...] = ()
    empty: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightsUsed:
    """A backward needs the weights as they were when they were saved."""

    span: Span
    subject: Saved
