"""Frames: functions with what one call passes to them.

Two calls share a frame if nothing that matters tells them apart: they stand in the same blocks of
the code, and pass the same things. So a function is lowered once for each kind of call.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from lintgrad.flow.names.bindings import at
from lintgrad.flow.names.bound_once import from_caller, passed_for
from lintgrad.flow.names.methods import is_static
from lintgrad.flow.names.place_parts import prefixes
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.ownership import owners_of
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    Call,
    Const,
    Expr,
    For,
    Lambda,
    Mapping,
    Name,
    Parameter,
    Sequence,
    Starred,
    While,
    With,
)
from lintgrad.syntax.walk import statements_of

if TYPE_CHECKING:
    from lintgrad.flow.places.roles import Roles

_DEEPEST = 24
"""Calls nested deeper than this are not followed; only recursion with ever new arguments is."""


class Frames:
    """Makes the frames of a project's calls, each once."""

    def __init__(self, roles: "Roles") -> None:
        self._roles = roles
        self._made: dict[Hashable, Scope] = {}
        self._depths: dict[Scope, int] = {}
        self._blocks: dict[Scope, tuple[Span, ...]] = {}
        self.called: dict[tuple[Scope, Call], Scope | None] = {}
        """The frames of calls whose results were asked for, None for those that have none."""

    def of_call(self, scope: Scope, call: Call, callee: Callee) -> Scope | None:
        """The frame of a call; None if calls are nested too deeply."""
        positional, named, complete = _passed(scope, call)
        arguments = dict(
            _bound(callee, (*callee.bound, *positional), {**callee.keywords, **named}, complete)
        )
        # What a function makes that keeps its names is another thing with every call.
        where = call if callee.scope.functions else self._around(scope, call)
        frame = self._frame(callee, arguments, (scope.function_itself, where, complete))
        if frame is not None and frame.call is None:
            frame.call = (scope, call)
        return frame

    def of_arguments(self, callee: Callee, passed: tuple[Argument, ...]) -> Scope | None:
        """The frame of a call with the given arguments."""
        arguments = dict(
            _bound(callee, (*callee.bound, *passed), {**callee.keywords}, complete=True)
        )
        return self._frame(callee, arguments, None)

    def _around(self, scope: Scope, call: Call) -> Hashable:
        """The blocks that a call stands in: loops repeat it, others may change what it does."""
        if scope.function_itself not in self._blocks:
            self._blocks[scope.function_itself] = tuple(_blocks(scope))
        blocks = self._blocks[scope.function_itself]
        return tuple(b for b in blocks if b.start <= call.span.start and call.span.end <= b.end)

    def _frame(
        self, callee: Callee, arguments: dict[str, Argument], where: Hashable
    ) -> Scope | None:
        callers = [argument.scope for argument in arguments.values()]
        parent = callee.scope.parent
        depth = 1 + max((self._depths.get(s, 0) for s in (*callers, parent) if s), default=0)
        if depth > _DEEPEST:
            return None
        kinds = tuple((name, self._kind(a)) for name, a in sorted(arguments.items()))
        key = (callee.scope.function_itself, callee.scope.parent, callee.owner, kinds, where)
        if key not in self._made:
            frame = callee.scope.called_with(arguments, parent, callee.owner or callee.scope.owner)
            self._made[key] = frame
            self._depths[frame] = depth
        return self._made[key]

    def _kind(self, argument: Argument) -> Hashable:
        """What there is to know of an argument."""
        scope, expr = argument
        if isinstance(expr, Const):
            return type(expr.value), expr.value
        found = self._roles.of_expr(scope, expr)
        role = None
        if found is not None:
            owners: Hashable = None
            if found.build is not None and found.scope is not None:
                params = found.build.argument(0, "params")
                owners = owners_of(found.scope, params).places if params is not None else None
            role = (found.role, found.basis, found.build, found.own, owners)
        what = _as_bound(scope, expr)
        return scope.function_itself, what, role, self._callable(argument), self._number(argument)

    def _callable(self, argument: Argument) -> Hashable:
        if not isinstance(argument.expr, Name | Attr | Lambda | Call):
            return None
        callee = self._roles.callees.of_value(argument.scope, argument.expr)
        return None if callee is None else (callee.scope, callee.owner)

    def _number(self, argument: Argument) -> Hashable:
        """The constant that is passed on from a caller."""
        expr = from_caller(*argument).expr
        return (type(expr.value), expr.value) if isinstance(expr, Const) else None


def _blocks(scope: Scope) -> Iterator[Span]:
    """The blocks of a function whose statements run again, or in other surroundings."""
    for statement in statements_of(scope.node.body):
        if isinstance(statement, For | While | With):
            end = max((s.span.end for s in statements_of(statement.body)), default=0)
            yield Span(statement.span.start, end)


