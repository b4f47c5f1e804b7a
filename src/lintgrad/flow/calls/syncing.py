"""`no_sync`: which micro-batches of a data-parallel module are not synchronised.

torch 2.13, torch/nn/parallel/distributed.py: entering `no_sync` clears a flag that the forward pass
looks at, leaving it sets the flag again. Backward then does as the forward pass has prepared.
"""

from collections.abc import Iterator
from functools import cached_property

from lintgrad.flow.events import Forward, SyncMode
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Break,
    Call,
    Continue,
    Expr,
    IfExp,
    Name,
    Raise,
    Return,
    With,
)
from lintgrad.syntax.walk import parts_of, statements_of

_NO_SYNC = "no_sync"

_LEAVES_EARLY = (Break, Continue, Return, Raise)


class Syncing:
    """Turns what one function does with `no_sync` into events.

    There are none if it is used for several modules, or in other ways than as what a `with` enters.
    """

    def __init__(self, scope: Scope, places: Places) -> None:
        self._scope = scope
        self._places = places

    def called(self, call: Call) -> tuple[SyncMode | Forward, ...]:
        """What a call means for the module that the function uses `no_sync` of."""
        module = self._module
        if module is None:
            return ()
        if self._keeps_local(call) is not None:
            return (SyncMode(call.span, module, local=True),)
        if place_of(call.func) == module:
            return (Forward(call.span, module, self._decides),)
        return ()

    def referred(self, attr: Attr) -> tuple[SyncMode, ...]:
        """What naming `no_sync` means where a `with` calls it later on."""
        if attr.name != _NO_SYNC or self._module is None or attr not in self._referred:
            return ()
        return (SyncMode(attr.span, self._module, local=True),)

    def leaves(self, manager: Expr) -> tuple[SyncMode, ...]:
        """What leaving a context manager means for it."""
        if self._module is None or not self._is_entered(manager):
            return ()
        return (SyncMode(manager.span, self._module, local=False),)

    @cached_property
    def _module(self) -> str | None:
        """The one module that `no_sync` is used of, if all of that is understood."""
        used = [call for call in self._scope.calls if self._keeps_local(call) is not None]
        modules = {self._keeps_local(call) for call in used}
        modules |= {place_of(attr.value) for attr in self._referred}
        if len(modules) != 1:
            return None
        entering = [
            statement
            for statement in statements_of(self._scope.node.body)
            if isinstance(statement, With)
            and any(self._is_entered(item.value) for item in statement.items)
        ]
        if any(isinstance(s, _LEAVES_EARLY) for one in entering for s in statements_of(one.body)):
            return None
        held = {
            part.span for one in entering for item in one.items for part in parts_of(item.value)
        }
        held |= {part.span for value in self._bound for part in parts_of(value)}
        return modules.pop() if all(call.span in held for call in used) else None

    @cached_property
    def _referred(self) -> list[Attr]:
        """Where `no_sync` is only named, for a name that some `with` calls."""
        called = {
            item.value.func.id
            for statement in statements_of(self._scope.node.body)
            if isinstance(statement, With)
            for item in statement.items
            if isinstance(item.value, Call) and isinstance(item.value.func, Name)
        }
        values = [
            binding.value
            for name in called
            for binding in self._scope.bindings.get(name, ())
            if binding.via is Via.VALUE
        ]
        return [attr for value in values for attr in _chosen(value)]

    @cached_property
    def _bound(self) -> list[Expr]:
        """The values with `no_sync` that a name has which some `with` enters."""
        names = {
            place_of(item.value)
            for statement in statements_of(self._scope.node.body)
            if isinstance(statement, With)
            for item in statement.items
        }
        return [
            statement.value
            for statement in statements_of(self._scope.node.body)
            if isinstance(statement, Assign)
            and any(place_of(target) in names for target in statement.targets)
            and self._mentions(statement.value)
        ]

    def _is_entered(self, manager: Expr) -> bool:
        if isinstance(manager, Name):
            found = self._scope.lookup(manager.id)
            return found is not None and any(self._mentions(one.value) for one in found[1])
        if isinstance(manager, Call) and isinstance(manager.func, Name):
            given = self._scope.bindings.get(manager.func.id, ())
            if any(attr in self._referred for one in given for attr in _chosen(one.value)):
                return True
        return self._mentions(manager)

    def _mentions(self, expr: Expr) -> bool:
        return any(
            isinstance(part, Call) and self._keeps_local(part) is not None
            for part in parts_of(expr)
        )

    def _keeps_local(self, call: Call) -> str | None:
        """The module that a call is `no_sync` of: `model.no_sync()`, `engine.no_sync(model)`."""
        func = call.func
        if not isinstance(func, Attr) or func.name != _NO_SYNC or call.keywords:
            return None
        if not call.args:
            return place_of(func.value)
        holder = place_of(func.value)
        known = holder is not None and self._places.role(holder) is Role.ENGINE
        return place_of(call.args[0]) if known and len(call.args) == 1 else None

    @cached_property
    def _decides(self) -> bool:
        found = self._scope.lookup(self._module) if self._module is not None else None
        return found is not None and all(
            isinstance(one.value, Call)
            and found[0].dotted(one.value.func) in apis.LOOKS_AT_MODE_IN_FORWARD
            for one in found[1]
        )


def _chosen(value: Expr) -> Iterator[Attr]:
    """The `no_sync` that an expression may be, without calling it."""
    match value:
        case Attr(value=module, name=name) if name == _NO_SYNC and place_of(module) is not None:
            yield value
        case IfExp(body=body, orelse=orelse):
            yield from _chosen(body)
            yield from _chosen(orelse)
