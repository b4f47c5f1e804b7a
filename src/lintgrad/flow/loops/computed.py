"""Places that are computed from others by arithmetic, as `len(loader) * epoch + i` is from `i`."""

from collections.abc import Mapping

from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    Binary,
    BoolOp,
    Call,
    Compare,
    Const,
    Expr,
    IfExp,
    Item,
    Name,
    Unary,
)
from lintgrad.syntax.walk import children, parts_of

Values = Mapping[str, list[Expr]]
"""The values that a function assigns to each place."""


def places_in(expr: Expr) -> set[str]:
    """The places that an expression reads."""
    return {place for part in parts_of(expr) if (place := place_of(part)) is not None}


def made_of(expr: Expr, values: Values) -> set[str]:
    """The places that an expression reads, with those that the computed ones are computed from."""
    found = list(places_in(expr))
    for place in found:  # grows while it is read
        match values.get(place):
            case [Binary() as only] if _has_value(only):
                found += places_in(only) - set(found)
    return set(found)


def computed_from(names: set[str], values: Values) -> set[str]:
    """Some places, and those computed from them."""
    found = set(names)
    while True:
        more = {
            name
            for name, computed in values.items()
            if name not in found
            and any(found & places_in(value) and _has_value(value) for value in computed)
        }
        if not more:
            return found
        found |= more


def _has_value(expr: Expr) -> bool:
    """Whether the value of an expression can be told if those of the places in it can."""
    match expr:
        case Const():
            return True
        case Name() | Attr() | Item():
            return place_of(expr) is not None
        case Call(func=Name(id=name), args=args):
            return name == "len" or (
                name in ("int", "bool", "max", "min") and all(map(_has_value, args))
            )
        case Unary() | Binary() | Compare() | BoolOp() | IfExp():
            return all(map(_has_value, children(expr)))
    return False
