"""Abstract tensors: how many dimensions a value has, as far as the code shows it."""

from dataclasses import dataclass
from enum import Enum, auto
from itertools import zip_longest
from math import prod


class Kind(Enum):
    """What kind of value an expression has."""

    UNKNOWN = auto()
    PICKED = auto()
    """An element of something unknown: as likely 0-dim as not."""
    NUMBER = auto()
    """A Python number: no tensor, and no dimensions."""
    TENSOR = auto()
    """A tensor of a known number of dimensions."""
    DIMENSIONED = auto()
    """A tensor of at least one dimension."""
    ITEMS = auto()
    """A list or tuple of values."""
    MANY = auto()
    """A collection of values of one kind, however many."""
    CALLABLE = auto()
    """A loss module: calling it makes a loss."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One abstract value. Sizes of a tensor are None where they are not known."""

    kind: Kind
    sizes: tuple[int | None, ...] = ()
    items: tuple["Shape", ...] = ()
    loss: str = ""
    reduction: str = ""

    @property
    def has_dimensions(self) -> bool:
        """Whether this is a tensor of at least one dimension."""
        return self.kind is Kind.DIMENSIONED or (self.kind is Kind.TENSOR and bool(self.sizes))

    @property
    def is_scalar(self) -> bool:
        """Whether this has no dimensions: a 0-dim tensor or a number."""
        return self.kind is Kind.NUMBER or (self.kind is Kind.TENSOR and not self.sizes)

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
        return self.kind is Kind.DIMENSIONED or self.surely_needs_gradient

    @property
    def surely_needs_gradient(self) -> bool:
        """Whether `backward()` without a gradient raises whatever the data."""
        sizes = [size for size in self.sizes if size is not None]
        return self.kind is Kind.TENSOR and any(size != 1 for size in sizes)


UNKNOWN = Shape(Kind.UNKNOWN)
PICKED = Shape(Kind.PICKED)
NUMBER = Shape(Kind.NUMBER)
SCALAR = Shape(Kind.TENSOR)
DIMENSIONED = Shape(Kind.DIMENSIONED)


def tensor(*sizes: int | None) -> Shape:
    """A tensor of the given sizes."""
    return Shape(Kind.TENSOR, sizes)


def items(*values: Shape) -> Shape:
    """A list or tuple of values."""
    return Shape(Kind.ITEMS, items=values)


def many(value: Shape) -> Shape:
    """A collection of such values."""
    return Shape(Kind.MANY, items=(value,))


def broadcast(left: Shape, right: Shape) -> Shape:
    """The shape of an elementwise operation on two values (torch's broadcasting rules)."""
    if Kind.PICKED in (left.kind, right.kind) and (left.is_scalar or right.is_scalar):
        return PICKED
    if left.kind is Kind.NUMBER:
        return right if right.kind in _TENSORS else NUMBER if right.kind is Kind.NUMBER else UNKNOWN
    if right.kind is Kind.NUMBER:
        return left if left.kind in _TENSORS else UNKNOWN
    if left.kind is Kind.TENSOR and right.kind is Kind.TENSOR:
        pairs = list(zip_longest(reversed(left.sizes), reversed(right.sizes), fillvalue=1))
        return tensor(*(_wider(one, other) for one, other in reversed(pairs)))
    if left.has_dimensions or right.has_dimensions:
        return DIMENSIONED
    return UNKNOWN


def _wider(one: int | None, other: int | None) -> int | None:
    if one == 1:
        return other
    if other == 1:
        return one
    return one if other is None else other


def matrix_product(left: Shape, right: Shape) -> Shape:
    """The shape of `left @ right` for tensors of one or two dimensions."""
    if left.kind is not Kind.TENSOR or right.kind is not Kind.TENSOR:
        return UNKNOWN
    ranks = len(left.sizes), len(right.sizes)
    match ranks:
        case (1, 1):
            return SCALAR
        case (2, 1):
            return tensor(left.sizes[0])
        case (1, 2):
            return tensor(right.sizes[1])
        case (2, 2):
            return tensor(left.sizes[0], right.sizes[1])
    return UNKNOWN


def reduced(shape: Shape, dims: tuple[int, ...] | None, *, keep: bool) -> Shape:
    """The shape after a reduction over dims; over all of them if None."""
    if dims is None:
        return UNKNOWN if shape.kind in (Kind.ITEMS, Kind.MANY) else SCALAR
    if shape.kind is Kind.TENSOR:
        rank = len(shape.sizes)
        gone = {dim % rank for dim in dims if rank and -rank <= dim < rank}
        if len(gone) != len(dims):
            return UNKNOWN
        kept = (
            1 if index in gone else size
            for index, size in enumerate(shape.sizes)
            if keep or index not in gone
        )
        return tensor(*kept)
    # Dimension k exists, so there are more than k; one is left if they are not all reduced.
    # Those that are kept hold one element, which is no sign of there being more.
    return DIMENSIONED if max(dims) >= len(dims) else UNKNOWN


def indexed(shape: Shape, index: "Index") -> Shape:
    """The shape of `value[index]` for one index."""
    if shape.kind is Kind.ITEMS and isinstance(index, int):
        known = -len(shape.items) <= index < len(shape.items)
        return shape.items[index] if known else UNKNOWN
    if shape.kind in (Kind.UNKNOWN, Kind.PICKED) and not isinstance(index, Part):
        return PICKED
    if index is Special.MASK:
        return DIMENSIONED if shape.has_dimensions else UNKNOWN
    if shape.kind is not Kind.TENSOR:
        return DIMENSIONED if index == Part(None, None) and shape.has_dimensions else UNKNOWN
    if index is Special.NEW_AXIS:
        return tensor(1, *shape.sizes)
    if not shape.sizes:
        return UNKNOWN
    rest = shape.sizes[1:]
    if isinstance(index, Part):
        return tensor(index.length(shape.sizes[0]), *rest)
    return tensor(*rest) if isinstance(index, int) else UNKNOWN


@dataclass(frozen=True, slots=True)
class Part:
    """A slice with the bounds that are written down; None for one that is left out."""

    lower: int | None
    upper: int | None

    def length(self, size: int | None) -> int | None:
        """How many of so many elements it takes, None if that is not known."""
        if size is not None:
            return len(range(size)[self.lower : self.upper])
        if self.upper is not None and self.upper >= 0 and (self.lower or 0) >= 0:
            # At most so many: only "one" and "none" are sure enough to be told apart.
            most = max(self.upper - (self.lower or 0), 0)
            return most if most <= 1 else None
        return None


class Special(Enum):
    """Indices that are neither numbers nor slices with known bounds."""

    NEW_AXIS = auto()
    MASK = auto()
    UNKNOWN = auto()


Index = int | Part | Special

_TENSORS = (Kind.TENSOR, Kind.DIMENSIONED)
