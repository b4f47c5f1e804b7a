"""Windows that an engine or a wrapper counts by itself, call after call of one of its methods.

deepspeed 0.18, deepspeed/runtime/engine.py (`is_gradient_accumulation_boundary`, `step`): the steps
are counted from 0, and the last one of a window is done. mmengine 0.10,
mmengine/optim/optimizer/optimizer_wrapper.py (`update_params`, `should_update`): the same for the
calls of `update_params`. Clearing by hand waits for nothing in either.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from lintgrad.flow.calls.micro_batches import window_size
from lintgrad.flow.events import Assign, Awaited, Event
from lintgrad.flow.graph import Guards
from lintgrad.flow.loops.counting import counted_length
from lintgrad.flow.names.bound_once import followed
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax.frameworks import RETURNED, Row, Told
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Compare, Const, Mapping, Name


class _Counted(NamedTuple):
    """What counts, as it is called in a function, and how far."""

    place: str
    size: int

    @property
    def counter(self) -> str:
        return f"{self.place}.<micro-batches>"

    @property
    def flag(self) -> str:
        return f"{self.place}.<last micro-batch>"


class EngineWindows:
    """Answers which calls of one function count, and what is done for the last micro-batch.

    Nothing counts if a window is not known to have more than one.
    """

    def __init__(self, scope: Scope, roles: Roles, row: Callable[[Call], Row | None]) -> None:
        """`row` gives what is known of a call."""
        self._scope = scope
        self._roles = roles
        self._row = row

    def counted(self, call: Call) -> tuple[Event, ...]:
        """What a call counts before it does what waits for the last micro-batch; often nothing."""
        window = self._window(call)
        if window is None:
            return ()
        at = call.span
        count, flag = Name(at, window.counter), Name(at, window.flag)
        more = Binary(at, "%", Binary(at, "+", count, Const(at, 1)), Const(at, window.size))
        return (
            Assign(at, (window.counter,), more),
            Assign(at, (window.flag,), Compare(at, "==", count, Const(at, 0))),
            Awaited(at, flag, window.flag),
        )

    def counting(self, guards: Guards) -> Guards:
        """The guards of the function, with what is counted in it."""
        found = set(self._windows())
        if not found:
            return guards
        moduli = guards.moduli | {window.size for window in found}
        counters, flags = {w.counter for w in found}, {w.flag for w in found}
        return replace(
            guards,
            tracked=guards.tracked | counters | flags,
            moduli=moduli,
            length=counted_length(moduli, guards.limits),
            entered={**guards.entered, **{c: Const(Span(0, 0), 0) for c in counters}},
        )

    def _windows(self) -> Iterator[_Counted]:
        for call in self._scope.calls:
            window = self._window(call)
            if window is not None:
                yield window

    def _window(self, call: Call) -> _Counted | None:
        row = self._row(call)
        place = place_of(call.func.value) if isinstance(call.func, Attr) else None
        if row is None or row.window is None or place is None:
            return None
        given = self._given(place, row.window)
        size = window_size(given.scope, given.expr) if given is not None else None
        return None if size is None else _Counted(place, size)

    def _given(self, place: str, told: Told) -> Argument | None:
        """What the object at a place is told the length of a window is."""
        made = self._made(place)
        if made is None or not isinstance(made.expr, Call):
            return None
        given = made.expr.argument(-1, told.within or told.setting)
        if given is None or told.within is None:
            return None if given is None else Argument(made.scope, given)
        settings = followed(made.scope, given)
        if not isinstance(settings.expr, Mapping):
            return None
        for key, value in settings.expr.items:
            if isinstance(key, Const) and key.value == told.setting:
                return Argument(settings.scope, value)
        return None

    def _made(self, place: str) -> Argument | None:
        """The call that makes the object at a place, alone or among other things."""
        found = self._roles.of_place(self._scope, place)
        if found is not None and found.build is not None and found.scope is not None:
            return Argument(found.scope, found.build)
        known = self._scope.lookup(place)
        bound = None if known is None or len(known[1]) != 1 else known[1][0].value
        if known is None or not isinstance(bound, Call):
            return None
        return Argument(known[0], bound) if known[0].dotted(bound.func) in RETURNED else None
