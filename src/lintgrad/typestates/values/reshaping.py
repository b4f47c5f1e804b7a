"""Functions that only arrange the elements of a tensor in another way (torch 2.13)."""

from dataclasses import replace
from math import prod

from lintgrad.typestates.values.arguments import Given, Operation, whole_numbers
from lintgrad.typestates.values.value import (
    DIMENSIONED,
    PICKED,
    SCALAR,
    UNKNOWN,
    Kind,
    Value,
    at_least,
    items,
    many,
    tensor,
)


def sizes_of(values: tuple[Value, ...]) -> tuple[int | None, ...] | None:
    """The sizes that are given as `3, 4` or `(3, 4)`; None if not even how many is known."""
    if len(values) == 1 and values[0].kind is Kind.ITEMS:
        values = values[0].items
    elif len(values) == 1 and values[0].kind is not Kind.NUMBER:
        return None  # a size, or a torch.Size
    numbers = [value.whole for value in values]
    return tuple(n if n is not None and n >= 0 else None for n in numbers)


def _view(given: Given) -> Value:
    value = given.first
    if value is None or not given.complete:
        return UNKNOWN
    named = given.named.get("shape") or given.named.get("size")
    wanted = sizes_of((named,) if named is not None else given.args[1:])
    if wanted is None:
        return UNKNOWN
    if value.count is not None and wanted.count(None) == 1:
        rest = prod(size for size in wanted if size is not None)
        open_size = value.count // rest if rest else None
        wanted = tuple(open_size if size is None else size for size in wanted)
    return tensor(*wanted)


def _flatten(given: Given) -> Value:
    value, start = given.first, given.get(1, "start_dim")
    if value is None or not given.complete:
        return UNKNOWN
    if start is None:
        return tensor(value.count)
    if value.kind is not Kind.TENSOR or start.whole is None or given.get(2, "end_dim"):
        return at_least(None)
    kept = value.sizes[: start.whole]
    rest = value.sizes[start.whole :]
    last = None if None in rest else prod(size for size in rest if size is not None)
    return tensor(*kept, last)


def _squeeze(given: Given) -> Value:
    value, dim = given.first, given.get(1, "dim")
    if value is None or value.kind is not Kind.TENSOR:
        return _picking(value)
    if dim is None:
        known = None not in value.sizes
        return tensor(*(size for size in value.sizes if size != 1)) if known else UNKNOWN
    dims, rank = whole_numbers(dim), len(value.sizes)
    if dims is None or not rank:
        return SCALAR if not rank else UNKNOWN
    if any(not -rank <= d < rank or value.sizes[d] is None for d in dims):
        return UNKNOWN
    gone = {d % rank for d in dims if value.sizes[d] == 1}
    return tensor(*(size for at, size in enumerate(value.sizes) if at not in gone))


def _picking(value: Value | None) -> Value:
    unknown = value is not None and value.kind in (Kind.UNKNOWN, Kind.PICKED)
    return PICKED if unknown else UNKNOWN


def _unsqueeze(given: Given) -> Value:
    value, dims = given.first, whole_numbers(given.get(1, "dim"))
    if value is None or value.kind is not Kind.TENSOR:
        return _picking(value)
    rank = len(value.sizes)
    if dims is None or not -rank - 1 <= dims[0] <= rank:
        return tensor(*[None] * (rank + 1))
    at = dims[0] % (rank + 1)
    return tensor(*value.sizes[:at], 1, *value.sizes[at:])


def _transposed(given: Given) -> Value:
    value = given.first
    if value is None or value.kind is not Kind.TENSOR:
        return UNKNOWN
    pair = [whole_numbers(given.get(1, "dim0")), whole_numbers(given.get(2, "dim1"))]
    sizes, rank = list(value.sizes), len(value.sizes)
    if any(d is None or not -rank <= d[0] < rank for d in pair):
        return tensor(*[None] * rank)
    one, other = (d[0] for d in pair if d is not None)
    sizes[one], sizes[other] = sizes[other], sizes[one]
    return tensor(*sizes)


def _turned(given: Given) -> Value:
    """`t()`: of at most two dimensions."""
    value = given.first
    if value is None or value.kind is not Kind.TENSOR or len(value.sizes) > 2:
        return UNKNOWN
    return tensor(*reversed(value.sizes))


def _permuted(given: Given) -> Value:
    value = given.first
    if value is None or value.kind is not Kind.TENSOR:
        return UNKNOWN
    order = given.named.get("dims")
    dims = whole_numbers(order) if order is not None else _dims(given.args[1:])
    rank = len(value.sizes)
    if dims is None or len(dims) != rank or any(not -rank <= d < rank for d in dims):
        return tensor(*[None] * rank)
    return tensor(*(value.sizes[d] for d in dims))


def _dims(values: tuple[Value, ...]) -> tuple[int, ...] | None:
    return whole_numbers(values[0] if len(values) == 1 else items(*values))


