"""The values an expression may have, given those of the places in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.meaning import Meaning
from lintgrad.flow.names.recording import Recording
from lintgrad.source.text import Span
from lintgrad.syntax import nodes
from lintgrad.syntax.names import place_of
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
from lintgrad.typestates.values import links
from lintgrad.typestates.values.decisions import outcome
from lintgrad.typestates.values.indexing import Index, Part, indexed
from lintgrad.typestates.values.possible import ANYTHING, Values, joined, lifted, limited
from lintgrad.typestates.values.shapes import broadcast, matrix_product
from lintgrad.typestates.values.value import (
    UNKNOWN,
    Kind,
    Link,
    Value,
    constant,
    items,
    many,
    named,
    tensor,
)


class Interpreter(Protocol):
    """Answers what calls and names stand for that lead out of a function."""

    def called(self, call: Call, around: "Surroundings") -> Values:
        """What a call makes, of whatever kind it is."""

    def bound(self, meaning: Meaning, value: Expr) -> Values:
        """What a name has that is bound to an expression once, somewhere else."""

    def ran(self, call: Call, around: "Surroundings", env: dict[str, Values]) -> None:
        """What a call as a statement does to the object that the caller works on."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression stands in.

    The values of places; what names refer to; whether gradients are recorded around the function;
    and whether the places are followed, or each is taken to be what it is bound to once.
    """

    values: Mapping[str, Values]
    meaning: Meaning
    around: Recording
    interpreter: Interpreter
    follows: bool = True

    def at(self, span: Span) -> links.Place:
        """Where an expression stands."""
        return links.Place(span, self.meaning.recording(span.start, self.around))


def values_of(expr: Expr, around: Surroundings) -> Values:
    """The values that an expression may have; UNKNOWN among them where it is not understood."""
    match expr:
        case Const(value=value):
            return frozenset({constant(value)})
        case Name() | Attr():
            return _of_place(expr, around)
        case IfExp():
            return _chosen(expr, around)
        case BoolOp():
            return joined(values_of(part, around) for part in expr.parts)
        case Walrus() | Starred():
            return values_of(expr.value, around)
        case Unary():
            return lifted(lambda v: _unary(expr.op, v), [values_of(expr.value, around)])
        case Binary() | Compare():
            return _binary(expr, around)
        case Sequence():
            return _sequence(expr, around)
        case nodes.Mapping():
            return _mapping(expr, around)
        case Item():
            return _item(expr, around)
        case Comprehension():
            return _comprehension(expr, around)
        case Call():
            return around.interpreter.called(expr, around)
    return ANYTHING


def _chosen(expr: IfExp, around: Surroundings) -> Values:
    known = outcome(expr.test, lambda part: values_of(part, around))
    if known is not None:
        return values_of(expr.body if known else expr.orelse, around)
    return joined([values_of(expr.body, around), values_of(expr.orelse, around)])


def _unary(op: str, value: Value) -> Value:
    if op == "-" and isinstance(value.constant, int | float | complex):
        return replace(value, constant=-value.constant)
    if op == "not" or value.is_collection:
        return UNKNOWN
    return value


def _binary(expr: Binary | Compare, around: Surroundings) -> Values:
    place = around.at(expr.span)

    def apply(left: Value, right: Value) -> Value:
        return combined(expr, left, right, place)

    return lifted(apply, [values_of(expr.left, around), values_of(expr.right, around)])


def combined(expr: Binary | Compare, left: Value, right: Value, place: links.Place) -> Value:
    """What an operator makes of two values."""
    if left.is_collection or right.is_collection:
        both = left.kind is right.kind is Kind.ITEMS and expr.op == "+"
        return items(*left.items, *right.items) if both else UNKNOWN
    result = matrix_product(left, right) if expr.op == "@" else broadcast(left, right)
    if isinstance(expr, Compare):
        link = Link.ANY if result.kind is Kind.UNKNOWN else Link.NONE
        mask = Value(result.kind, result.sizes, is_mask=True, link=link)
        is_tensor = result.is_tensor or Link.MAYBE in (left.link, right.link)
        return links.compared(mask, (left, right), place) if is_tensor else mask
    is_mask = left.is_mask and right.is_mask
    return replace(links.linked(result, (left, right), place.recording), is_mask=is_mask)


def _sequence(expr: Sequence, around: Surroundings) -> Values:
    if any(isinstance(item, Starred) for item in expr.items) or expr.kind == "set":
        return ANYTHING
    found = lifted(items, [values_of(item, around) for item in expr.items])
    if found != ANYTHING or not expr.items:
        return found
    # Too many combinations: every element by itself may have too many values.
    singles = [values_of(item, around) for item in expr.items]
    return frozenset({items(*(next(iter(s)) if len(s) == 1 else UNKNOWN for s in singles))})


def _mapping(expr: nodes.Mapping, around: Surroundings) -> Values:
    keys = [k.value for k, _ in expr.items if isinstance(k, Const) and isinstance(k.value, str)]
    if len(keys) != len(expr.items):
        return ANYTHING
    values = [values_of(value, around) for _, value in expr.items]
    return lifted(lambda *each: named(dict(zip(keys, each, strict=True))), values)


def _of_place(expr: Name | Attr, around: Surroundings) -> Values:
    place = place_of(expr)
    if place is not None and place in around.values:
        return around.values[place]
    owner = values_of(expr.value, around) if isinstance(expr, Attr) else ANYTHING
    if isinstance(expr, Attr) and any(value.names for value in owner):
        return lifted(lambda v: v.item(expr.name) or UNKNOWN, [owner])
    bound = None if place is None else _bound(place, around)
    if bound is not None:
        return bound
    if isinstance(expr, Attr):
        return lifted(lambda v: _attribute(v, expr, around), [owner])
    return ANYTHING


def _bound(place: str, around: Surroundings) -> Values | None:
    """What a place that is not assigned here is bound to, once."""
    meaning = around.meaning
    found = meaning.bound(place) if around.follows else meaning.settled(place)
    if found is None:
        return None
    values = around.interpreter.bound(*found)
    flag = f"{place.rpartition('.')[2]}.requires_grad"
    return frozenset(map(links.doubted, values)) if flag in found[0].scope.source.text else values


def _attribute(value: Value, expr: Attr, around: Surroundings) -> Value:
    match expr.name:
        case "data":
            return links.data_of(value, around.at(expr.span))
        case "values" | "indices":
            pair = value.kind is Kind.ITEMS and len(value.items) == 2 and not value.names
            return value.items[int(expr.name == "indices")] if pair else UNKNOWN
        case "T" | "mT" | "H" | "mH" if value.kind is Kind.TENSOR:
            swapped = expr.name in ("T", "H") or len(value.sizes) < 2
            sizes = value.sizes[::-1] if swapped else (*value.sizes[:-2], *value.sizes[:-3:-1])
            return replace(value, sizes=sizes)
        case "T" | "mT" | "H" | "mH" if value.kind is Kind.AT_LEAST:
            return replace(value, sizes=(None,) * len(value.sizes))  # any may be last
        case "shape":
            return value.shape if value.is_tensor else UNKNOWN
        case "ndim":
            return value.rank
        case "real" | "imag" | "T" | "mT":
            return value if value.is_tensor else UNKNOWN
        case "grad":
            return replace(value, link=Link.MAYBE) if value.is_tensor else UNKNOWN
    return UNKNOWN


def _item(expr: Item, around: Surroundings) -> Values:
    place = place_of(expr)
    if place is not None and place in around.values:
        return around.values[place]
    parts = expr.index.items if isinstance(expr.index, Sequence) else (expr.index,)
    if isinstance(expr.index, Sequence) and expr.index.kind == "list":
        parts = (expr.index,)
    indices = [_index(part, around) for part in parts]
    recording = around.at(expr.span).recording

    def apply(value: Value, *positions: Index) -> Value:
        found = indexed(value, positions)
        return found if value.is_collection else links.linked(found, (value,), recording)

    owner = values_of(expr.value, around)
    return lifted(apply, [owner, *indices])  # type: ignore[list-item]  # slices are no values


def _index(expr: Expr, around: Surroundings) -> frozenset[Index]:
    if isinstance(expr, Slice):
        bounds = [None if b is None else values_of(b, around) for b in (expr.lower, expr.upper)]
        known = [None if b is None else next(iter(b)).whole for b in bounds]
        is_known = expr.step is None and all(
            b is None or (len(b) == 1 and k is not None) for b, k in zip(bounds, known, strict=True)
        )
        return frozenset({Part(known[0], known[1]) if is_known else Part(is_known=False)})
    if isinstance(expr, nodes.Other) and not expr.parts:
        return frozenset({constant(...)})  # `x[..., 0]`
    return frozenset(values_of(expr, around))


def _comprehension(expr: Comprehension, around: Surroundings) -> Values:
    """The collection it makes; what its names stand for is known if all elements are alike."""
    values = dict(around.values)
    for clause in expr.clauses:
        elements = lifted(element_of, [values_of(clause.iter, around)])
        place = place_of(clause.target)
        for name in names_in(clause.target):
            values[name] = elements if name == place else ANYTHING
    inner = replace(around, values=values)
    return lifted(many, [values_of(expr.element, inner)])


def element_of(value: Value) -> Value:
    """What a loop over a value goes through, if all of it is alike."""
    alike = set(_elements(value))
    return alike.pop() if len(alike) == 1 else UNKNOWN


def elements_of(values: Values) -> Values:
    """What a loop over any of some values may go through, one in each turn."""
    return limited(element for value in values for element in _elements(value)) or ANYTHING


def _elements(value: Value) -> tuple[Value, ...]:
    if value.kind is Kind.MANY or (value.kind is Kind.ITEMS and not value.names):
        return value.items
    if value.kind is Kind.TENSOR and value.sizes:
        return (replace(tensor(*value.sizes[1:]), link=value.link, cut=value.cut),)
    return (UNKNOWN,)
