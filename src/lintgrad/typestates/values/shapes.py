"""What arithmetic and reductions make of the shapes of tensors: torch's broadcasting rules."""

from itertools import zip_longest

from lintgrad.typestates.values.value import (
    DIMENSIONED,
    NUMBER,
    PICKED,
    SCALAR,
    UNKNOWN,
    Kind,
    Value,
    at_least,
    tensor,
)


def same(value: Value) -> Value:
    """The shape of an elementwise function of one tensor."""
    if value.is_tensor or value.kind is Kind.PICKED:
        return Value(value.kind, value.sizes)
    return UNKNOWN


def broadcast(left: Value, right: Value) -> Value:
    """The shape of an elementwise operation on two values."""
    kinds = left.kind, right.kind
    if Kind.PICKED in kinds and (left.is_scalar or right.is_scalar):
        return PICKED
    if kinds == (Kind.NUMBER, Kind.NUMBER):
        return NUMBER
    if left.kind is Kind.NUMBER:
        return same(right)
    if right.kind is Kind.NUMBER:
        return same(left)
    if kinds == (Kind.TENSOR, Kind.TENSOR):
        return tensor(*_widened(left, right, 1))
    if Kind.DIMENSIONED in kinds and not (left.is_collection or right.is_collection):
        return DIMENSIONED
    if left.has_dimensions or right.has_dimensions:
        # One of them may have any dimensions: a size of 1 that is seen may become another.
        return at_least(*_widened(left, right, None))
    return UNKNOWN


def _widened(left: Value, right: Value, missing: int | None) -> list[int | None]:
    pairs = zip_longest(reversed(left.sizes), reversed(right.sizes), fillvalue=missing)
    return [_wider(one, other) for one, other in reversed(list(pairs))]


def _wider(one: int | None, other: int | None) -> int | None:
    if one == 1:
        return other
    if other == 1:
        return one
    return one if other is None else other


def matrix_product(left: Value, right: Value) -> Value:
    """The shape of `left @ right`."""
    if left.kind is not Kind.TENSOR or right.kind is not Kind.TENSOR:
        return UNKNOWN
    match len(left.sizes), len(right.sizes):
        case (0, _) | (_, 0):
            return UNKNOWN
        case (1, 1):
            return SCALAR
        case (_, 1):
            return tensor(*left.sizes[:-1])
        case (1, _):
            return tensor(*right.sizes[:-2], right.sizes[-1])
    batch = broadcast(tensor(*left.sizes[:-2]), tensor(*right.sizes[:-2]))
    return tensor(*batch.sizes, left.sizes[-2], right.sizes[-1])


def reduced(value: Value, dims: tuple[int, ...] | None, *, keep: bool) -> Value:
    """The shape after a reduction over dims; over all of them if None."""
    if dims is None:
        return _reduced_wholly(value, keep=keep)
    if value.kind is Kind.TENSOR:
        rank = len(value.sizes)
        if not rank and all(dim in (0, -1) for dim in dims):
            return SCALAR
        gone = {dim % rank for dim in dims if rank and -rank <= dim < rank}
        if len(gone) != len(dims):
            return UNKNOWN
        kept = (
            1 if index in gone else size
            for index, size in enumerate(value.sizes)
            if keep or index not in gone
        )
        return tensor(*kept)
    if value.is_collection:
        return UNKNOWN
    return _reduced_partly(value, dims, keep=keep)


def _reduced_wholly(value: Value, *, keep: bool) -> Value:
    if value.is_collection:
        return UNKNOWN
    if not keep:
        return SCALAR
    return tensor(*(1 for _ in value.sizes)) if value.kind is Kind.TENSOR else UNKNOWN


def _reduced_partly(value: Value, dims: tuple[int, ...], *, keep: bool) -> Value:
    """The same for a tensor whose number of dimensions is not known."""
    if value.kind is Kind.AT_LEAST and all(-len(value.sizes) <= dim < 0 for dim in dims):
        gone = {dim % len(value.sizes) for dim in dims}
        kept = (
            1 if index in gone else size
            for index, size in enumerate(value.sizes)
            if keep or index not in gone
        )
        return at_least(*kept)
    # Dimension k exists, so there are more than k; one is left if they are not all reduced.
    if max(dims) >= len(dims):
        return DIMENSIONED if value.kind is Kind.DIMENSIONED else at_least(None)
    return at_least(None) if keep else UNKNOWN
