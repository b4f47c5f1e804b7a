"""Names that stand for a setting: assigned once, from what stays as it is while a function runs."""

from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Compare, Const, Expr, For, Item, Name, Unary, While
from lintgrad.syntax.walk import parts_of, statements_of

_LONGEST_CHAIN = 4
_PLAIN = (Name, Attr, Item, Const, Compare, Unary)
"""Kinds of expressions that only read."""


def settled(scope: Scope, test: Expr) -> Expr:
    """What a test asks in the end, where it is a name for something that never changes."""
    for _ in range(_LONGEST_CHAIN):
        bound = scope.bindings.get(test.id, []) if isinstance(test, Name) else []
        if len(bound) != 1 or not _is_setting(scope, bound[0]):
            break
        test = bound[0].value
    return test


def _is_setting(scope: Scope, binding: Binding) -> bool:
    parts = list(parts_of(binding.value))
    places = {place for part in parts if (place := place_of(part)) is not None}
    return (
        binding.via is Via.VALUE
        and bool(places)
        and all(isinstance(part, _PLAIN) for part in parts)
        and all(_never_changes(scope, place) for place in places)
    )


def _never_changes(scope: Scope, place: str) -> bool:
    """Whether a place is given a value once at most, and not in a loop."""
    for name in (place, root_of(place)):
        found = scope.lookup(name)
        if found is not None:
            where, bindings = found
            if len(bindings) > 1 or where.parameter(name) is not None or _in_loop(where, bindings):
                return False
    return True


def _in_loop(scope: Scope, bindings: list[Binding]) -> bool:
    loops = [s for s in statements_of(scope.node.body) if isinstance(s, For | While)]
    inner = [s.span for loop in loops for s in statements_of(loop.body)]
    return any(
        binding.via is not Via.VALUE
        or any(s.start <= binding.value.span.start < s.end for s in inner)
        for binding in bindings
    )
