"""What indices make of the shapes of tensors, and of lists, tuples and dicts."""

from dataclasses import dataclass

from lintgrad.typestates.values.value import (
    DIMENSIONED,
    PICKED,
    UNKNOWN,
    Kind,
    Value,
    at_least,
    tensor,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A slice with the bounds that are known; None for one that is left out."""

    lower: int | None = None
    upper: int | None = None
    is_known: bool = True

    def length(self, size: int | None) -> int | None:
        """How many of so many elements it takes, None if that is not known."""
        if not self.is_known:
            return None
        if size is not None:
            return len(range(size)[self.lower : self.upper])
        if self.upper is not None and self.upper >= 0 and (self.lower or 0) >= 0:
            # At most so many: only "one" and "none" are sure enough to be told apart.
            most = max(self.upper - (self.lower or 0), 0)
            return most if most <= 1 else None
        return None


Index = Part | Value


def indexed(value: Value, indices: tuple[Index, ...]) -> Value:
    """The value of `value[indices]`."""
    if len(indices) == 1 and value.is_collection:
        return _picked(value, indices[0])
    if value.kind in (Kind.UNKNOWN, Kind.PICKED):
        slices = all(isinstance(index, Part) for index in indices)
        return UNKNOWN if slices else PICKED
    if any(isinstance(index, Value) and index.is_mask for index in indices):
        return DIMENSIONED if value.has_dimensions and value.count != 1 else UNKNOWN
    if value.kind is Kind.TENSOR:
        return _of_tensor(value, indices)
    whole = all(index == Part() for index in indices)
    return value if whole and value.is_tensor else UNKNOWN


def _picked(value: Value, index: Index) -> Value:
    if isinstance(index, Part):
        if value.kind is Kind.ITEMS and not value.names and index.is_known:
            return Value(Kind.ITEMS, items=value.items[index.lower : index.upper])
        return value if value.kind is Kind.MANY else UNKNOWN
    if value.kind is Kind.MANY:
        return value.items[0]
    if value.names:
        return (value.item(index.text) if index.text is not None else None) or UNKNOWN
    at = index.whole
    known = at is not None and -len(value.items) <= at < len(value.items)
    return value.items[at] if known and at is not None else UNKNOWN


def _of_tensor(value: Value, indices: tuple[Index, ...]) -> Value:
    """Numbers drop their dimension, slices keep it, None adds one; lists and tensors pick."""
    if any(isinstance(i, Value) and i.constant is ... for i in indices):
        indices = _without_ellipsis(indices, len(value.sizes))
    left = list(value.sizes)
    kept: list[int | None] = []
    picks: list[int | None] | None = None
    for index in indices:
        if isinstance(index, Value) and index.is_none:
            kept.append(1)
            continue
        if not left:
            return UNKNOWN
        size = left.pop(0)
        if isinstance(index, Part):
            kept.append(index.length(size))
        elif index.whole is None:
            picked = _picks(index)
            if picked is None:
                return UNKNOWN
            if picks is None:
                kept.extend(picked)
            elif len(picked) > len(picks):
                return at_least(None)
            picks = picked
    return tensor(*kept, *left)


def _picks(index: Value) -> list[int | None] | None:
    """The dimensions that a list or a tensor of positions puts in the place of the indexed one."""
    if index.kind is Kind.ITEMS and all(item.whole is not None for item in index.items):
        return [len(index.items)]
    if index.kind is Kind.TENSOR and len(index.sizes) == 1:
        return [None]  # positions, or a mask: one dimension either way
    return None


def _without_ellipsis(indices: tuple[Index, ...], rank: int) -> tuple[Index, ...]:
    at = next(k for k, i in enumerate(indices) if isinstance(i, Value) and i.constant is ...)
    others = [*indices[:at], *indices[at + 1 :]]
    taken = sum(not (isinstance(index, Value) and index.is_none) for index in others)
    return (*indices[:at], *[Part()] * max(rank - taken, 0), *indices[at + 1 :])
