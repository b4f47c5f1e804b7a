"""Which call of a `step` method is an optimizer's."""

from dataclasses import replace

from lintgrad.flow.calls.asides import Asides
from lintgrad.flow.calls.followed import Followed
from lintgrad.flow.calls.scaling import Scaling
from lintgrad.flow.calls.unnamed import Unnamed
from lintgrad.flow.events import Escape, Event, Step
from lintgrad.flow.names import guesses
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.frames import constant_of
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.source.text import spelled
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, Name


class Stepping:
    """Turns the `step` calls of one function into events."""

    def __init__(  # noqa: PLR0913  # what a step may turn out to be
        self,
        scope: Scope,
        places: Places,
        followed: Followed,
        scaling: Scaling,
        asides: Asides,
        unnamed: Unnamed,
    ) -> None:
        self._scope = scope
        self._places = places
        self._followed = followed
        self._scaling = scaling
        self._asides = asides
        self._unnamed = unnamed
        self._text = scope.source.text

    def events(self, call: Call, func: Attr) -> tuple[Event, ...]:
        """What `receiver.step(...)` does to gradients."""
        receiver = self._unnamed.place(func.value)
        if receiver is None and self._unnamed.is_super_of_optimizer(func.value):
            step = Step(call.span, self._places.register_itself())
            return (*self._closure(call, "self"), step)
        if receiver is None:
            if call.args and not self._is_closure(call):
                return ()  # `super().step(action)`: what is stepped with something is none
            return (self._escape(call, None, "steps something that has no name here"),)
        if self._scope.dotted(func.value) == receiver and "." not in receiver:
            return ()  # a function of a package, such as `torch_xla.step()`
        role = self._places.role(receiver)
        handed = place_of(call.args[0]) if call.args else None
        if role is Role.SCHEDULER:
            return self._asides.of_schedule(call, receiver)
        if self._scaling.is_scaler(receiver):
            return self._scaler_step(call, receiver, handed)
        if role is Role.OPTIMIZER or (
            role is None and self._stepped_like_optimizer(call, receiver)
        ):
            step = self._places.step(call.span, receiver)
            asides = self._asides.of_step(call, receiver)
            return (*asides, *self._closure(call, receiver), step)
        if handed is not None and self._places.is_optimizer(handed):
            return (self._escape(call, frozenset({self._places.canonical(handed)}), "is unknown"),)
        if role is Role.OWN_OBJECT and self._is_of_environment(receiver) and call.args:
            return ()
        if role is Role.OWN_OBJECT:
            return (self._escape(call, None, "is a method that cannot be seen"),)
        return ()

    def _is_of_environment(self, receiver: str) -> bool:
        """Whether a class inherits what it does at a step from a package that trains nothing."""
        found = self._places.found(receiver)
        outside = list(found.own.outside_bases()) if found is not None and found.own else []
        tops = {name.split(".")[0] for name in outside} - {"object"}
        return bool(tops) and tops <= apis.HARMLESS_MODULES

    def _scaler_step(self, call: Call, receiver: str, handed: str | None) -> tuple[Event, ...]:
        if handed is None:
            return (self._escape(call, None, "steps something that has no name here"),)
        step = self._places.step(call.span, handed)
        return (replace(step, scaler=self._scaling.scaler(receiver)),)

    def _stepped_like_optimizer(self, call: Call, receiver: str) -> bool:
        if guesses.not_an_optimizer(receiver) or not self._places.may_be_optimizer(receiver):
            return False
        if self._places.is_module(receiver) and not guesses.named_like_optimizer(receiver):
            return False  # a module whose own step does something else
        return not (call.args or call.keywords) or self._is_closure(call)

    def _is_closure(self, call: Call) -> bool:
        argument = call.argument(0, "closure")
        return argument is not None and self._followed.is_function(self._scope, argument)

    def _closure(self, call: Call, receiver: str) -> tuple[Event, ...]:
        if not call.args and not call.keywords:
            return ()
        argument = call.argument(0, "closure")
        if argument is not None and self._is_none(argument):
            return ()
        ran = None if argument is None else self._followed.value(self._scope, argument)
        if ran is not None:
            return ran
        place = frozenset({self._places.canonical(receiver)})
        return (self._escape(call, place, "runs its argument"),)

    def _is_none(self, argument: Expr) -> bool:
        """Whether no closure is handed on; one that callers may leave out is not, where none show.

        Where a call is followed, what it passes is known.
        """
        if isinstance(argument, Const):
            return argument.value is None
        if not isinstance(argument, Name) or self._scope.bindings.get(argument.id):
            return False
        known: Expr | None = constant_of(self._scope, argument.id)
        parameter = self._scope.parameter(argument.id)
        if self._scope.arguments is None and parameter is not None:
            known = parameter.default
        return isinstance(known, Const) and known.value is None

    def unknown(self, call: Call, func: Attr) -> tuple[Event, ...]:
        """What a step of an unknown kind does: it concerns what it is a method of."""
        receiver = place_of(func.value)
        if receiver is None:
            return ()
        return (self._escape(call, frozenset({self._places.canonical(receiver)}), "is unknown"),)

    def _escape(self, call: Call, places: frozenset[str] | None, why: str) -> Escape:
        return Escape(call.span, places, f"`{spelled(self._text, call.func.span)}(...)` {why}")
