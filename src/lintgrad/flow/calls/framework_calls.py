"""Calls of training frameworks turned into events, by the rows of their table."""

from collections.abc import Iterator

from lintgrad.flow.calls.engine_windows import EngineWindows
from lintgrad.flow.events import Backward, Escape, Event
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import spelled
from lintgrad.syntax.frameworks import FUNCTIONS, METHODS, Effect, Row
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr


class FrameworkCalls:
    """Turns those calls of one function into events that frameworks have a row for."""

    def __init__(self, scope: Scope, roles: Roles, places: Places) -> None:
        self._scope = scope
        self._roles = roles
        self._places = places
        self.windows = EngineWindows(scope, roles, self._row)

    def events(self, call: Call) -> tuple[Event, ...] | None:
        """What a call does to gradients; None if there is no row for it."""
        row = self._row(call)
        return None if row is None else tuple(self._effects(call, row))

    def _row(self, call: Call) -> Row | None:
        name = self._scope.dotted(call.func)
        if name is not None:
            return FUNCTIONS.get(name)
        if isinstance(call.func, Attr):
            row = METHODS.get((self._kind(call.func.value), call.func.name))
            if row is not None:
                return row
        return METHODS.get((self._kind(call.func), "__call__"))

    def _kind(self, expr: Expr) -> str:
        found = self._roles.of_expr(self._scope, expr)
        return "" if found is None else found.kind

    def _effects(self, call: Call, row: Row) -> Iterator[Event]:
        target = self._optimizer(call, row)
        counted = self.windows.counted(call)
        text = spelled(self._scope.source.text, call.func.span)
        for effect in row.effects:
            if effect is Effect.BACKWARD:
                yield Backward(call.span, call.argument(row.loss, "loss"))
                continue
            yield from counted
            counted = ()
            if target is None:
                yield Escape(call.span, None, f"`{text}(...)` steps something without a name")
            elif effect is Effect.CLEAR:
                yield from self._places.cleared(call.span, target, f"{text}()")
            elif effect is Effect.CLEAR_IF_ASKED:
                yield from self._cleared_if_asked(call, target)
            elif effect is Effect.UNKNOWN:
                yield self._doubt(call, target, f"what `{text}(...)` does is not known")
            elif self._may_be_left_out(call, row):
                yield self._doubt(call, target, f"whether `{text}(...)` steps is not known")
            else:
                yield self._places.step(call.span, target)

    def _cleared_if_asked(self, call: Call, target: str) -> tuple[Event, ...]:
        asked = call.argument(0, "zero_grad")
        text = spelled(self._scope.source.text, call.func.span)
        if asked is None:
            return ()
        if not isinstance(asked, Const):
            return (self._doubt(call, target, f"whether `{text}(...)` clears is not known"),)
        return self._places.cleared(call.span, target, f"{text}()") if asked.value else ()

    def _doubt(self, call: Call, target: str, reason: str) -> Escape:
        return Escape(call.span, frozenset({self._places.canonical(target)}), reason)

    def _optimizer(self, call: Call, row: Row) -> str | None:
        if row.optimizer is not None:
            handed = call.argument(row.optimizer, row.optimizer_name)
            return None if handed is None else place_of(handed)
        return place_of(call.func.value) if isinstance(call.func, Attr) else None

    def _may_be_left_out(self, call: Call, row: Row) -> bool:
        """Whether an argument decides if there is a step."""
        given = next((k.value for k in call.keywords if k.name == row.only_with), None)
        return given is not None and not (isinstance(given, Const) and given.value is True)
