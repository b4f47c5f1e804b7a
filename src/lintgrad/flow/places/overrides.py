"""Methods that classes of the project have each their own of: which one runs is not in sight."""

from collections.abc import Callable

from lintgrad.flow.names.methods import is_abstract, is_static, only_raises
from lintgrad.flow.names.scopes import Argument, ClassScope, Scope
from lintgrad.flow.places.callees import Callee, Callees
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Function

Overriding = Callable[[Scope, ClassScope], tuple[ClassScope, ...] | None]
"""The classes that derive from one and have a method of their own; None if there are too many."""

_KEEP = frozenset({"staticmethod", "classmethod", "override", "final"})
"""Decorators of methods that change nothing about what a call runs."""


class Overrides:
    """Answers what a call may run whose method other classes have their own of."""

    def __init__(self, callees: Callees, overriding: Overriding) -> None:
        self._callees = callees
        self._overriding = overriding

    def of_call(self, scope: Scope, func: Attr) -> tuple[Callee, ...] | None:
        """The methods one of which an open call runs; None if they cannot all be told."""
        own = self._callees.own_class(scope, func.value)
        method = own.method(func.name) if own is not None else None
        if own is None or method is None:
            return None
        if is_abstract(method) and not only_raises(method):
            return None  # a hook: whether anything is ever made that does nothing there is open
        others = self._overriding(method, own)
        if others is None:
            return None
        classes = others if only_raises(method) else (own, *others)
        found = [_method(one, func, scope) for one in classes]
        known = tuple(callee for callee in found if callee is not None)
        return known if known and len(known) == len(found) else None


def _method(own: ClassScope, func: Attr, scope: Scope) -> Callee | None:
    method = own.method(func.name)
    node = method.node if method is not None else None
    if method is None or not isinstance(node, Function):
        return None
    if any((place_of(d) or "").rsplit(".", 1)[-1] not in _KEEP for d in node.decorators):
        return None
    return Callee(method, None if is_static(method) else Argument(scope, func.value), own)
