"""What goes through generators of the project: loops, `with` statements, `list(...)`."""

from functools import cached_property

from lintgrad.flow.calls.followed import Followed
from lintgrad.flow.events import Escape, Event
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.generators import Driven
from lintgrad.flow.places.kinds import is_builtin
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Comprehension, Expr, Name

_CONSUME = frozenset({"list", "tuple", "sum", "max", "min", "set", "sorted"})
"""What asks a generator for all of its values, and does nothing else with gradients."""


class Driving:
    """Answers what is run of generators where one function goes through them."""

    def __init__(self, scope: Scope, roles: Roles, places: Places, followed: Followed) -> None:
        self._scope = scope
        self._roles = roles
        self._places = places
        self._followed = followed

    def looped(self, iterated: Expr) -> Driven | None:
        """The generator that a loop goes through, if it does anything to gradients."""
        found = self._roles.generators.looped(self._scope, iterated)
        return found if found is not None and self._touches(found) else None

    def consumes(self, call: Call) -> bool:
        """Whether a builtin function asks a generator for all of its values at once."""
        match call:
            case Call(func=Name(id=name), args=(given, *_)) if name in _CONSUME:
                if isinstance(given, Comprehension):
                    lazy = given.kind == "GeneratorExp"
                else:
                    lazy = isinstance(given, Call) and self.looped(given) is not None
                return lazy and is_builtin(self._scope, name)
        return False

    def advanced(self, call: Call) -> tuple[Event, ...]:
        """What `next(generator)` does: nothing that could be told."""
        match call:
            case Call(func=Name(id="next"), args=(generator, *_)):
                of_project = self._roles.generators.is_generator(self._scope, generator)
            case Call(func=Attr(value=generator, name="send" | "close" | "__next__")):
                of_project = self._roles.generators.is_generator(self._scope, generator)
            case _:
                return ()
        reason = "a generator goes on here"
        return (Escape(call.span, None, reason),) if of_project else ()

    def managed(self, manager: Expr) -> Driven | None:
        """The generator that a `with` statement goes through, if it does so to gradients."""
        found = self._roles.generators.managed(self._scope, manager)
        return found if found is not None and self._touches(found) else None

    def piece(self, driven: Driven, piece: Scope) -> tuple[Event, ...]:
        """What a piece of a generator does."""
        return self._followed.piece(self._scope, driven, piece)

    def enters(self, manager: Expr) -> tuple[Event, ...]:
        """What entering a context manager of the project does to gradients."""
        driven = self.managed(manager)
        if driven is not None:
            return self.piece(driven, driven.segments.before)
        callee = self._roles.generators.manager(self._scope, manager)
        if callee is not None and self._followed.touching.runs_touching(callee):
            return (Escape(manager.span, None, "what is entered here cannot be cut into pieces"),)
        return self._followed.method(self._scope, manager, "__enter__")

    def leaves(self, manager: Expr) -> tuple[Event, ...]:
        """What leaving it does."""
        driven = self.managed(manager)
        if driven is not None:
            return self.piece(driven, driven.segments.last)
        return self._followed.method(self._scope, manager, "__exit__")

    def _touches(self, driven: Driven) -> bool:
        return self._followed.touching.runs_touching(driven.callee)

    @cached_property
    def shares(self) -> bool:
        """Whether who goes through this very function may have hands on what it steps or clears."""
        return any(
            isinstance(call.func, Attr)
            and call.func.name in ("step", "zero_grad")
            and (place := place_of(call.func.value)) is not None
            and self._places.role(place) in (Role.OPTIMIZER, None)
            and not self._places.is_made_here(self._places.canonical(place))
            for call in self._scope.calls
        )
