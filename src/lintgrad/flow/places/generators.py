"""Generators of the project that a loop or a `with` statement goes through."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lintgrad.flow.names import guesses
from lintgrad.flow.names.bound_once import bound_once
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.names.segments import Segments, segments_of
from lintgrad.flow.places.callees import Callee, Callees
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Expr, For, Function, Name, With
from lintgrad.syntax.walk import statements_of

_GOES_THROUGH = frozenset({"enumerate", "iter", "tqdm"})
"""What asks the generator that it is given for one value at a time, as it is asked itself."""

_MANAGER = "contextlib.contextmanager"


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """A generator that is gone through, with the call that makes it."""

    call: Call
    callee: Callee
    segments: Segments

    def runs(self, piece: Scope) -> Callee:
        """One of its pieces, called as the generator is."""
        return replace(self.callee, scope=piece)


class Generators:
    """Finds the generators that are gone through on the spot, and cuts them into pieces."""

    def __init__(self, callees: Callees) -> None:
        self._callees = callees
        self._segments: dict[Scope, Segments | None] = {}

    def looped(self, scope: Scope, iterated: Expr) -> Driven | None:
        """The generator that a loop runs through from its beginning; None if it cannot be cut."""
        call = _inside(scope, iterated)
        callee = self._callees.of_call(scope, call) if call is not None else None
        if call is not None and (callee is None or not callee.scope.is_generator):
            callee = self._callees.method(scope, call, "__iter__")
        return None if call is None else self._cut(call, callee, repeats=True)

    def is_generator(self, scope: Scope, expr: Expr) -> bool:
        """Whether an expression's value is a generator of the project."""
        call = _inside(scope, expr)
        return call is not None and self._makes_generator(scope, call)

    def _makes_generator(self, scope: Scope, call: Call) -> bool:
        callee = self._callees.of_call(scope, call)
        return callee is not None and callee.scope.is_generator

    def gone_through(self, scope: Scope) -> Iterator[Scope]:
        """The functions whose generators a function's loops and `with` statements go through."""
        for statement in statements_of(scope.node.body):
            found: list[Driven | None] = []
            if isinstance(statement, For):
                found.append(self.looped(scope, statement.iter))
            if isinstance(statement, With):
                found += [self.managed(scope, item.value) for item in statement.items]
            yield from (driven.callee.scope.function_itself for driven in found if driven)

    def managed(self, scope: Scope, manager: Expr) -> Driven | None:
        """The generator that a `with` statement enters and leaves; None if it cannot be cut."""
        callee = self.manager(scope, manager)
        return self._cut(manager, callee, repeats=False) if isinstance(manager, Call) else None

    def manager(self, scope: Scope, manager: Expr) -> Callee | None:
        """The function that makes a context manager of the project."""
        if not isinstance(manager, Call):
            return None
        match manager.func:
            case Name(id=name):
                function = scope.function(name)
                found = None if function is None else Callee(function, owner=function.owner)
            case Attr() as func:
                found = self._method(scope, func)
            case _:
                return None
        return found if found is not None and _makes_manager(found.scope) else None

    def _method(self, scope: Scope, func: Attr) -> Callee | None:
        own = self._callees.own_class(scope, func.value)
        if own is None:
            place = place_of(func)
            found = scope.imported(place) if place is not None else None
            return Callee(found) if isinstance(found, Scope) and found.parent is not None else None
        method = own.method(func.name)
        if method is None or self._callees.is_open(scope, func):
            return None
        return Callee(method, Argument(scope, func.value), own)

    def _cut(self, call: Call, callee: Callee | None, *, repeats: bool) -> Driven | None:
        if callee is None or not callee.scope.is_generator:
            return None
        if callee.scope not in self._segments:
            nests = any(self._makes_generator(callee.scope, inner) for inner in callee.scope.calls)
            self._segments[callee.scope] = None if nests else segments_of(callee.scope)
        segments = self._segments[callee.scope]
        if segments is None or segments.repeats is not repeats:
            return None
        return Driven(call, callee, segments)


def _inside(scope: Scope, iterated: Expr) -> Call | None:
    """The call whose result is gone through, under a name, or in what shows progress or counts."""
    if not isinstance(iterated, Call):
        made = bound_once(scope, iterated)
        return made.expr if made and made.scope is scope and isinstance(made.expr, Call) else None
    while isinstance(iterated, Call) and iterated.args:
        name = (place_of(iterated.func) or "").rsplit(".", 1)[-1]
        if scope.function(name) is not None:
            break
        if name not in _GOES_THROUGH and not guesses.names_progress(name):
            break
        iterated = iterated.args[0]
    return iterated if isinstance(iterated, Call) else None


def _makes_manager(function: Scope) -> bool:
    around = function.parent or function.root
    decorators = function.node.decorators if isinstance(function.node, Function) else ()
    return len(decorators) == 1 and around.dotted(decorators[0]) == _MANAGER
