"""Which learning-rate scheduler a place holds, and which optimizer that scheduler drives."""

from collections.abc import Iterator

from lintgrad.flow.events import SchedulerBuild, SchedulerStep
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.passing import Passing
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.builders import built_by
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Const, Keyword, Unary


class Scheduling:
    """Turns the `step` calls of schedulers in one function into events."""

    def __init__(self, scope: Scope, places: Places, roles: Roles) -> None:
        self._scope = scope
        self._places = places
        self._roles = roles
        self._passing = Passing(scope)

    def step(self, call: Call, receiver: str) -> tuple[SchedulerStep, ...]:
        """What `receiver.step(...)` does if it is a scheduler's whose construction is in sight."""
        builds = list(self._builds(self._scope, self._places.canonical(receiver)))
        if not builds or None in builds:
            return ()
        known = [build for build in builds if build is not None]
        kinds = {build.scope.dotted(build.expr.func) for build in known}  # type: ignore[union-attr]
        driven = {self._driven(build) for build in known}
        bare = not call.args and not call.keywords
        names = frozenset(kind for kind in kinds if kind is not None)
        optimizer = driven.pop() if len(driven) == 1 else None
        return (SchedulerStep(call.span, receiver, optimizer, names, bare),)

    def built(self, place: str, value: Call, span: Span) -> Iterator[SchedulerBuild]:
        """What assigning a call's value to a place binds, if it is a scheduler's construction."""
        made = self._made(self._scope, value)
        driven = self._driven(made) if made is not None else None
        if driven is not None and not self._passing.is_passed_on(driven):
            yield SchedulerBuild(span, place, driven)

    def _builds(self, scope: Scope, place: str) -> Iterator[Argument | None]:
        """The calls that make what a place may hold; None for anything else."""
        found = self._roles.of_place(scope, place)
        if found is None or found.role is not Role.SCHEDULER:
            return
        looked = scope.lookup(place)
        if looked is None:
            yield self._made(found.scope, found.build)
            return
        where, bound = looked
        bindings = [binding for binding in bound if not isinstance(binding.value, Const)]
        if len(bindings) == 1 and place_of(bindings[0].value) is not None:
            yield self._made(found.scope, found.build)  # another name of what is made elsewhere
            return
        for binding in bindings:
            direct = binding.via is Via.VALUE and isinstance(binding.value, Call)
            made = self._roles.of_expr(where, binding.value) if direct else None
            yield None if made is None else self._made(made.scope, made.build)

    def _made(self, scope: Scope | None, build: Call | None) -> Argument | None:
        name = scope.dotted(build.func) if scope is not None and build is not None else None
        if scope is None or build is None or name is None:
            return None
        built = built_by(name)
        return Argument(scope, build) if built is not None and built[0] is Role.SCHEDULER else None

    def _driven(self, build: Argument) -> str | None:
        """The optimizer that a scheduler is built on, as it is called here.

        One that is told where to begin is made to go on from there, which is its own affair.
        """
        call = build.expr
        if not isinstance(call, Call) or any(map(_tells_where_to_begin, call.keywords)):
            return None
        argument = call.argument(0, "optimizer")
        place = None if argument is None else place_of(argument)
        return None if place is None else self._places.named_here(build.scope, place)


def _tells_where_to_begin(keyword: Keyword) -> bool:
    """Whether an argument may let a schedule begin elsewhere than at its beginning, which is -1."""
    if keyword.name is None:
        return True
    match keyword.value:
        case Unary(op="-", value=Const(value=1)):
            return False
    return keyword.name == "last_epoch"
