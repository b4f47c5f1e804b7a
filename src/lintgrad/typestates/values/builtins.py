"""What Python's builtins and the methods of lists and dicts make of tensors."""

from collections.abc import Callable

from lintgrad.typestates.values import links
from lintgrad.typestates.values.arguments import Given
from lintgrad.typestates.values.shapes import broadcast
from lintgrad.typestates.values.value import (
    NUMBER,
    UNKNOWN,
    Kind,
    Link,
    Value,
    constant,
    items,
    many,
    tensor,
)


def _number(given: Given, at: links.Place) -> Value:
    """`float(loss)`: a number without a graph."""
    value = given.first
    if value is None or value.link in (Link.NONE, Link.ANY):
        return NUMBER
    cut = value.cut if value.link not in (Link.KEPT, Link.MAYBE) else at.span
    return NUMBER.linked(Link.CUT, cut)


def _count(given: Given, _: links.Place) -> Value:
    value = given.first
    if value is not None and value.above is not None:
        return Value(Kind.NUMBER, link=Link.NONE, above=value.above)
    if value is not None and value.kind is Kind.ITEMS and not value.names:
        return Value(Kind.NUMBER, constant=len(value.items), link=Link.NONE)
    if value is not None and value.kind is Kind.TENSOR and value.sizes:
        return Value(Kind.NUMBER, constant=value.sizes[0], link=Link.NONE)
    return NUMBER


def _sum(given: Given, at: links.Place) -> Value:
    if not given.complete or given.first is None:
        return UNKNOWN
    total = _summed(given.first)
    start = given.get(1, "start")
    result = total if start is None else broadcast(start, total)
    return links.linked(result, given.all, at.recording)


def _summed(value: Value) -> Value:
    if value.kind is Kind.MANY:
        one = value.items[0]
        return UNKNOWN if one.is_collection else Value(one.kind, one.sizes)
    if value.kind is Kind.ITEMS and value.items and not value.names:
        total = value.items[0]
        for item in value.items[1:]:
            total = broadcast(total, item)
        return UNKNOWN if total.is_collection else Value(total.kind, total.sizes)
    if value.kind is Kind.TENSOR and value.sizes:
        return tensor(*value.sizes[1:])
    return UNKNOWN


def _extreme(given: Given, at: links.Place) -> Value:
    """`max(a, b)` is one of them; so is `max` of a list."""
    values = given.args
    if len(values) == 1 and values[0].is_collection:
        values = values[0].items
    elif len(values) == 1 and values[0].kind is Kind.TENSOR and values[0].sizes:
        values = (tensor(*values[0].sizes[1:]),)
    shapes = {(value.kind, value.sizes) for value in values}
    if len(values) == 0 or len(shapes) > 1 or any(value.is_collection for value in values):
        scalars = bool(values) and all(value.is_scalar for value in values)
        # A number among 0-dim tensors: whichever it is, it has no dimensions.
        known = tensor() if scalars else UNKNOWN
    else:
        known = Value(*shapes.pop())
    return links.linked(known, given.args, at.recording)


def _same(given: Given, _: links.Place) -> Value:
    value = given.first
    if value is None:
        return items()
    return value if value.is_collection and not value.names else UNKNOWN


def _absolute(given: Given, at: links.Place) -> Value:
    value = given.first
    if value is None or value.is_collection:
        return UNKNOWN
    return links.linked(Value(value.kind, value.sizes), (value,), at.recording)


def _dict(given: Given, _: links.Place) -> Value:
    if given.args or not given.complete:
        return UNKNOWN
    return Value(Kind.ITEMS, items=tuple(given.named.values()), names=tuple(given.named))


def _enumerated(given: Given, _: links.Place) -> Value:
    value = given.first
    if value is None:
        return UNKNOWN
    if value.kind is Kind.ITEMS and not value.names:
        return items(*(items(NUMBER, item) for item in value.items))
    return many(items(NUMBER, _each(value)))


def _zipped(given: Given, _: links.Place) -> Value:
    if not given.complete or given.named:
        return many(UNKNOWN)
    if all(value.kind is Kind.ITEMS and not value.names for value in given.args):
        rows = [value.items for value in given.args]
        return items(*(items(*row) for row in zip(*rows, strict=False)))
    return many(items(*map(_each, given.args)))


def _each(value: Value) -> Value:
    """An element of a collection, whichever."""
    if value.kind is Kind.ITEMS and value.names:
        return UNKNOWN  # its keys
    alike = set(value.items)
    return alike.pop() if value.is_collection and len(alike) == 1 else UNKNOWN


BUILTINS: dict[str, Callable[[Given, links.Place], Value]] = {
    **dict.fromkeys(("float", "int", "round", "complex"), _number),
    "len": _count,
    "sum": _sum,
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("list", "tuple", "sorted", "reversed"), _same),
    "abs": _absolute,
    "dict": _dict,
    "enumerate": _enumerated,
    "zip": _zipped,
}


def of_collection(name: str, value: Value) -> Value:
    """What a method of a list or a dict returns."""
    if name == "values":
        if value.names and "__class__" not in value.names:
            return Value(Kind.ITEMS, items=value.items)
        return value if value.kind is Kind.MANY else UNKNOWN
    if name == "items" and value.names and "__class__" not in value.names:
        pairs = zip(value.names, value.items, strict=True)
        return items(*(items(constant(key), item) for key, item in pairs))
    if name == "items" and value.kind is Kind.MANY:
        return many(items(UNKNOWN, value.items[0]))
    if name == "copy":
        return value
    if name == "pop" and value.kind is Kind.MANY:
        return value.items[0]
    return UNKNOWN


def appended(value: Value, element: Value) -> Value:
    """A list after `append`."""
    if value.kind is Kind.ITEMS and not value.items:
        return many(element)
    if value.kind is Kind.MANY:
        return value if value.items[0] == element else many(UNKNOWN)
    if value.kind is Kind.ITEMS and not value.names and set(value.items) == {element}:
        return many(element)
    return UNKNOWN
