"""The shapes an expression may have, given those of the places in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from lintgrad.syntax.names import dotted, place_of
from lintgrad.syntax.nodes import (
    Attr,
    Binary,
    BoolOp,
    Call,
    Compare,
    Comprehension,
    Const,
    Expr,
    IfExp,
    Item,
    Name,
    Sequence,
    Slice,
    Starred,
    Unary,
    Walrus,
)
from lintgrad.typestates import losses
from lintgrad.typestates import operations as ops
from lintgrad.typestates.shapes import (
    DIMENSIONED,
    NUMBER,
    SCALAR,
    UNKNOWN,
    Index,
    Kind,
    Part,
    Shape,
    Special,
    broadcast,
    indexed,
    items,
    reduced,
    tensor,
)

Shapes = frozenset[Shape]

ANYTHING: Shapes = frozenset({UNKNOWN})
_MOST_SHAPES = 6
"""More shapes than this in one place count as not known."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression stands in: the shapes of places, and what imported names refer to."""

    shapes: Mapping[str, Shapes]
    imports: Mapping[str, str]


def shapes_of(expr: Expr, around: Surroundings) -> Shapes:
    """The shapes that an expression may have; UNKNOWN among them where it is not understood."""
    match expr:
        case Const(value=value):
            is_number = isinstance(value, int | float) and value is not None
            return frozenset({NUMBER if is_number else UNKNOWN})
        case Name() | Attr():
            return _of_place(expr, around)
        case IfExp():
            return shapes_of(expr.body, around) | shapes_of(expr.orelse, around)
        case BoolOp():
            return frozenset().union(*(shapes_of(part, around) for part in expr.parts))
        case Walrus() | Starred():
            return shapes_of(expr.value, around)
        case Unary():
            return _each(_negated, [expr.value], around)
        case Binary(op="@"):
            return _each(_matrix_product, [expr.left, expr.right], around)
        case Binary() | Compare():
            return _each(broadcast, [expr.left, expr.right], around)
        case Sequence():
            return _each(items, list(expr.items), around)
        case Item():
            return _item(expr, around)
        case Call():
            return _call(expr, around)
    return ANYTHING


def _each(operation: Callable[..., Shape], operands: list[Expr], around: Surroundings) -> Shapes:
    """An operation over every combination of its operands' shapes."""
    return lifted(operation, [shapes_of(operand, around) for operand in operands])


def lifted(operation: Callable[..., Shape], operands: list[Shapes]) -> Shapes:
    """An operation over every combination of shapes."""
    size = 1
    for operand in operands:
        size *= len(operand)
    if size > _MOST_SHAPES**2:
        return ANYTHING
    return limited({operation(*combination) for combination in product(*operands)})


def limited(shapes: Iterable[Shape]) -> Shapes:
    """The shapes, or nothing known if there are too many."""
    found = frozenset(shapes)
    return found if len(found) <= _MOST_SHAPES else ANYTHING


def _negated(shape: Shape) -> Shape:
    return shape if shape.kind is not Kind.ITEMS else UNKNOWN


def _of_place(expr: Expr, around: Surroundings) -> Shapes:
    place = place_of(expr)
    if place is not None and place in around.shapes:
        return around.shapes[place]
    match expr:
        case Attr(value=value, name="data" | "T" | "mT" | "grad" | "values" | "indices"):
            return lifted(lambda s: _attribute(s, expr.name), [shapes_of(value, around)])
    return ANYTHING


def _attribute(shape: Shape, name: str) -> Shape:
    if name in ("values", "indices"):
        pair = shape.kind is Kind.ITEMS and len(shape.items) == 2
        return shape.items[0] if pair else UNKNOWN
    if name in ("T", "mT") and shape.kind is Kind.TENSOR:
        return tensor(*reversed(shape.sizes))
    return shape if shape.kind in (Kind.TENSOR, Kind.DIMENSIONED) else UNKNOWN


def _matrix_product(left: Shape, right: Shape) -> Shape:
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


def _item(expr: Item, around: Surroundings) -> Shapes:
    place = place_of(expr)
    if place is not None and place in around.shapes:
        return around.shapes[place]
    parts = expr.index.items if isinstance(expr.index, Sequence) else (expr.index,)
    indices = [_index(part, around) for part in parts]
    if len(indices) > 1:
        return lifted(lambda s: _several(s, indices), [shapes_of(expr.value, around)])
    return lifted(lambda s: indexed(s, indices[0]), [shapes_of(expr.value, around)])


def _several(shape: Shape, indices: list[Index]) -> Shape:
    """Numbers drop their dimension, slices keep it; anything else is not followed."""
    if shape.kind is not Kind.TENSOR or len(indices) > len(shape.sizes):
        return UNKNOWN
    if any(isinstance(index, Special) for index in indices):
        return UNKNOWN
    pairs = zip(indices, shape.sizes, strict=False)
    kept = [index.length(size) for index, size in pairs if isinstance(index, Part)]
    return tensor(*kept, *shape.sizes[len(indices) :])


