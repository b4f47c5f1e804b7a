"""Where a thing goes from the call that makes it, and whether all that gets it is in sight."""

from collections.abc import Callable, Iterator

from lintgrad.flow.joining.occurrences import Occurrence, occurrences_of
from lintgrad.flow.joining.readers import VIEWS, Given, Held, OutOfSight, Readers, defaults
from lintgrad.flow.names.bound_once import once, passed_for
from lintgrad.flow.names.methods import is_property
from lintgrad.flow.names.place_parts import split_index
from lintgrad.flow.names.scopes import Argument, Scope, root_of
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Call,
    Compare,
    Const,
    Delete,
    Expr,
    ExprStmt,
    For,
    If,
    Return,
    Sequence,
    Starred,
    While,
)
from lintgrad.syntax.nodes import (
    Mapping as Display,
)

_MOST = 200
"""Places that a thing is followed to, at most."""

_OF_KEYWORDS = frozenset({"dict", "types.SimpleNamespace", "argparse.Namespace"})


Kept = Callable[[Scope, Occurrence], bool]
"""Whether the thing is left as it is where it is asked for something, or handed over."""


class Holders:
    """Follows things through the names, containers, objects and calls that get them."""

    def __init__(self, roles: Roles, kept: Kept) -> None:
        self._roles = roles
        self._kept = kept
        self._reading = Readers(roles)

    def of(self, made: Argument | None, start: Held) -> frozenset[Scope] | None:
        """The functions that see what a call makes, and a place of it; None if others may."""
        try:
            return self._all(made, start)
        except OutOfSight:
            return None

    def _all(self, made: Argument | None, start: Held) -> frozenset[Scope]:
        todo = [start]
        if made is not None:
            todo += self._from(made.scope, made.expr, "")
        seen: set[Held] = set()
        readers: set[Scope] = set()
        while todo:
            held = todo.pop()
            if held in seen:
                continue
            seen.add(held)
            if len(seen) > _MOST:
                raise OutOfSight
            todo += self._reading.by_properties(held)
            for scope in self._reading.of(held):
                readers.add(scope)
                todo += defaults(scope, held.place)
                for given in self._reading.given(scope, held):
                    todo += self._goes(scope, given)
        return frozenset(readers)

    def _from(self, scope: Scope, expr: Expr, rest: str) -> Iterator[Held]:
        """Where the value of an expression goes from where it stands."""
        for occurrence in occurrences_of(scope, lambda part: part is expr):
            yield from self._goes(scope, Given(occurrence, rest))

    def _goes(self, scope: Scope, given: Given) -> Iterator[Held]:
        """Where the thing goes from an occurrence that holds it. Raises OutOfSight."""
        at, rest = given
        if not rest and self._kept(scope, at):
            return
        match at.around:
            case None:
                yield from self._in_statement(scope, given)
            case Sequence(items=items):
                index = next(n for n, item in enumerate(items) if item is at.expr)
                outer = Given(at.outward(), f"[{index}]{rest}")
                yield from self._goes(scope, outer)
            case Display(items=items):
                keys = [k for k, item in items if item is at.expr]
                if len(keys) != 1 or not isinstance(keys[0], Const):
                    raise OutOfSight
                outer = Given(at.outward(), f"[{keys[0].value!r}]{rest}")
                yield from self._goes(scope, outer)
            case Call() as call:
                yield from self._handed(scope, call, given)
            case Starred():
                yield from self._starred(scope, given)
            case Compare():
                return
            case Attr(name=name) if name in VIEWS and rest.startswith("["):
                yield from self._viewed(scope, given, name)
            case _:
                raise OutOfSight

    def _in_statement(self, scope: Scope, given: Given) -> Iterator[Held]:
        match given.at.statement:
            case Assign(targets=targets):
                for target in targets:
                    yield from self._stored(scope, _given_to(target, given.rest))
            case For(target=target) if given.rest.startswith("["):
                place = place_of(target)
                if place is None:
                    raise OutOfSight
                yield Held(scope, place + given.rest[given.rest.index("]") + 1 :])
            case ExprStmt() | Delete() | If() | While():
                return
            case Return() if is_property(scope):
                if not (place_of(given.at.expr) or "").startswith("self."):
                    raise OutOfSight
            case Return() if scope.call is not None:
                for where, call in self._calls_of(scope, scope.call[0]):
                    yield from self._from(where, call, given.rest)
            case _:
                raise OutOfSight

    def _calls_of(self, frame: Scope, caller: Scope) -> Iterator[Argument]:
        """The calls that a frame is one of."""
        for call in caller.calls:
            callee = self._roles.callees.of_call(caller, call)
            same = callee is not None and callee.scope.function_itself is frame.function_itself
            found = self._roles.frames.of_call(caller, call, callee) if callee and same else None
            if found is frame:
                yield Argument(caller, call)

    def _stored(self, scope: Scope, place: str) -> Iterator[Held]:
        """A place that is given the thing, and what it is called where its holder is made."""
        yield Held(scope, place)
        root = root_of(place)
        rest = place[len(root) :]
        if not rest:
            return
        if root != "self" and scope.parameter(root) is None:
            yield from self._in_object(scope, root, rest)
            return
        passed = passed_for(scope, root)
        if passed is None:
            raise OutOfSight
        outside = place_of(passed.expr)
        if outside is not None:
            yield from self._stored(passed.scope, f"{outside}{rest}")
        else:
            yield from self._from(passed.scope, passed.expr, rest)

    def _in_object(self, scope: Scope, name: str, rest: str) -> Iterator[Held]:
        """What the methods of an object call its parts. Raises OutOfSight if others have it."""
        made = once(scope.lookup(name))
        if made is None or isinstance(made.expr, Sequence | Display):
            if made is None:
                raise OutOfSight
            return
        found = self._roles.of_expr(*made)
        if found is not None and found.own is not None and found.build is made.expr:
            yield Held(scope, f"self{rest}", found.own)
        elif not isinstance(made.expr, Call) or not self._makes_holder(scope, made.expr):
            raise OutOfSight

    def _makes_holder(self, scope: Scope, call: Call) -> bool:
        return (scope.dotted(call.func) or place_of(call.func)) in _OF_KEYWORDS

    def _viewed(self, scope: Scope, given: Given, name: str) -> Iterator[Held]:
        """`for one in things.values()`, `for key, one in things.items()`."""
        call = given.at.outward().outward()
        statement = call.statement
        if not isinstance(call.expr, Call) or call.around or not isinstance(statement, For):
            raise OutOfSight
        target: Expr | None = statement.target
        if name == "items":
            pair = isinstance(target, Sequence) and len(target.items) == 2
            target = target.items[1] if pair and isinstance(target, Sequence) else None
        place = place_of(target) if target is not None else None
        if place is None:
            raise OutOfSight
        yield Held(scope, place + given.rest[given.rest.index("]") + 1 :])

    def _starred(self, scope: Scope, given: Given) -> Iterator[Held]:
        """`f(*args)`: what is passed on with the rest of a function's own arguments."""
        call = given.at.outward().around
        shown = given.at.expr
        if isinstance(shown, Sequence):
            index, more = split_index(given.rest)
            if isinstance(call, Call) and index is not None and not more:
                yield from self._into(scope, call, Argument(scope, shown.items[int(index)]), "")
                return
        passed = (scope.arguments or {}).get(f"{place_of(shown)}{given.rest}")
        if not isinstance(call, Call) or passed is None:
            raise OutOfSight
        yield from self._into(scope, call, passed, "")

    def _handed(self, scope: Scope, call: Call, given: Given) -> Iterator[Held]:
        """Where what a call is handed goes."""
        at, rest = given
        name = scope.dotted(call.func) or place_of(call.func) or ""
        if call.func is at.expr:
            own = self._roles.callees.own_class(scope, call.func)
            if own is None or own.method("__call__") is None:
                raise OutOfSight
            return  # a method like the others
        keyword = next((k.name for k in call.keywords if k.value is at.expr), None)
        if name in _OF_KEYWORDS and keyword is not None:
            part = f"[{keyword!r}]" if name == "dict" else f".{keyword}"
            yield from self._goes(scope, Given(at.outward(), part + rest))
            return
        found = self._roles.of_expr(scope, call)
        if found is not None and found.build is call and found.own is not None:
            fields = found.own.fields()
            if found.own.method("__init__") is None:
                place = next((n for n, arg in enumerate(call.args) if arg is at.expr), -1)
                field = keyword or (fields[place] if 0 <= place < len(fields) else None)
                if field is None:
                    raise OutOfSight
                yield Held(scope, f"self.{field}{rest}", found.own)
                yield from self._goes(scope, Given(at.outward(), f".{field}{rest}"))
                return
        yield from self._into(scope, call, Argument(scope, at.expr), rest)

    def _into(self, scope: Scope, call: Call, passed: Argument, rest: str) -> Iterator[Held]:
        """The parameters of the function of the project that a call runs, or keeps for later."""
        roles, frame = self._roles, None
        if scope.dotted(call.func) == "functools.partial":
            callee = roles.callees.of_value(scope, call)
            frame = roles.frames.of_arguments(callee, ()) if callee is not None else None
        else:
            callee = roles.callees.of_call(scope, call)
            if callee is not None and not callee.scope.is_generator:
                frame = roles.frames.of_call(scope, call, callee)
        found = [] if frame is None else list(_parameters(frame, passed))
        if frame is None or not found:
            raise OutOfSight
        yield from (Held(frame, f"{parameter}{rest}") for parameter in found)


def _parameters(frame: Scope, passed: Argument) -> Iterator[str]:
    for name, argument in (frame.arguments or {}).items():
        if argument.expr is passed.expr:
            yield name


def _given_to(target: Expr, rest: str) -> str:
    """The place that a target gives the thing, which a value holds in a part. Raises OutOfSight."""
    index, more = split_index(rest)
    if isinstance(target, Sequence) and index is not None and index.isdigit():
        if any(isinstance(item, Starred) for item in target.items) or int(index) >= len(
            target.items
        ):
            raise OutOfSight
        target, rest = target.items[int(index)], more
    place = place_of(target)
    if place is None:
        raise OutOfSight
    return f"{place}{rest}"
