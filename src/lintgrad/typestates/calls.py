"""What torch's functions and methods make of the shapes they are called with."""

from math import ceil, prod

from lintgrad.syntax.nodes import Call, Const, Expr, Sequence, Starred, Unary
from lintgrad.typestates import losses
from lintgrad.typestates import operations as ops
from lintgrad.typestates.possible import ANYTHING, Shapes, lifted, limited
from lintgrad.typestates.shapes import (
    DIMENSIONED,
    NUMBER,
    PICKED,
    SCALAR,
    UNKNOWN,
    Kind,
    Shape,
    broadcast,
    indexed,
    items,
    matrix_product,
    reduced,
    tensor,
)


def called_shapes(callables: Shapes, args: list[Shapes]) -> Shapes:
    """What calling a loss module makes of an output and a target."""
    if any(shape.kind is not Kind.CALLABLE for shape in callables):
        return ANYTHING
    inputs = (*args[:2], ANYTHING, ANYTHING)[:2]
    return lifted(losses.unreduced_or_scalar, [callables, *inputs])


def function_shapes(name: str, call: Call, args: list[Shapes]) -> Shapes:
    """The result of a call of a function with a dotted name."""
    module, _, last = name.rpartition(".")
    if name in ops.SAME_AS_ARGUMENT:
        return args[0] if args else ANYTHING
    if module == "torch.nn" and last in ops.LOSS_MODULES:
        return frozenset({losses.module(last, call)})
    if module == "torch.nn.functional" and last in ops.LOSS_FUNCTIONS:
        return called_shapes(frozenset({losses.function(last, call)}), args)
    if module not in ("torch", "torch.nn.functional", "torch.linalg"):
        return ANYTHING
    if last in ("tensor", "FloatTensor", "as_tensor"):
        return lifted(_from_literal, args[:1]) if args else ANYTHING
    if last in ops.SIZED:
        return frozenset({_sized(call)})
    if last in ("arange", "linspace"):
        return frozenset({_ranged(call, last)})
    if last in ops.LIKE:
        return args[0] if args else ANYTHING
    if last in ("stack", "cat"):
        return lifted(_stack if last == "stack" else _cat, args[:1]) if args else ANYTHING
    if last in ("matmul", "mm", "mv") and len(args) == 2:
        return lifted(matrix_product, args)
    if args:
        return method_shapes(last, call, args[0], args[1:], call.args[1:])
    return ANYTHING


def builtin_shapes(name: str, args: list[Shapes]) -> Shapes:
    """The result of a call of a Python builtin."""
    if name in ("float", "int", "len", "round"):
        return frozenset({NUMBER})
    if name == "sum" and args:
        return lifted(_python_sum, args[:1])
    if name in ("max", "min") and len(args) > 1:
        return limited(frozenset().union(*args))
    return ANYTHING


def method_shapes(
    name: str, call: Call, receivers: Shapes, args: list[Shapes], rest: tuple[Expr, ...]
) -> Shapes:
    """The result of a tensor method, or of the function of the same name.

    `args` and `rest` are the arguments after the tensor: their shapes, and how they are spelled.
    """
    if name in ops.NUMBERS:
        return frozenset({NUMBER})
    if name in ops.ALWAYS_SCALAR:
        return frozenset({SCALAR})
    if name in ops.SAME_SHAPE:
        return lifted(_same, [receivers])
    if name in ops.TWO_OPERANDS and args:
        return lifted(broadcast, [receivers, args[0]])
    if name in ops.REDUCTIONS:
        return _reduction(call, name, receivers, rest)
    if name in ops.REDUCTIONS_TO_PAIR:
        return _reduction_to_pair(call, receivers, rest)
    return lifted(lambda s: _reshaped(s, name, rest), [receivers])


def _python_sum(shape: Shape) -> Shape:
    if shape.kind is Kind.MANY:
        return shape.items[0] if shape.items[0].kind not in _NO_TENSORS else UNKNOWN
    if shape.kind is Kind.ITEMS and shape.items:
        total = shape.items[0]
        for item in shape.items[1:]:
            total = broadcast(total, item)
        return total
    return indexed(shape, 0) if shape.kind is Kind.TENSOR else UNKNOWN


_NO_TENSORS = (Kind.ITEMS, Kind.MANY, Kind.CALLABLE)


def _same(shape: Shape) -> Shape:
    return shape if shape.kind in (Kind.TENSOR, Kind.DIMENSIONED, Kind.PICKED) else UNKNOWN


def _reduction(call: Call, name: str, receivers: Shapes, rest: tuple[Expr, ...]) -> Shapes:
    position = 1 if name == "norm" else 0
    named = {keyword.name: keyword.value for keyword in call.keywords}
    if any(isinstance(part, Starred) for part in rest) or None in named:
        return ANYTHING
    dim = named.get("dim", named.get("axis", _at(rest, position)))
    if dim is None or (isinstance(dim, Const) and dim.value is None):
        if name == "logsumexp":
            return ANYTHING
        return lifted(lambda s: reduced(s, None, keep=False), [receivers])
    dims = _dims(dim)
    keep = named.get("keepdim", _at(rest, position + 1))
    if dims is None or not (keep is None or isinstance(keep, Const)):
        return ANYTHING
    kept = isinstance(keep, Const) and bool(keep.value)
    return lifted(lambda s: reduced(s, dims, keep=kept), [receivers])


