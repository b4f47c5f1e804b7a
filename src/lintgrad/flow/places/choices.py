"""Calls of one of several functions in sight: out of a dict, or by a condition."""

import re

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import bound_once, from_caller
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.callees import Callee, Callees
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, IfExp, Item, Mapping, Name

_CHANGES = frozenset({"update", "setdefault", "pop", "clear", "__setitem__"})
_MOST = 6
"""With more functions to choose from, nothing is said of any."""


class Choices:
    """Finds the functions one of which a call runs, the same one whenever nothing changes."""

    def __init__(self, callees: Callees) -> None:
        self._callees = callees

    def of_call(self, scope: Scope, call: Call) -> tuple[str, tuple[Callee, ...]] | None:
        """What is chosen by, and the functions; None if they cannot all be told."""
        where, func = self._chosen_among(scope, call.func)
        options: tuple[tuple[Scope, Expr], ...]
        match func:
            case IfExp(test=test, body=body, orelse=orelse):
                by, options = place_of(test) or "?", ((where, body), (where, orelse))
                settled = func is not call.func or self._is_settled(scope, test)
            case Item(value=value, index=index):
                table = self._table(where, value)
                if table is None or place_of(index) is None:
                    return None
                by = place_of(index) or "?"
                options, settled = table, self._is_settled(where, index)
            case _:
                return None
        found = [self._callees.of_value(*option) for option in options]
        known = tuple(c for c in found if c is not None and not c.scope.is_generator)
        if not settled or len(known) != len(options) or len(known) > _MOST:
            return None
        return by, known

    def only(self, scope: Scope, func: Expr) -> Callee | None:
        """The function under a key that is written down."""
        if not isinstance(func, Item):
            return None
        asked = from_caller(scope, func.index)
        known = bound_once(scope, asked.expr)
        place = place_of(asked.expr)
        if known is not None and place is not None and _is_shared(known.scope, root_of(place)):
            return None
        key = (known or asked).expr
        table = self._mapping(scope, func.value)
        if table is None or not isinstance(key, Const):
            return None
        where, display = table
        for name, value in display.items:
            if isinstance(name, Const) and name.value == key.value:
                return self._callees.of_value(where, value)
        return None

    def _chosen_among(self, scope: Scope, func: Expr) -> tuple[Scope, Expr]:
        """The choice itself, where a name stands for what was chosen."""
        bound = bound_once(scope, func) if isinstance(func, Name | Attr) else None
        chosen = bound is not None and isinstance(bound.expr, IfExp | Item)
        return (bound.scope, bound.expr) if bound is not None and chosen else (scope, func)

    def _table(self, scope: Scope, value: Expr) -> tuple[tuple[Scope, Expr], ...] | None:
        found = self._mapping(scope, value)
        if found is None:
            return None
        return tuple((found[0], option) for _, option in found[1].items)

    def _mapping(self, scope: Scope, value: Expr) -> tuple[Scope, Mapping] | None:
        """The display of a dict that nothing is put into later."""
        if isinstance(value, Mapping):
            return scope, value
        place, bound = place_of(value), bound_once(scope, value)
        if place is None or bound is None or not isinstance(bound.expr, Mapping):
            return None
        known = sum(name.startswith(f"{place}[") for name in bound.scope.bindings)
        if known not in (0, len(bound.expr.items)):
            return None
        changed = any(
            isinstance(call.func, Attr)
            and call.func.name in _CHANGES
            and place_of(call.func.value) == place
            for each in (scope, bound.scope)
            for call in each.calls
        )
        return None if changed else (bound.scope, bound.expr)

    def _is_settled(self, scope: Scope, expr: Expr) -> bool:
        """Whether what is asked is the same whenever the call is come to, as far as that shows."""
        where, asked = from_caller(scope, expr)
        place = place_of(asked)
        found = where.lookup(place) if place is not None else None
        if place is None or (found is not None and len(found[1]) > 1):
            return False
        if found is not None and _is_shared(found[0], root_of(place)):
            return False
        own = self._callees.own_class(where, asked.value) if isinstance(asked, Attr) else None
        if own is not None and isinstance(asked, Attr):
            return not any(
                f"self.{asked.name}" in method.bindings
                for one in own.lineage()
                for name, method in one.methods.items()
                if name != "__init__"
            )
        return found is None or found[1][0].via is Via.VALUE


def _is_shared(scope: Scope, name: str) -> bool:
    """Whether some function of the file declares that it gives an outer name new values."""
    declared = rf"^\s*(?:global|nonlocal)\b.*\b{re.escape(name)}\b"
    return re.search(declared, scope.source.text, re.MULTILINE) is not None