def _expanded(given: Given) -> Value:
    """A size of -1 keeps what is there."""
    value, wanted = given.first, sizes_of(given.args[1:])
    if value is None or wanted is None or not given.complete:
        return UNKNOWN
    own = value.sizes if value.kind is Kind.TENSOR else ()
    padded = (*[None] * (len(wanted) - len(own)), *own)
    return tensor(*(w if w is not None else o for w, o in zip(wanted, padded, strict=False)))


def _repeated(given: Given) -> Value:
    value, wanted = given.first, sizes_of(given.args[1:])
    if value is None or wanted is None or not given.complete or value.kind is not Kind.TENSOR:
        return UNKNOWN
    own = (*[1] * (len(wanted) - len(value.sizes)), *value.sizes)
    pairs = zip(wanted, own, strict=False)
    return tensor(*(None if w is None or o is None else w * o for w, o in pairs))


def _like_second(given: Given) -> Value:
    other = given.get(1, "other")
    return Value(other.kind, other.sizes) if other is not None and other.is_tensor else UNKNOWN


def _indexed_by(given: Given) -> Value:
    """`gather` and `take_along_dim`: the shape of the index."""
    index = given.get(2, "index")
    if index is not None and index.kind is Kind.TENSOR:
        return tensor(*index.sizes)
    return _picking(given.first)


def _selected(given: Given) -> Value:
    """`select`: one position of one dimension."""
    value, dims = given.first, whole_numbers(given.get(1, "dim"))
    if value is None or value.kind is not Kind.TENSOR:
        return _picking(value)
    rank = len(value.sizes)
    if dims is None or not -rank <= dims[0] < rank:
        return UNKNOWN
    return tensor(*(size for at, size in enumerate(value.sizes) if at != dims[0] % rank))


def _index_selected(given: Given) -> Value:
    value, dims = given.first, whole_numbers(given.get(1, "dim"))
    if value is None or value.kind is not Kind.TENSOR or not value.sizes:
        return UNKNOWN
    rank = len(value.sizes)
    at = dims[0] % rank if dims is not None and -rank <= dims[0] < rank else None
    return tensor(*(None if at in (None, k) else size for k, size in enumerate(value.sizes)))


def _taken(given: Given) -> Value:
    index = given.get(1, "index")
    return Value(index.kind, index.sizes) if index is not None and index.is_tensor else UNKNOWN


def _masked(_: Given) -> Value:
    return DIMENSIONED


def _unbound(given: Given) -> Value:
    value = given.first
    if value is None or value.kind is not Kind.TENSOR or not value.sizes:
        return many(PICKED)
    dims = whole_numbers(given.get(1, "dim")) or (0,)
    return many(_selected(Given((value, replace(_ZERO, constant=dims[0])))))


_ZERO = Value(Kind.NUMBER, constant=0)


def _chunks(given: Given) -> Value:
    value = given.first
    if value is None or value.kind is not Kind.TENSOR:
        known = value is not None and value.is_tensor
        return many(
            replace(value, sizes=(None,) * len(value.sizes)) if known and value else UNKNOWN
        )
    return many(tensor(*[None] * len(value.sizes)))


def _narrowed(given: Given) -> Value:
    """`narrow(dim, start, length)`."""
    value, dims, length = given.first, whole_numbers(given.get(1, "dim")), given.get(3, "length")
    if value is None or value.kind is not Kind.TENSOR or dims is None or length is None:
        return UNKNOWN
    rank = len(value.sizes)
    if not -rank <= dims[0] < rank:
        return UNKNOWN
    at = dims[0] % rank
    return tensor(*(length.whole if at == k else size for k, size in enumerate(value.sizes)))


def _diagonal(given: Given) -> Value:
    value = given.first
    if value is None or value.kind is not Kind.TENSOR or len(given.args) + len(given.named) > 1:
        return UNKNOWN
    if len(value.sizes) != 2:
        return UNKNOWN
    return tensor(value.sizes[0] if value.sizes[0] == value.sizes[1] else None)


def _diag(given: Given) -> Value:
    value = given.first
    if value is not None and value.kind is Kind.TENSOR and len(value.sizes) == 1:
        return tensor(None, None)
    return _diagonal(given)


RESHAPING: dict[str, Operation] = {
    **dict.fromkeys(("view", "reshape"), _view),
    **dict.fromkeys(("flatten", "ravel"), _flatten),
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), _transposed),
    "t": _turned,
    "permute": _permuted,
    "expand": _expanded,
    "repeat": _repeated,
    **dict.fromkeys(("expand_as", "view_as", "reshape_as", "broadcast_to_as"), _like_second),
    **dict.fromkeys(("gather", "take_along_dim"), _indexed_by),
    "select": _selected,
    "index_select": _index_selected,
    "take": _taken,
    "masked_select": _masked,
    "narrow": _narrowed,
    "unbind": _unbound,
    **dict.fromkeys(("split", "chunk"), _chunks),
    "diagonal": _diagonal,
    "diag": _diag,
}
"""By the name of the method, or of the function in `torch`."""

ARRANGING = frozenset(
    """
    view reshape flatten ravel squeeze unsqueeze transpose swapaxes swapdims t permute
    """.split()
)
"""Those whose result has the same elements: several stay several."""
