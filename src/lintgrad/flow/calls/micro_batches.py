"""Windows that a framework counts: which micro-batch is the last, and what waits for it.

accelerate 1.15, src/accelerate/accelerator.py (`accumulate`, `_do_sync`) and optimizer.py (`step`,
`zero_grad`): entering `accumulate` counts, and sets `sync_gradients` on every n-th time; a
prepared optimizer steps and clears only while it is set. It is set before the first time.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from lintgrad.flow.events import Assign, Event
from lintgrad.flow.graph import Guards
from lintgrad.flow.loops.conditions import Atom
from lintgrad.flow.loops.counting import LONGEST_WINDOW, WINDOW, counted_length
from lintgrad.flow.names.bound_once import followed, passed_for
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Compare, Const, Expr, Name, With
from lintgrad.syntax.walk import statements_of

_PREPARES = frozenset({"prepare", "prepare_optimizer"})
_STEPS = "gradient_accumulation_steps"
_WAITS = frozenset({"step", "zero_grad"})


class _Counted(NamedTuple):
    """The accelerator that counts in a function, as it is called there, and how far it counts."""

    place: str
    size: int
    given: Expr

    @property
    def counter(self) -> str:
        return f"{self.place}.<micro-batches>"

    @property
    def flag(self) -> str:
        return f"{self.place}.sync_gradients"


class MicroBatches:
    """Answers what in one function counts micro-batches, and what waits for the last of a window.

    Nothing does if a window is not known to have more than one, or if something else that is
    called there changes gradients.
    """

    def __init__(
        self, scope: Scope, roles: Roles, places: Places, follows: Callable[[Call], bool]
    ) -> None:
        """`follows` says which calls go through functions that change gradients."""
        self._scope = scope
        self._roles = roles
        self._places = places
        self._follows = follows

    def entered(self, manager: Expr) -> tuple[Event, ...]:
        """What entering a context manager counts."""
        counted = self._counted
        if counted is None or not isinstance(manager, Call) or not self._is_counting(manager):
            return ()
        at = manager.span
        count, size = Name(at, counted.counter), Const(at, counted.size)
        more = Binary(at, "%", Binary(at, "+", count, Const(at, 1)), size)
        return (
            Assign(at, (counted.counter,), more),
            Assign(at, (counted.flag,), Compare(at, "==", count, Const(at, 0))),
        )

    def waited_for(self, call: Call) -> Atom | None:
        """The test that a call waits for: whether this micro-batch is the last of its window."""
        func = call.func
        if self._counted is None or not isinstance(func, Attr) or func.name not in _WAITS:
            return None
        receiver = place_of(func.value)
        if receiver is None or not self._is_prepared(receiver):
            return None
        flag = self._counted.flag
        asked = Attr(call.span, Name(call.span, self._counted.place), "sync_gradients")
        return Atom(asked, flag, frozenset({flag, self._counted.place}))

    def counting(self, guards: Guards) -> Guards:
        """The guards of the function, with what is counted in it."""
        counted = self._counted
        if counted is None:
            return guards
        moduli, at = guards.moduli | {counted.size}, Span(0, 0)
        return replace(
            guards,
            tracked=guards.tracked | {counted.counter, counted.flag},
            moduli=moduli,
            length=counted_length(moduli, guards.limits),
            divisors=(counted.given, Attr(at, Name(at, counted.place), _STEPS)),
            entered={
                counted.counter: Const(at, 0),
                counted.flag: Const(at, value=True),
            },
        )

    @cached_property
    def _counted(self) -> _Counted | None:
        managers = list(self._managers())
        if len(managers) != 1 or any(map(self._follows, self._scope.calls)):
            return None
        func = managers[0].func
        place = place_of(func.value) if isinstance(func, Attr) else None
        given = self._given(managers[0])
        size = window_size(*given) if given is not None else None
        if place is None or given is None or size is None:
            return None
        return _Counted(place, size, given[1])

    def _managers(self) -> Iterator[Call]:
        for statement in statements_of(self._scope.node.body):
            for item in statement.items if isinstance(statement, With) else ():
                if isinstance(item.value, Call) and self._is_counting(item.value):
                    yield item.value

    def _is_counting(self, call: Call) -> bool:
        return (
            isinstance(call.func, Attr)
            and call.func.name == "accumulate"
            and self._is_accelerator(self._scope, call.func.value)
        )

    def _is_accelerator(self, scope: Scope, expr: Expr) -> bool:
        found = self._roles.of_expr(scope, expr)
        return found is not None and found.role is Role.ENGINE and found.kind == "accelerator"

    def _given(self, manager: Call) -> tuple[Scope, Expr] | None:
        """What the accelerator is told the length of a window is, and where."""
        func = manager.func
        found = self._roles.of_expr(self._scope, func.value) if isinstance(func, Attr) else None
        if found is None or found.build is None or found.scope is None:
            return None
        given = found.build.argument(3, _STEPS)
        plugin = found.build.argument(-1, "gradient_accumulation_plugin")
        scope, made = found.scope, None
        if plugin is not None:
            scope, made = followed(found.scope, plugin)
        if isinstance(made, Call):
            given = made.argument(0, "num_steps")
        return None if given is None else (scope, given)

    def _is_prepared(self, receiver: str) -> bool:
        """Whether a place holds an optimizer that the accelerator has wrapped, as far as is known.

        One that is built in sight and never prepared under this name has not been.
        """
        root = root_of(receiver)
        name = self._places.renamed.get(root, root) + receiver[len(root) :]
        if not self._places.clears_as_optimizer(name):
            return False
        scope, place = self._scope, name
        while (passed := passed_for(scope, place)) is not None:
            held = place_of(passed.expr)
            if held is None:
                break
            scope, place = passed.scope, held
        found = scope.lookup(place)
        values = [binding.value for binding in found[1]] if found is not None else []
        return not values or any(
            isinstance(v, Call) and isinstance(v.func, Attr) and v.func.name in _PREPARES
            for v in values
        )


def window_size(scope: Scope, given: Expr) -> int | None:
    """The micro-batches of a window; None if there may be only one."""
    number = followed(scope, given).expr
    if not isinstance(number, Const):
        return WINDOW
    value = number.value
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        return None
    return value if value <= LONGEST_WINDOW else WINDOW
