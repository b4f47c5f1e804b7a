"""Abstract values: how many dimensions a tensor has, and what graph it hangs on."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from math import prod
from types import EllipsisType

from lintgrad.source.text import Span

Constant = int | float | complex | str | bytes | bool | EllipsisType | None


class Kind(Enum):
    """What kind of value an expression has."""

    UNKNOWN = auto()
    PICKED = auto()
    """An element of something unknown: as likely 0-dim as not."""
    NUMBER = auto()
    """A Python number: no tensor, and no dimensions."""
    CONSTANT = auto()
    """A string, None or an ellipsis."""
    TENSOR = auto()
    """A tensor of a known number of dimensions."""
    AT_LEAST = auto()
    """A tensor whose last sizes are known, and not how many there are before them."""
    DIMENSIONED = auto()
    """A tensor of at least one dimension, with one value an example."""
    ITEMS = auto()
    """A list or tuple of values; with names a dict, or an object with attributes."""
    MANY = auto()
    """A collection of values of one kind, however many."""
    LOSS = auto()
    """A loss module: calling it makes a loss."""
    LAYER = auto()
    """A layer: calling it makes a tensor with the given last sizes."""


class Link(Enum):
    """How a value hangs on a graph that a backward goes through."""

    ANY = auto()
    """Not known, nor whether it is a tensor."""
    MAYBE = auto()
    """A tensor that may hang on a graph or not."""
    KEPT = auto()
    """It requires grad, for all that is seen."""
    NONE = auto()
    """Data: nothing in it was ever meant to get a gradient."""
    CUT = auto()
    """It was computed from something that may have had a graph, and was cut off."""
    UNRECORDED = auto()
    """A torch function made it while no gradients were recorded."""
    PERHAPS_UNRECORDED = auto()
    """A function that cannot be seen made it while no gradients were recorded."""
    NEW_LEAF = auto()
    """It was cut off its graph and then made to require grad: a leaf that nobody trains."""
    NAMED_LEAF = auto()
    """The same with a name: its gradient may be what is wanted."""


WITHOUT_GRAPH = frozenset(
    {
        Link.NONE,
        Link.CUT,
        Link.UNRECORDED,
        Link.PERHAPS_UNRECORDED,
        Link.NEW_LEAF,
        Link.NAMED_LEAF,
    }
)
"""Links of values through which no gradient gets to a parameter."""


@dataclass(frozen=True, slots=True)
class Value:
    """One abstract value. Sizes of a tensor are None where they are not known.

    `names` are the keys or attributes of the items; `name` is a loss's or a layer's own, and
    `reduction` that of a loss; `cut` is where the value lost its graph. A mask is the result of a
    comparison. A number that is not known is more than `above`, if that is said.
    """

    kind: Kind
    sizes: tuple[int | None, ...] = ()
    items: tuple["Value", ...] = ()
    names: tuple[str, ...] = ()
    name: str = ""
    reduction: str = ""
    constant: Constant = None
    is_mask: bool = False
    above: int | None = None
    link: Link = Link.ANY
    cut: Span | None = None

    @property
    def has_dimensions(self) -> bool:
        """Whether this is a tensor of at least one dimension."""
        return self.kind is Kind.DIMENSIONED or (
            self.kind in (Kind.TENSOR, Kind.AT_LEAST) and bool(self.sizes)
        )

    @property
    def is_scalar(self) -> bool:
        """Whether this has no dimensions: a 0-dim tensor or a number."""
        return self.kind is Kind.NUMBER or (self.kind is Kind.TENSOR and not self.sizes)

    @property
    def is_tensor(self) -> bool:
        """Whether this is known to be a tensor."""
        return self.kind in (Kind.TENSOR, Kind.AT_LEAST, Kind.DIMENSIONED)

    @property
    def is_collection(self) -> bool:
        """Whether this holds other values."""
        return self.kind in (Kind.ITEMS, Kind.MANY)

    @property
    def count(self) -> int | None:
        """The number of elements of a tensor, None if it is not known."""
        if self.kind is not Kind.TENSOR or None in self.sizes:
            return None
        return prod(size for size in self.sizes if size is not None)

    @property
    def needs_gradient(self) -> bool:
        """Whether `backward()` on this without a gradient raises.

        torch 2.13 accepts exactly the tensors of one element, so a size that is not known says
        nothing; what is only known to have dimensions holds one value an example.
        """
        if self.kind is Kind.DIMENSIONED:
            return True
        sizes = [size for size in self.sizes if size is not None]
        return self.is_tensor and any(size != 1 for size in sizes)

    @property
    def whole(self) -> int | None:
        """The whole number that this is, if it is one and known."""
        is_whole = self.kind is Kind.NUMBER and isinstance(self.constant, int)
        return int(self.constant) if is_whole and isinstance(self.constant, int) else None

    @property
    def text(self) -> str | None:
        """The string that this is, if it is one."""
        return self.constant if isinstance(self.constant, str) else None

    @property
    def is_none(self) -> bool:
        """Whether this is None."""
        return self.kind is Kind.CONSTANT and self.constant is None

    def linked(self, link: Link, cut: Span | None = None) -> "Value":
        """The same value, hanging on a graph in another way; so do the items it has."""
        if self.kind in (Kind.CONSTANT, Kind.LOSS, Kind.LAYER):
            return self
        items = tuple(item.linked(link, cut) for item in self.items)
        return replace(self, items=items, link=link, cut=cut)

    @property
    def rank(self) -> "Value":
        """The number of dimensions."""
        if self.kind is Kind.TENSOR:
            return number(len(self.sizes))
        above = max(len(self.sizes), 1) - 1
        return Value(Kind.NUMBER, link=Link.NONE, above=above if self.has_dimensions else None)

    @property
    def shape(self) -> "Value":
        """The sizes, as `shape` and `size()` give them."""
        if self.kind is Kind.TENSOR:
            return items(*map(number, self.sizes))
        return replace(many(NUMBER), above=self.rank.above)

    def item(self, name: str) -> "Value | None":
        """The item of that name: a dict's or an object's."""
        return self.items[self.names.index(name)] if name in self.names else None


UNKNOWN = Value(Kind.UNKNOWN)
PICKED = Value(Kind.PICKED)
NUMBER = Value(Kind.NUMBER, link=Link.NONE)
SCALAR = Value(Kind.TENSOR)
DIMENSIONED = Value(Kind.DIMENSIONED)


def tensor(*sizes: int | None) -> Value:
    """A tensor of the given sizes."""
    return Value(Kind.TENSOR, sizes)


def at_least(*sizes: int | None) -> Value:
    """A tensor whose last sizes are these; unknown if there are none."""
    return Value(Kind.AT_LEAST, sizes) if sizes else UNKNOWN


def items(*values: Value) -> Value:
    """A list or tuple of values."""
    return Value(Kind.ITEMS, items=values)


def named(pairs: dict[str, Value]) -> Value:
    """A dict with the keys that are written down, or an object with attributes."""
    return Value(Kind.ITEMS, items=tuple(pairs.values()), names=tuple(pairs))


def number(known: int | None) -> Value:
    """A whole number that may be known."""
    return Value(Kind.NUMBER, constant=known, link=Link.NONE)


def many(value: Value) -> Value:
    """A collection of such values."""
    return Value(Kind.MANY, items=(value,))


def constant(value: Constant) -> Value:
    """What a literal stands for."""
    if isinstance(value, int | float | complex):
        return Value(Kind.NUMBER, constant=value, link=Link.NONE)
    return Value(Kind.CONSTANT, constant=value, link=Link.NONE)