def _as_bound(scope: Scope, expr: Expr) -> Hashable:
    """A place with what it may be bound to where it is read; any other expression is itself."""
    place = place_of(expr)
    if place is None:
        return expr
    bound = (at(scope.bindings.get(prefix, []), expr.span) for prefix, _ in prefixes(place))
    return place, tuple(binding.value for found in bound for binding in found)


def constant_of(scope: Scope, name: str) -> Const | None:
    """The constant that a call passes for a parameter, through any number of calls."""
    passed = passed_for(scope, name)
    expr = None if passed is None else from_caller(*passed).expr
    return expr if isinstance(expr, Const) else None


def _passed(scope: Scope, call: Call) -> tuple[list[Argument], dict[str, Argument], bool]:
    """The positional and the named arguments; whether these are all of them."""
    positional: list[Argument] = []
    named: dict[str, Argument] = {}
    complete = True
    for arg in call.args:
        if isinstance(arg, Starred):
            rest = list(_collected(scope, arg.value))
            if not rest and not _is_left_empty(scope, arg.value):
                complete = False
                break  # how many there are is not known, nor which is which after them
            positional.extend(argument for _, argument in rest)
        else:
            positional.append(Argument(scope, arg))
    for keyword in call.keywords:
        if keyword.name is not None:
            named[keyword.name] = Argument(scope, keyword.value)
        else:
            rest = list(_collected(scope, keyword.value))
            complete = complete and (bool(rest) or _is_left_empty(scope, keyword.value))
            named.update(rest)
    return positional, named, complete


def _collected(scope: Scope, value: Expr) -> Iterator[tuple[str, Argument]]:
    """What `*value` or `**value` unpacks: collected parameters, or a display."""
    if isinstance(value, Mapping):
        for key, item in value.items:
            if isinstance(key, Const) and isinstance(key.value, str):
                yield key.value, Argument(scope, item)
        return
    if isinstance(value, Sequence) and not any(isinstance(i, Starred) for i in value.items):
        for index, item in enumerate(value.items):
            yield str(index), Argument(scope, item)
        return
    place = place_of(value)
    if place is None:
        return
    around: Scope | None = scope
    while around is not None and around.arguments is None:
        around = around.parent
    for name, argument in (around.arguments or {}).items() if around is not None else ():
        if name.startswith(f"{place}[") and around is not None and around.parameter(place):
            yield name[len(place) + 1 : -1].strip("'"), argument
    found = scope.lookup(place)
    shown = found[1][0].value if found is not None and len(found[1]) == 1 else None
    if found is not None and isinstance(shown, Mapping | Sequence):
        yield from _collected(found[0], shown)


def _is_left_empty(scope: Scope, value: Expr) -> bool:
    """Whether a parameter collects arguments, and the call in sight leaves none to it."""
    place = place_of(value)
    parameter = scope.parameter(place) if place is not None else None
    if place is None or parameter is None or not parameter.kind or scope.call is None:
        return False
    grows = any(bound == place or bound.startswith(f"{place}[") for bound in scope.bindings)
    asked = (c.func.value for c in scope.calls if isinstance(c.func, Attr))
    grows = grows or any(place_of(receiver) == place for receiver in asked)
    return not grows and _passed(*scope.call)[2]


def _bound(
    callee: Callee,
    positional: Iterable[Argument],
    named: dict[str, Argument],
    complete: bool,  # noqa: FBT001
) -> Iterator[tuple[str, Argument]]:
    """The parameters with their arguments; collected ones by index or key."""
    parameters = list(callee.scope.parameters)
    left = list(positional)
    if callee.receiver is not None and parameters:
        yield parameters.pop(0).name, callee.receiver
    elif is_static(callee.scope) and parameters and parameters[0].name == "cls":
        parameters.pop(0)
    rest: Parameter | None = None
    given: set[str] = set()
    for parameter in parameters:
        if parameter.kind == "*":
            for index, argument in enumerate(left):
                yield f"{parameter.name}[{index}]", argument
        elif parameter.kind == "**":
            rest = parameter
        elif left and not parameter.keyword_only:
            given.add(parameter.name)
            yield parameter.name, left.pop(0)
        elif parameter.name in named:
            given.add(parameter.name)
            yield parameter.name, named[parameter.name]
        elif parameter.default is not None and complete:
            yield parameter.name, Argument(callee.scope.parent or callee.scope, parameter.default)
    if rest is not None:
        for name, argument in named.items():
            if name not in given:
                yield f"{rest.name}[{name!r}]", argument
