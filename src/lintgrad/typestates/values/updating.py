"""What `target op= value` makes of its target: a tensor or a list is changed in place."""

from lintgrad.syntax.nodes import Binary
from lintgrad.typestates.values import builtins, links
from lintgrad.typestates.values.evaluate import Surroundings, combined, values_of
from lintgrad.typestates.values.possible import Values, lifted
from lintgrad.typestates.values.value import UNKNOWN, WITHOUT_GRAPH, Kind, Value


def updated(expr: Binary, around: Surroundings) -> Values:
    """The values that a target has after it was updated by the operator of an expression."""
    place = around.at(expr.span)

    def apply(left: Value, right: Value) -> Value:
        if left.is_tensor and not right.is_collection:
            return in_place(left, (left, right), place)
        if left.is_collection:
            return extended(left, right) if expr.op == "+" else UNKNOWN
        if left.kind in (Kind.UNKNOWN, Kind.PICKED) and right.kind is not Kind.NUMBER:
            # A list takes the rows of a tensor in, and stays a list.
            return UNKNOWN.linked(*links.hang_of((left, right), links.RECORDED))
        return combined(expr, left, right, place)

    return lifted(apply, [values_of(expr.left, around), values_of(expr.right, around)])


def in_place(tensor: Value, operands: tuple[Value, ...], place: links.Place) -> Value:
    """A tensor that is changed in place: the shape stays.

    What requires grad still does after a change under `no_grad` (torch 2.13).
    """
    if place.recording.enabled is False and tensor.link not in WITHOUT_GRAPH:
        return tensor
    return links.linked(tensor, operands, place.recording)


def extended(value: Value, more: Value) -> Value:
    """A list that others are added to."""
    if value.names or more.names or more.kind is not Kind.ITEMS:
        return value if more == value and value.kind is Kind.MANY else UNKNOWN
    if value.kind is Kind.ITEMS and value.items:
        return Value(Kind.ITEMS, items=(*value.items, *more.items))
    for item in more.items:
        value = builtins.appended(value, item)
    return value
