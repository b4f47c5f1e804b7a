"""Functions that make tensors of sizes, of numbers, or of other tensors (torch 2.13)."""

from math import ceil

from lintgrad.typestates.values.arguments import Given, Operation, whole_numbers
from lintgrad.typestates.values.reshaping import sizes_of
from lintgrad.typestates.values.value import (
    DIMENSIONED,
    SCALAR,
    UNKNOWN,
    Kind,
    Value,
    at_least,
    tensor,
)


def _sized(given: Given) -> Value:
    """A tensor of the sizes that are passed: `(3, 4)`, `[3, 4]` or `3, 4`."""
    named = given.named.get("size")
    values = (named,) if named is not None else given.args
    if not values or not given.complete:
        return UNKNOWN
    wanted = sizes_of(values)
    return UNKNOWN if wanted is None else tensor(*wanted)


def _sized_first(given: Given) -> Value:
    """`full((3, 4), 0.5)`: the sizes are one argument."""
    wanted = given.get(0, "size")
    if wanted is None or wanted.kind is not Kind.ITEMS:
        return UNKNOWN
    sizes = sizes_of((wanted,))
    return UNKNOWN if sizes is None else tensor(*sizes)


def _after_the_object(operation: Operation) -> Operation:
    """`x.new_zeros(3)`: what the new tensor is made after says nothing of its shape."""
    return lambda given: operation(Given(given.args[1:], given.named, given.complete))


def _third(operation: Operation, count: int) -> Operation:
    """The sizes stand after some other arguments: `randint(0, 10, (3,))`."""

    def make(given: Given) -> Value:
        sizes = [value for value in given.args[1:] if value.kind is Kind.ITEMS][:count]
        return operation(Given(tuple(sizes), given.named, given.complete))

    return make


def _spaced(given: Given) -> Value:
    steps = given.get(2, "steps")
    return tensor(None if steps is None else steps.whole)


def _range(given: Given) -> Value:
    ends = [value.constant for value in given.args]
    match ends:
        case [int() | float() as stop]:
            return tensor(max(ceil(stop), 0))
        case [int() | float() as start, int() | float() as stop]:
            return tensor(max(ceil(stop - start), 0))
    return tensor(None)


def _square(given: Given) -> Value:
    rows, columns = given.get(0, "n"), given.get(1, "m")
    first = None if rows is None else rows.whole
    return tensor(first, first if columns is None else columns.whole)


def like(given: Given) -> Value:
    """A tensor of the shape of the first argument."""
    value = given.first
    return Value(value.kind, value.sizes) if value is not None and value.is_tensor else UNKNOWN


def _from_data(given: Given) -> Value:
    data = given.get(0, "data")
    return UNKNOWN if data is None else from_literal(data)


def _from_numbers(given: Given) -> Value:
    """`torch.Tensor(data)` or `torch.Tensor(3, 4)`: numbers are sizes there."""
    if given.args and all(value.kind is Kind.NUMBER for value in given.args):
        return _sized(given)
    return _from_data(given)


def from_literal(value: Value) -> Value:
    """The tensor made of nested lists of numbers or 0-dim tensors."""
    if value.is_scalar:
        return SCALAR
    if value.is_tensor:
        return Value(value.kind, value.sizes)
    if value.kind is Kind.MANY:
        inner = from_literal(value.items[0])
        return tensor(None, *inner.sizes) if inner.kind is Kind.TENSOR else at_least(None)
    if value.kind is not Kind.ITEMS or value.names:
        return UNKNOWN
    inners = {from_literal(item) for item in value.items}
    if len(inners) > 1 or any(one.kind is not Kind.TENSOR for one in inners):
        return at_least(len(value.items)) if len(value.items) == 1 else DIMENSIONED
    return tensor(len(value.items), *(inners.pop().sizes if inners else ()))


def _parts(given: Given) -> tuple[tuple[Value, ...], int | None]:
    """The tensors that are put together, and how many there are if that is known."""
    value = given.first
    if value is None or not value.is_collection or value.names or not value.items:
        return (), None
    return value.items, len(value.items) if value.kind is Kind.ITEMS else None


def _stack(given: Given) -> Value:
    parts, count = _parts(given)
    if not parts or any(part.kind is not Kind.TENSOR for part in parts):
        one = count == 1 or given.first is None
        return at_least(None) if one else DIMENSIONED
    dims = whole_numbers(given.get(1, "dim")) or (0,)
    sizes, rank = parts[0].sizes, len(parts[0].sizes) + 1
    if not -rank <= dims[0] < rank or any(len(p.sizes) != len(sizes) for p in parts):
        return UNKNOWN
    at = dims[0] % rank
    return tensor(*sizes[:at], count, *sizes[at:])


def _cat(given: Given) -> Value:
    parts, count = _parts(given)
    if not parts or any(part.kind is not Kind.TENSOR or not part.sizes for part in parts):
        dimensioned = parts and all(part.kind is Kind.DIMENSIONED for part in parts)
        return DIMENSIONED if dimensioned else at_least(None)
    dims = whole_numbers(given.get(1, "dim", "axis")) or (0,)
    sizes, rank = list(parts[0].sizes), len(parts[0].sizes)
    if not -rank <= dims[0] < rank or any(len(p.sizes) != rank for p in parts):
        return UNKNOWN
    along = [part.sizes[dims[0]] for part in parts]
    known = count is not None and None not in along
    sizes[dims[0]] = sum(n for n in along if n is not None) if known else None
    return tensor(*sizes)


def _joined(given: Given) -> Value:
    """`hstack` and its kin make at least one dimension of everything."""
    parts, count = _parts(given)
    scalars = bool(parts) and all(part == SCALAR or part.sizes == () for part in parts)
    if scalars and all(part.kind is Kind.TENSOR for part in parts):
        return tensor(count)
    return at_least(None)


_SIZED = ("randn", "rand", "zeros", "ones", "empty")

MAKING: dict[str, Operation] = {
    **dict.fromkeys(_SIZED, _sized),
    **{f"new_{name}": _after_the_object(_sized) for name in ("zeros", "ones", "empty")},
    "new_full": _after_the_object(_sized_first),
    "new_tensor": _after_the_object(_from_data),
    "full": _sized_first,
    "randint": _third(_sized, 1),
    "normal": _third(_sized, 1),
    "randperm": lambda given: tensor(given.args[0].whole if given.args else None),
    "eye": _square,
    "arange": _range,
    **dict.fromkeys(("linspace", "logspace"), _spaced),
    **{f"{name}_like": like for name in (*_SIZED, "full", "randint")},
    **dict.fromkeys(("tensor", "as_tensor", "asarray", "from_numpy"), _from_data),
    **dict.fromkeys(("Tensor", "FloatTensor", "DoubleTensor"), _from_numbers),
    "stack": _stack,
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    **dict.fromkeys(("hstack", "vstack", "dstack"), _joined),
}
"""By the name of the function in `torch`, or of the method."""

FROM_NOTHING = frozenset(
    {*_SIZED, "full", "randint", "normal", "randperm", "eye", "arange", "linspace", "logspace"}
    | {f"new_{name}" for name in (*_SIZED, "full")}
    | {f"{name}_like" for name in (*_SIZED, "full", "randint")}
    | {"scalar_tensor"}
)
"""Functions whose result hangs on no graph, whatever they are given."""

COPIES = frozenset({"tensor", "new_tensor", "from_numpy"})
"""Functions that copy the numbers out of a tensor and leave its graph behind."""