def _index(expr: Expr, around: Surroundings) -> Index:
    match expr:
        case Const(value=int() as number) if not isinstance(number, bool):
            return number
        case Unary(op="-", value=Const(value=int() as number)):
            return -number
        case Const(value=None):
            return Special.NEW_AXIS
        case Compare() | Unary(op="~"):
            return Special.MASK if _is_tensor_test(expr, around) else Special.UNKNOWN
        case Slice(step=None):
            return _part(expr)
    return Special.UNKNOWN


def _part(expr: Slice) -> Index:
    bounds = [None if b is None else number(b) for b in (expr.lower, expr.upper)]
    if any(
        given is not None and known is None
        for given, known in zip((expr.lower, expr.upper), bounds, strict=True)
    ):
        return Special.UNKNOWN
    return Part(*bounds)


def _is_tensor_test(expr: Expr, around: Surroundings) -> bool:
    """Whether an index is a mask: a comparison of a tensor that has dimensions."""
    return all(shape.has_dimensions for shape in shapes_of(expr, around))


def _call(call: Call, around: Surroundings) -> Shapes:
    name = dotted(call.func, around.imports)
    place = place_of(call.func)
    if name is None and place is not None and place in around.shapes:
        return _called(call, around.shapes[place], around)
    if name is not None:
        return _function(call, name, around)
    match call.func:
        case Name(id=builtin):
            return _builtin(call, builtin, around)
        case Attr(value=receiver, name="scale") if len(call.args) == 1:
            return shapes_of(call.args[0], around)
        case Attr(value=receiver, name=method):
            return _method(call, method, shapes_of(receiver, around), call.args, around)
        case Call():
            return _called(call, shapes_of(call.func, around), around)
    return ANYTHING


def _called(call: Call, callables: Shapes, around: Surroundings) -> Shapes:
    arguments = [shapes_of(arg, around) for arg in call.args[:2]]
    if any(shape.kind is not Kind.CALLABLE for shape in callables):
        return ANYTHING
    inputs = arguments + [ANYTHING] * (2 - len(arguments))
    return lifted(losses.unreduced_or_scalar, [callables, *inputs])


def _function(call: Call, name: str, around: Surroundings) -> Shapes:
    module, _, last = name.rpartition(".")
    if name in ops.SAME_AS_ARGUMENT:
        return shapes_of(call.args[0], around) if call.args else ANYTHING
    if module == "torch.nn" and last in ops.LOSS_MODULES:
        return frozenset({losses.module(last, call)})
    if module == "torch.nn.functional" and last in ops.LOSS_FUNCTIONS:
        made = frozenset({losses.function(last, call)})
        return _called(call, made, around)
    if module not in ("torch", "torch.nn.functional", "torch.linalg"):
        return ANYTHING
    if last in ("tensor", "FloatTensor", "as_tensor"):
        return _literal(call, around)
    if last in ops.SIZED:
        return frozenset({_sized(call.args, call)})
    if last in ("arange", "linspace"):
        return frozenset({_ranged(call, last)})
    if last in ops.LIKE or last == "eye":
        return shapes_of(call.args[0], around) if call.args and last != "eye" else ANYTHING
    if last in ("stack", "cat"):
        return _joined(call, last, around)
    if last in ("matmul", "mm", "mv") and len(call.args) == 2:
        return _each(_matrix_product, list(call.args), around)
    if call.args:
        return _method(call, last, shapes_of(call.args[0], around), call.args[1:], around)
    return ANYTHING


def _builtin(call: Call, name: str, around: Surroundings) -> Shapes:
    if name in ("float", "int", "len", "abs", "round") and name != "abs":
        return frozenset({NUMBER})
    if name == "sum" and call.args:
        return _python_sum(call.args[0], around)
    if name in ("max", "min") and len(call.args) > 1:
        found = frozenset().union(*(shapes_of(arg, around) for arg in call.args))
        return limited(found)
    return ANYTHING


def _python_sum(summed: Expr, around: Surroundings) -> Shapes:
    if isinstance(summed, Comprehension):
        return _plain(shapes_of(summed.element, _inside(summed, around)))
    return lifted(_sum_of, [shapes_of(summed, around)])


def _plain(shapes: Shapes) -> Shapes:
    return limited(UNKNOWN if s.kind in (Kind.ITEMS, Kind.CALLABLE) else s for s in shapes)


def _inside(expr: Comprehension, around: Surroundings) -> Surroundings:
    """The surroundings of a comprehension's element: its own names are not followed."""
    bound = {place_of(clause.target) for clause in expr.clauses}
    kept = {place: shapes for place, shapes in around.shapes.items() if place not in bound}
    return Surroundings(kept, around.imports)


def _sum_of(shape: Shape) -> Shape:
    if shape.kind is Kind.ITEMS and shape.items:
        total = shape.items[0]
        for item in shape.items[1:]:
            total = broadcast(total, item)
        return total
    return indexed(shape, 0) if shape.kind is Kind.TENSOR else UNKNOWN


