"""Context managers and generators of the project: what they do between the statements around."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from lintgrad.flow.calls.touching import Touching
from lintgrad.flow.events import Called, Escape, Event
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.names.yielding import Halves, Stream, halves_of, stream_of
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.managers import managed
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span, spelled
from lintgrad.syntax.nodes import Break, Call, Continue, Expr, For, Return, Stmt, With
from lintgrad.syntax.walk import statements_of

Events = tuple[Event, ...]


class Generators:
    """Turns the entering and leaving of what yields into events.

    `number` gives a frame its number in the program.
    """

    def __init__(self, roles: Roles, touching: Touching, number: Callable[[Scope], int]) -> None:
        self._roles = roles
        self._touching = touching
        self._number = number
        self._halves: dict[Scope, Halves | None] = {}
        self._streams: dict[Scope, Stream | None] = {}
        self._around: dict[Scope, dict[Span, With | For]] = {}

    def entered(self, scope: Scope, call: Call) -> Events | None:
        """What a call does whose result a `with` enters; None if it makes no manager."""
        callee = managed(self._roles.callees, scope, call)
        if callee is None:
            return None
        if not self._touching.runs_touching(callee):
            return ()
        halves = self._apart(scope, call, callee)
        if halves is None:
            return (self._gap(scope, call, "is a context manager that cannot be taken apart"),)
        return self._run(scope, call, callee, halves.before)

    def left(self, scope: Scope, manager: Expr) -> Events:
        """What leaving a `with` does."""
        call = manager if isinstance(manager, Call) else None
        callee = managed(self._roles.callees, scope, call) if call is not None else None
        if call is None or callee is None:
            return ()
        halves = self._apart(scope, call, callee)
        return () if halves is None else self._run(scope, call, callee, halves.after)

    def drawn(self, scope: Scope, call: Call, callee: Callee) -> Events:
        """What each round of a loop over a generator has the generator do first."""
        if not self.is_stream(scope, call, callee):
            reason = "is a generator: it runs as far as something consumes it"
            return (self._gap(scope, call, reason),)
        stream = self._streams[callee.scope]
        return () if stream is None else self._run(scope, call, callee, stream.rounds.before)

    def is_stream(self, scope: Scope, call: Call, callee: Callee) -> bool:
        """Whether a loop runs over a generator that changes gradients before it yields alone."""
        if callee.scope not in self._streams:
            self._streams[callee.scope] = stream_of(callee.scope)
        stream = self._streams[callee.scope]
        if stream is None or not isinstance(self._statement(scope, call), For):
            return False
        others = (stream.rounds.after, *stream.around)
        return not any(self._touching.runs_touching(replace(callee, scope=o)) for o in others)

    def _apart(self, scope: Scope, call: Call, callee: Callee) -> Halves | None:
        """A context manager taken apart, where all that it does is done by a `with` in sight."""
        if callee.scope not in self._halves:
            self._halves[callee.scope] = halves_of(callee.scope)
        halves = self._halves[callee.scope]
        around = self._statement(scope, call)
        if halves is None or not isinstance(around, With):
            return None
        after = replace(callee, scope=halves.after)
        cut_short = any(map(_jumps, statements_of(around.body)))
        return None if cut_short and self._touching.runs_touching(after) else halves

    def _run(self, scope: Scope, call: Call, callee: Callee, part: Scope) -> Events:
        callee = replace(callee, scope=part)
        if not self._touching.runs_touching(callee):
            return ()
        frame = self._roles.frames.of_call(scope, call, callee)
        if frame is None:
            return (self._gap(scope, call, "calls itself in ever new ways"),)
        return (Called(call.span, self._number(frame)),)

    def _gap(self, scope: Scope, call: Call, why: str) -> Escape:
        return Escape(call.span, None, f"`{spelled(scope.source.text, call.func.span)}(...)` {why}")

    def _statement(self, scope: Scope, call: Call) -> With | For | None:
        """The statement of a function that enters a call's result, or runs over it."""
        function = scope.function_itself
        if function not in self._around:
            self._around[function] = dict(_taken(function))
        return self._around[function].get(call.span)


def _taken(function: Scope) -> Iterator[tuple[Span, With | For]]:
    for statement in statements_of(function.node.body):
        match statement:
            case With():
                yield from ((item.value.span, statement) for item in statement.items)
            case For():
                yield drawn_from(statement.iter).span, statement


def drawn_from(source: Expr) -> Expr:
    """What a loop runs over, where it is only counted on the way."""
    match source:
        case Call(func=func, args=(first, *_)) if getattr(func, "id", None) == "enumerate":
            return first
    return source


def _jumps(statement: Stmt) -> bool:
    return isinstance(statement, Break | Continue | Return)
