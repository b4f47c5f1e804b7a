"""The shapes an expression may have, given those of the places in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
from lintgrad.typestates.calls import (
    builtin_shapes,
    called_shapes,
    function_shapes,
    method_shapes,
    number,
)
from lintgrad.typestates.possible import ANYTHING, Shapes, lifted
from lintgrad.typestates.shapes import (
    NUMBER,
    UNKNOWN,
    Index,
    Kind,
    Part,
    Shape,
    Special,
    broadcast,
    indexed,
    items,
    many,
    matrix_product,
    tensor,
)


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
            return _each(matrix_product, [expr.left, expr.right], around)
        case Binary() | Compare():
            return _each(broadcast, [expr.left, expr.right], around)
        case Sequence():
            return _each(items, list(expr.items), around)
        case Item():
            return _item(expr, around)
        case Comprehension():
            return _comprehension(expr, around)
        case Call():
            return _call(expr, around)
    return ANYTHING


def _each(operation: Callable[..., Shape], operands: list[Expr], around: Surroundings) -> Shapes:
    """An operation over every combination of its operands' shapes."""
    return lifted(operation, [shapes_of(operand, around) for operand in operands])


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
    args = [shapes_of(arg, around) for arg in call.args]
    return _call_shapes(call, name, place, args, around)


def _call_shapes(
    call: Call, name: str | None, place: str | None, args: list[Shapes], around: Surroundings
) -> Shapes:
    if name is not None:
        return function_shapes(name, call, args)
    if place is not None and place in around.shapes:
        return called_shapes(around.shapes[place], args)
    match call.func:
        case Name(id=builtin):
            return builtin_shapes(builtin, args)
        case Attr(name="scale") if len(args) == 1:
            return args[0]  # GradScaler.scale
        case Attr(value=receiver, name=method):
            return method_shapes(method, call, shapes_of(receiver, around), args, call.args)
        case Call():
            return called_shapes(shapes_of(call.func, around), args)
    return ANYTHING


def _comprehension(expr: Comprehension, around: Surroundings) -> Shapes:
    """The collection it makes; the names it binds are not followed."""
    bound = {place_of(clause.target) for clause in expr.clauses}
    kept = {place: shapes for place, shapes in around.shapes.items() if place not in bound}
    return lifted(many, [shapes_of(expr.element, Surroundings(kept, around.imports))])