def _at(parts: tuple[Expr, ...], position: int) -> Expr | None:
    return parts[position] if len(parts) > position else None


def _reduction_to_pair(call: Call, receivers: Shapes, rest: tuple[Expr, ...]) -> Shapes:
    if not rest and not call.keywords:
        return lifted(lambda s: reduced(s, None, keep=False), [receivers])
    if rest and number(rest[0]) is None:
        return ANYTHING  # the elementwise maximum of two tensors
    values = _reduction(call, "", receivers, rest)
    return lifted(lambda s: items(s, s), [values])


def _dims(expr: Expr) -> tuple[int, ...] | None:
    parts = expr.items if isinstance(expr, Sequence) else (expr,)
    found = [number(part) for part in parts]
    return tuple(n for n in found if n is not None) if None not in found and found else None


def number(expr: Expr) -> int | None:
    """A written-down whole number."""
    match expr:
        case Const(value=int() as value):
            return value
        case Unary(op="-", value=Const(value=int() as value)):
            return -value
    return None


def _reshaped(shape: Shape, name: str, rest: tuple[Expr, ...]) -> Shape:
    if name in ("view", "reshape"):
        return _refilled(_sizes(rest), shape.count)
    if name in ("flatten", "ravel") and not rest:
        return tensor(shape.count)
    if shape.kind is not Kind.TENSOR:
        return PICKED if name in _PICKING and shape.kind is Kind.UNKNOWN else UNKNOWN
    if name == "unsqueeze":
        return tensor(1, *shape.sizes)
    if name == "squeeze" and not rest and None not in shape.sizes:
        return tensor(*(size for size in shape.sizes if size != 1))
    if name == "t" and len(shape.sizes) <= 2:
        return tensor(*reversed(shape.sizes))
    return UNKNOWN


_PICKING = ("squeeze", "unsqueeze", "select", "gather")


def _refilled(shape: Shape, count: int | None) -> Shape:
    """A view of so many elements: a single size that is left open follows from the others."""
    if shape.kind is not Kind.TENSOR or shape.sizes.count(None) != 1 or count is None:
        return shape
    rest = prod(size for size in shape.sizes if size is not None)
    open_size = count // rest if rest else None
    return tensor(*(open_size if size is None else size for size in shape.sizes))


def _sized(call: Call) -> Shape:
    """A tensor of the sizes that a constructor is passed: `(3, 4)`, `[3, 4]` or `3, 4`."""
    if not call.args or any(keyword.name in ("size", None) for keyword in call.keywords):
        return UNKNOWN
    return _sizes(call.args)


def _sizes(args: tuple[Expr, ...]) -> Shape:
    if len(args) == 1 and isinstance(args[0], Sequence):
        args = args[0].items
    elif len(args) == 1 and number(args[0]) is None:
        return UNKNOWN  # a size, or a torch.Size
    if any(isinstance(arg, Starred) for arg in args):
        return UNKNOWN
    return tensor(*(n if (n := number(arg)) is not None and n >= 0 else None for arg in args))


def _ranged(call: Call, name: str) -> Shape:
    if name == "linspace":
        return tensor(number(call.args[2]) if len(call.args) > 2 else None)
    ends = [_real(arg) for arg in call.args]
    match ends:
        case [int() | float() as stop]:
            return tensor(max(ceil(stop), 0))
        case [int() | float() as start, int() | float() as stop]:
            return tensor(max(ceil(stop - start), 0))
    return tensor(None)


def _real(expr: Expr) -> int | float | None:
    """A written-down number."""
    if isinstance(expr, Const) and isinstance(expr.value, float):
        return expr.value
    return number(expr)


def _from_literal(shape: Shape) -> Shape:
    """The tensor made of nested lists of numbers or 0-dim tensors."""
    if shape.is_scalar:
        return SCALAR
    if shape.kind is not Kind.ITEMS:
        return _same(shape)
    inner = {_from_literal(item) for item in shape.items}
    if len(inner) > 1 or any(s.kind is not Kind.TENSOR for s in inner):
        return UNKNOWN
    return tensor(len(shape.items), *(inner.pop().sizes if inner else ()))


def _stack(shape: Shape) -> Shape:
    if shape.kind not in (Kind.ITEMS, Kind.MANY) or not shape.items:
        return DIMENSIONED
    count = len(shape.items) if shape.kind is Kind.ITEMS else None
    first = shape.items[0]
    return tensor(count, *first.sizes) if first.kind is Kind.TENSOR else DIMENSIONED


def _cat(shape: Shape) -> Shape:
    known = shape.kind in (Kind.ITEMS, Kind.MANY) and bool(shape.items)
    return DIMENSIONED if known and all(i.has_dimensions for i in shape.items) else UNKNOWN
