"""Calls that are followed into the functions of the project."""

from collections.abc import Callable

from lintgrad.flow.calls.touching import Touching
from lintgrad.flow.events import Called, Dispatched, Escape, Event
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.generators import Driven
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span, spelled
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Expr, Global, Name
from lintgrad.syntax.walk import statements_of


class Followed:
    """Turns calls of the project's functions into events.

    `number` gives a frame its number in the program.
    """

    def __init__(self, roles: Roles, touching: Touching, number: Callable[[Scope], int]) -> None:
        self._roles = roles
        self.touching = touching
        self._number = number

    def events(self, scope: Scope, call: Call) -> tuple[Event, ...] | None:
        """What a call of a function of the project does; None if it is none."""
        callee = self._roles.callees.of_call(scope, call)
        if callee is None and self._roles.callees.is_open(scope, call.func):
            return self._one_of(scope, call)
        if callee is None:
            return self._chosen(scope, call)
        if not (self.touching.runs_touching(callee) or self.touching.call_may_touch(scope, call)):
            return ()
        text = spelled(scope.source.text, call.func.span)
        if callee.scope.is_generator:
            reason = f"`{text}(...)` is a generator: it runs as far as something consumes it"
            return (Escape(call.span, None, reason),)
        frame = self._roles.frames.of_call(scope, call, callee)
        return self._into(frame, call.span, text)

    def _one_of(self, scope: Scope, call: Call) -> tuple[Event, ...]:
        """What a call of a method does that classes of the project have each their own of."""
        receiver = place_of(call.func.value) if isinstance(call.func, Attr) else None
        callees = (
            self._roles.overrides.of_call(scope, call.func) if isinstance(call.func, Attr) else None
        )
        text = spelled(scope.source.text, call.func.span)
        if callees is None or receiver is None or any(c.scope.is_generator for c in callees):
            return (Escape(call.span, None, f"`{text}(...)` may be overridden"),)
        names = [callee.owner.name if callee.owner is not None else "" for callee in callees]
        options = self._options(scope, call, dict(zip(names, callees, strict=False)))
        if options is None:
            return self._into(None, call.span, text)
        if all(number is None for _, number in options):
            return ()
        if any(number is None for _, number in options):
            # Whether anything is ever made of the class that leaves gradients alone is open.
            return (Escape(call.span, None, f"`{text}(...)` may be overridden"),)
        return (Dispatched(call.span, receiver, tuple(options)),)

    def _chosen(self, scope: Scope, call: Call) -> tuple[Event, ...] | None:
        """What a call of one of several functions does; None if it is none."""
        chosen = self._roles.choices.of_call(scope, call)
        if chosen is None:
            return None
        by, callees = chosen
        options = self._options(scope, call, {c.scope.name: c for c in callees})
        if options is None:
            return self._into(None, call.span, spelled(scope.source.text, call.func.span))
        if all(number is None for _, number in options):
            return ()
        return (Dispatched(call.span, by, tuple(options)),)

    def _options(
        self, scope: Scope, call: Call, callees: dict[str, Callee]
    ) -> list[tuple[str, int | None]] | None:
        """The numbers of the frames of a call, one of which runs; None if it has no frame."""
        hands_over = self.touching.call_may_touch(scope, call)
        options: list[tuple[str, int | None]] = []
        for name, callee in callees.items():
            if not (hands_over or self.touching.runs_touching(callee)):
                options.append((name, None))
                continue
            frame = self._roles.frames.of_call(scope, call, callee)
            if frame is None:
                return None
            options.append((name, self._number(frame)))
        return options

    def is_made_to_touch(self, scope: Scope, func: Expr) -> bool:
        """Whether a function of the project made what is called, and may have made it to touch."""
        found = scope.lookup(func.id) if isinstance(func, Name) else None
        if found is None:
            return False
        makers = (
            self._roles.callees.of_call(found[0], binding.value)
            for binding in found[1]
            if isinstance(binding.value, Call)
        )
        return any(maker is not None and self.touching.makes_touching(maker) for maker in makers)

    def value(self, scope: Scope, function: Expr) -> tuple[Event, ...] | None:
        """What calling a function value without arguments does; None if it cannot be seen."""
        callee = self._roles.callees.of_value(scope, function)
        if callee is None or callee.scope.is_generator:
            return None
        return self._run(callee, function.span, spelled(scope.source.text, function.span))

    def method(self, scope: Scope, receiver: Expr, name: str) -> tuple[Event, ...]:
        """What a method of an object of a class in the project does, none if there is none."""
        callee = self._roles.callees.method(scope, receiver, name)
        if callee is None:
            return ()
        return self._run(callee, receiver.span, spelled(scope.source.text, receiver.span))

    def _run(self, callee: Callee, span: Span, text: str) -> tuple[Event, ...]:
        if not self.touching.runs_touching(callee):
            return ()
        return self._into(self._roles.frames.of_arguments(callee, ()), span, text)

    def _into(self, frame: Scope | None, span: Span, text: str) -> tuple[Event, ...]:
        if frame is None:
            return (Escape(span, None, f"`{text}(...)` calls itself in ever new ways"),)
        return (Called(span, self._number(frame)),)

    def piece(self, scope: Scope, driven: Driven, piece: Scope) -> tuple[Event, ...]:
        """What a piece of a generator does that is gone through."""
        callee = driven.runs(piece)
        hands_over = self.touching.call_may_touch(scope, driven.call)
        if not (hands_over or self.touching.runs_touching(callee)):
            return ()
        text = spelled(scope.source.text, driven.call.func.span)
        frame = self._roles.frames.of_call(scope, driven.call, callee)
        return self._into(frame, driven.call.span, text)

    def is_function(self, scope: Scope, value: Expr) -> bool:
        """Whether an expression stands for a function of the project."""
        return self._roles.callees.of_value(scope, value) is not None

    def is_own(self, scope: Scope, func: Attr) -> bool:
        """Whether a method is the project's own rather than an optimizer's or a tensor's."""
        found = self._roles.of_expr(scope, func.value)
        if found is not None and found.role is Role.OPTIMIZER:
            return func.name not in ("step", "zero_grad") and found.own is not None
        callees = self._roles.callees
        return callees.of_value(scope, func) is not None or callees.is_open(scope, func)

    def rebinds(self, scope: Scope, call: Call) -> tuple[str, ...]:
        """The places of the caller that a followed function gives new values."""
        callee = self._roles.callees.of_call(scope, call)
        if callee is None:
            return ()
        function = callee.scope
        shared = {
            name
            for statement in statements_of(function.node.body)
            if isinstance(statement, Global)
            for name in statement.names
        }
        receiver = place_of(callee.receiver.expr) if callee.receiver is not None else None
        own = {
            f"{receiver}{place[4:]}"
            for place in function.bindings
            if place.startswith("self.") and receiver is not None
        }
        return tuple(sorted(shared | own))
