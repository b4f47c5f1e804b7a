"""Reductions: 0-dim without a dim, else the dim is dropped or kept as 1 (torch 2.13)."""

from dataclasses import replace

from lintgrad.typestates.values.arguments import Given, Operation, is_left_out, truth, whole_numbers
from lintgrad.typestates.values.shapes import broadcast, reduced
from lintgrad.typestates.values.value import SCALAR, UNKNOWN, Kind, Value, at_least, items


def over(position: int, *, required: bool = False, keep_at: int | None = None) -> Operation:
    """A reduction whose dim stands at a position, counted from the tensor."""
    keep_position = position + 1 if keep_at is None else keep_at

    def reduce(given: Given) -> Value:
        value = given.first
        if value is None or not given.complete:
            return UNKNOWN
        dim = given.get(position, "dim", "axis")
        if dim is not None and isinstance(dim.constant, bool):
            dim = None  # `x.std(False)`: the flag `unbiased`
        keep = truth(given.get(keep_position, "keepdim", "keepdims"), default=False)
        if is_left_out(dim):
            return UNKNOWN if required or keep is None else reduced(value, None, keep=keep)
        dims = whole_numbers(dim)
        if dims is None or keep is None:
            return UNKNOWN
        return reduced(value, dims, keep=keep)

    return reduce


def _pair(position: int) -> Operation:
    """Without a dim 0-dim; with one, values and indices."""
    by_dim = over(position)

    def reduce(given: Given) -> Value:
        dim = given.get(position, "dim", "axis")
        if dim is None:
            return SCALAR if given.first is not None and not given.first.is_collection else UNKNOWN
        if dim.is_tensor and given.first is not None:
            return broadcast(given.first, dim)  # the elementwise maximum of two tensors
        values = by_dim(given)
        return items(values, values) if dim.whole is not None else UNKNOWN

    return reduce


def _always_pair(given: Given) -> Value:
    """Values and indices, over the last dim unless another is given."""
    return _two(given, 1)


def _kth(given: Given) -> Value:
    return _two(given, 2)


def _sorted(given: Given) -> Value:
    value = given.first
    return items(*[_like(value)] * 2) if value is not None else UNKNOWN


def _top(given: Given) -> Value:
    value, count = given.first, given.get(1, "k")
    if value is None or value.kind is not Kind.TENSOR or not value.sizes:
        return items(at_least(None), at_least(None)) if value is not None else UNKNOWN
    dims = whole_numbers(given.get(2, "dim")) or (-1,)
    sizes = list(value.sizes)
    if not -len(sizes) <= dims[0] < len(sizes):
        return UNKNOWN
    sizes[dims[0]] = count.whole if count is not None else None
    return items(*[Value(Kind.TENSOR, tuple(sizes))] * 2)


def _two(given: Given, position: int) -> Value:
    value = given.first
    if value is None or not given.complete:
        return UNKNOWN
    dim = given.get(position, "dim")
    dims = whole_numbers(dim) if dim is not None else (-1,)
    keep = truth(given.get(position + 1, "keepdim"), default=False)
    if dims is None or keep is None:
        return UNKNOWN
    return items(*[reduced(value, dims, keep=keep)] * 2)


def _like(value: Value) -> Value:
    return Value(value.kind, value.sizes) if value.is_tensor else UNKNOWN


def _moments(given: Given) -> Value:
    return items(*[over(1)(given)] * 2)


def _quantile(given: Given) -> Value:
    share = given.get(1, "q")
    if share is None or not share.is_scalar:
        return UNKNOWN
    return over(2)(given)


def _matrix_norm(given: Given) -> Value:
    if given.get(2, "dim") is not None or given.first is None:
        return UNKNOWN
    keep = truth(given.get(3, "keepdim"), default=False)
    return UNKNOWN if keep is None else reduced(given.first, (-2, -1), keep=keep)


def _last_of_two(given: Given) -> Value:
    """One number for each pair of vectors, along the last dim."""
    if given.get(2, "dim", "p") is not None and "dim" in given.named:
        return UNKNOWN
    keep = truth(given.named.get("keepdim"), default=False)
    return _along(given, (-1,), keep=keep)


def _similarity(given: Given) -> Value:
    dim = given.get(2, "dim")
    dims = (1,) if dim is None else whole_numbers(dim)
    return UNKNOWN if dims is None else _along(given, dims, keep=False)


def _along(given: Given, dims: tuple[int, ...], *, keep: bool | None) -> Value:
    if len(given.args) < 2 or keep is None:
        return UNKNOWN
    return reduced(broadcast(given.args[0], given.args[1]), dims, keep=keep)


def _batch_of_numbers(given: Given) -> Value:
    """One number for each matrix."""
    value = given.first
    known = value is not None and value.kind is Kind.TENSOR and len(value.sizes) >= 2
    return replace(value, sizes=value.sizes[:-2]) if known and value is not None else UNKNOWN


def _sign_and_log(given: Given) -> Value:
    return items(*[_batch_of_numbers(given)] * 2)


def _scalar(_: Given) -> Value:
    return SCALAR


REDUCTIONS: dict[str, Operation] = {
    **dict.fromkeys(("sum", "mean", "prod", "nansum", "nanmean", "amax", "amin"), over(1)),
    **dict.fromkeys(("argmax", "argmin", "count_nonzero", "all", "any"), over(1)),
    **dict.fromkeys(("std", "var"), over(1, keep_at=3)),
    "logsumexp": over(1, required=True),
    "norm": over(2),
    "linalg.norm": over(2),
    "linalg.vector_norm": over(2),
    "linalg.matrix_norm": _matrix_norm,
    **dict.fromkeys(("max", "min", "median", "nanmedian"), _pair(1)),
    "mode": _always_pair,
    "kthvalue": _kth,
    **dict.fromkeys(("sort", "cummax", "cummin"), _sorted),
    "topk": _top,
    **dict.fromkeys(("std_mean", "var_mean"), _moments),
    "aminmax": lambda given: items(*[over(-1)(given)] * 2),
    **dict.fromkeys(("quantile", "nanquantile"), _quantile),
    **dict.fromkeys(("cosine_similarity",), _similarity),
    **dict.fromkeys(("pairwise_distance", "linalg.vecdot"), _last_of_two),
    **dict.fromkeys(("det", "logdet", "linalg.det"), _batch_of_numbers),
    **dict.fromkeys(("slogdet", "linalg.slogdet"), _sign_and_log),
    **dict.fromkeys(("dot", "vdot", "trace", "dist", "scalar_tensor"), _scalar),
}
"""By the name of the method, or of the function in `torch` or `torch.nn.functional`."""