def _method(
    call: Call, name: str, receivers: Shapes, rest: tuple[Expr, ...], around: Surroundings
) -> Shapes:
    """A tensor method, or the function of the same name: `rest` are the arguments after self."""
    if name in ops.NUMBERS:
        return frozenset({NUMBER})
    if name in ops.ALWAYS_SCALAR:
        return frozenset({SCALAR})
    if name in ops.SAME_SHAPE:
        return lifted(_same, [receivers])
    if name in ops.TWO_OPERANDS and rest:
        return lifted(broadcast, [receivers, shapes_of(rest[0], around)])
    if name in ops.REDUCTIONS:
        return _reduction(call, name, receivers, rest)
    if name in ops.REDUCTIONS_TO_PAIR:
        return _reduction_to_pair(call, receivers, rest)
    return lifted(lambda s: _reshaped(s, name, rest), [receivers])


def _same(shape: Shape) -> Shape:
    return shape if shape.kind in (Kind.TENSOR, Kind.DIMENSIONED) else UNKNOWN


def _tensors(shapes: Shapes) -> bool:
    return all(shape.kind is not Kind.ITEMS for shape in shapes)


def _reduction(call: Call, name: str, receivers: Shapes, rest: tuple[Expr, ...]) -> Shapes:
    position = 1 if name == "norm" else 0
    named = {keyword.name: keyword.value for keyword in call.keywords}
    dim = named.get("dim", named.get("axis"))
    if dim is None and len(rest) > position:
        dim = rest[position]
    if any(isinstance(part, Starred) for part in rest) or None in named:
        return ANYTHING
    if dim is None or (isinstance(dim, Const) and dim.value is None):
        return (
            ANYTHING
            if name == "logsumexp"
            else lifted(lambda s: reduced(s, None, keep=False), [receivers])
        )
    dims = _dims(dim)
    keep = named.get("keepdim", rest[position + 1] if len(rest) > position + 1 else None)
    kept = isinstance(keep, Const) and bool(keep.value)
    if dims is None or (keep is not None and not isinstance(keep, Const)):
        return ANYTHING
    return lifted(lambda s: reduced(s, dims, keep=kept), [receivers])


def _reduction_to_pair(call: Call, receivers: Shapes, rest: tuple[Expr, ...]) -> Shapes:
    if not rest and not call.keywords:
        return frozenset({SCALAR}) if _tensors(receivers) else ANYTHING
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
        return _sized(rest, None)
    if name in ("flatten", "ravel") and not rest:
        return tensor(None) if shape.kind is not Kind.TENSOR else tensor(_count(shape))
    if shape.kind is not Kind.TENSOR:
        return DIMENSIONED if name == "unsqueeze" else UNKNOWN
    if name == "unsqueeze":
        return tensor(1, *shape.sizes)
    if name == "squeeze" and not rest and None not in shape.sizes:
        return tensor(*(size for size in shape.sizes if size != 1))
    if name == "t" and len(shape.sizes) <= 2:
        return tensor(*reversed(shape.sizes))
    return UNKNOWN


def _count(shape: Shape) -> int | None:
    total = 1
    for size in shape.sizes:
        if size is None:
            return None
        total *= size
    return total


def _sized(args: tuple[Expr, ...], call: Call | None) -> Shape:
    """A tensor with the sizes that are written down: `(3, 4)`, `[3, 4]` or `3, 4`."""
    if call is not None and any(k.name in ("size", None) for k in call.keywords):
        return UNKNOWN
    if len(args) == 1 and isinstance(args[0], Sequence):
        args = args[0].items
    if any(isinstance(arg, Starred) for arg in args) or (not args and call is not None):
        return UNKNOWN
    if len(args) == 1 and number(args[0]) is None:
        return UNKNOWN  # a size, or a torch.Size
    return tensor(*(n if (n := number(arg)) is not None and n >= 0 else None for arg in args))


def _ranged(call: Call, name: str) -> Shape:
    if name == "linspace":
        return tensor(number(call.args[2]) if len(call.args) > 2 else None)
    ends = [number(arg) for arg in call.args]
    match ends:
        case [int() as stop]:
            return tensor(stop)
        case [int() as start, int() as stop]:
            return tensor(max(stop - start, 0))
    return tensor(None)


def _literal(call: Call, around: Surroundings) -> Shapes:
    return lifted(_from_literal, [shapes_of(call.args[0], around)]) if call.args else ANYTHING


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


def _joined(call: Call, name: str, around: Surroundings) -> Shapes:
    if not call.args:
        return ANYTHING
    if isinstance(call.args[0], Comprehension):
        element = shapes_of(call.args[0].element, _inside(call.args[0], around))
        return lifted(lambda s: _stacked(s, None) if name == "stack" else UNKNOWN, [element])
    return lifted(lambda s: _join(s, name), [shapes_of(call.args[0], around)])


def _stacked(shape: Shape, count: int | None) -> Shape:
    return tensor(count, *shape.sizes) if shape.kind is Kind.TENSOR else DIMENSIONED


def _join(shape: Shape, name: str) -> Shape:
    if shape.kind is not Kind.ITEMS or not shape.items:
        return DIMENSIONED if name == "stack" else UNKNOWN
    if name == "stack":
        return _stacked(shape.items[0], len(shape.items))
    return DIMENSIONED if all(item.has_dimensions for item in shape.items) else UNKNOWN
