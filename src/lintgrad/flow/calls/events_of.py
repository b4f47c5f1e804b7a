"""Which call is which event."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from lintgrad.flow.calls import backwards
from lintgrad.flow.calls.asides import Asides
from lintgrad.flow.calls.backwards import Backwards
from lintgrad.flow.calls.clipping import Clipping
from lintgrad.flow.calls.differentiating import differentiated
from lintgrad.flow.calls.driving import Driving
from lintgrad.flow.calls.followed import Followed
from lintgrad.flow.calls.framework_calls import FrameworkCalls
from lintgrad.flow.calls.gradient_writes import GradientWrites
from lintgrad.flow.calls.handed_updates import HandedUpdates
from lintgrad.flow.calls.micro_batches import MicroBatches
from lintgrad.flow.calls.replacing import Replacing
from lintgrad.flow.calls.scaling import Scaling
from lintgrad.flow.calls.stepping import Stepping
from lintgrad.flow.calls.syncing import Syncing
from lintgrad.flow.calls.unnamed import Unnamed
from lintgrad.flow.calls.unseen import Unseen, changes_gradients_in_place, scales_gradients
from lintgrad.flow.events import (
    Backward,
    Called,
    Dispatched,
    Doubt,
    Escape,
    Event,
    MayBackward,
    Restore,
    ZeroGrad,
)
from lintgrad.flow.graph import Guards
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bound_once import bound_once, followed
from lintgrad.flow.names.methods import only_holds
from lintgrad.flow.names.recording import Recording, Region, recording_at, regions_of
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.module_classes import is_module
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import spelled
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, Name

_STEP_LIKE = frozenset({"first_step", "second_step"})


class Calls:
    """Turns the calls of one function into events."""

    def __init__(self, scope: Scope, roles: Roles, places: Places, followed: Followed) -> None:
        self._scope = scope
        self._roles = roles
        self._places = places
        self._followed = followed
        self._text = scope.source.text
        self._of_framework = FrameworkCalls(scope, roles, places)
        self._unseen = Unseen(scope, places, self._text)
        self._scaling = Scaling(scope, places)
        self._clipping = Clipping(scope, roles, places)
        asides = Asides(scope, places, roles, followed.touching)
        self._unnamed = Unnamed(scope, roles)
        self._stepping = Stepping(scope, places, followed, self._scaling, asides, self._unnamed)
        self._replacing = Replacing(scope, places, roles)
        self._syncing = Syncing(scope, places)
        self._handed = HandedUpdates(scope, places, roles)
        self._backwards = Backwards(scope, places, roles, self._scaling)
        self.driving = Driving(scope, roles, places, followed)
        self.writes = GradientWrites(scope, places)
        self.micro_batches = MicroBatches(scope, roles, places, self.is_followed)

    def events(self, call: Call) -> tuple[Event, ...]:
        """What a call does to gradients, its arguments left aside."""
        besides = (*self._replacing.called(call), *self._syncing.called(call))
        return (*besides, *self.driving.advanced(call), *self._events(call))

    def named(self, attr: Attr) -> tuple[Event, ...]:
        """What naming a method without calling it does, if something calls it by another name."""
        return self._syncing.referred(attr)

    def _events(self, call: Call) -> tuple[Event, ...]:
        if (of_framework := self._of_framework.events(call)) is not None:
            return of_framework
        if isinstance(call.func, Call) and place_of(call.func.func) == "getattr" and call.func.args:
            named = _named_method(self._scope, call.func)
            if named is None and self._builds(call):
                return ()
            if named is None:
                return (self._escape(call, None, "is a method that is not written down"),)
            return self.events(replace(call, func=named))
        func = self._bound_method(call.func)
        if isinstance(func, Attr) and not self._followed.is_own(self._scope, func):
            special = _SPECIAL.get(func.name)
            if special is not None:
                return special(self, call, func)
        return tuple(self._ordinary(call))

    def _bound_method(self, func: Expr) -> Expr:
        """What a name stands for that was bound to a method: `clear = optimizer.zero_grad`."""
        if isinstance(func, Name):
            bound = bound_once(self._scope, func)
            value = bound.expr if bound is not None else None
            if isinstance(value, Call) and self._scope.dotted(value.func) == "functools.partial":
                value = value.args[0] if len(value.args) == 1 and not value.keywords else None
            if isinstance(value, Attr):
                return value
        return func

    def counting(self, guards: Guards) -> Guards:
        """The guards of the function, with what frameworks count in it."""
        return self._of_framework.windows.counting(self.micro_batches.counting(guards))

    def is_followed(self, call: Call) -> bool:
        """Whether a call goes through a function of the project that changes gradients."""
        return any(isinstance(event, Called | Dispatched) for event in self.events(call))

    def rebinds(self, call: Call) -> tuple[str, ...]:
        """The places of the caller that a function of the project gives new values."""
        return self._followed.rebinds(self._scope, call)

    def enters(self, manager: Expr) -> tuple[Event, ...]:
        """What entering a context manager of the project does to gradients."""
        counted = self.micro_batches.entered(manager)
        return counted or self.driving.enters(manager)

    def leaves(self, manager: Expr) -> tuple[Event, ...]:
        """What leaving it does."""
        return self._syncing.leaves(manager) or self.driving.leaves(manager)

    def expects_error(self, manager: Expr) -> bool:
        """Whether a context manager is there to catch an error that is asked for."""
        if not isinstance(manager, Call):
            return False
        last = spelled(self._text, manager.func.span).rsplit(".", 1)[-1]
        return last in apis.EXPECT_ERRORS

    def _ordinary(self, call: Call) -> Iterator[Event]:
        name = self._scope.dotted(call.func)
        if name == apis.AUTOGRAD_BACKWARD:
            yield backwards.function(call)
            return
        if name == apis.ZERO_GRAD:
            yield from self._cleared_by_function(call)
            return
        yield from differentiated(call, name)
        yield from self._restored(call)
        if scales_gradients(call, name):
            yield MayBackward(call.span, "gradients are changed by hand")
            return
        if changes_gradients_in_place(call, name):
            yield self._escape(call, None, "changes gradients in place")
            return
        followed = self._followed.events(self._scope, call)
        if followed is not None:
            yield from self._through(call, followed)
            return
        if self._unseen.is_module_of_torch(call.func):
            yield from self._pass(call)
            return
        clipped = self._clipping.events(call)
        if clipped is not None:
            yield from clipped
            return
        if self._unseen.is_harmless(call, name) or self._builds(call):
            return
        if self._followed.is_made_to_touch(self._scope, call.func):
            yield self._escape(call, None, "was made by another function")
            return
        places = self._unseen.endangers(call)
        if places is None or places:
            yield replace(self._escape(call, places, "cannot be seen here"), unseen=True)
        else:
            name = spelled(self._text, call.func.span)
            doubt = self._unseen.doubt(call)
            if doubt is Doubt.FORWARD and self._is_unrecorded(call):
                doubt = Doubt.GLANCE
            yield MayBackward(call.span, f"`{name}(...)` cannot be seen here", doubt)

    def _through(self, call: Call, followed: tuple[Event, ...]) -> Iterator[Event]:
        yield from self._handed.of(call)
        yield from followed
        if not followed and self._is_pass(call):
            yield from self._pass(call)

    def _pass(self, call: Call) -> Iterator[MayBackward]:
        """A forward pass; one that is not recorded is for no backward."""
        if not self._is_unrecorded(call):
            name = spelled(self._text, call.func.span)
            yield MayBackward(call.span, f"`{name}(...)` is a forward pass", Doubt.PASS)

    def _is_unrecorded(self, call: Call) -> bool:
        return recording_at(self._regions, call.span.start, Recording()).enabled is False

    @cached_property
    def _regions(self) -> tuple[Region, ...]:
        return regions_of(self._scope)

    def _is_pass(self, call: Call) -> bool:
        """Whether a module of the project is called."""
        found = self._roles.of_expr(self._scope, call.func)
        return found is not None and found.own is not None and is_module(found.own)

    def _builds(self, call: Call) -> bool:
        """Whether a call builds something whose class is known, by whatever name it is called."""
        found = self._roles.of_expr(self._scope, call)
        return (
            found is not None
            and found.build is call
            and (found.own is None or only_holds(found.own))
        )

    def _restored(self, call: Call) -> Iterator[Restore]:
        """A module that gets parameters from before, unless they are those of another one."""
        place = place_of(call.func.value) if isinstance(call.func, Attr) else None
        if place is None or not guesses.sets_parameters(place_of(call.func) or ""):
            return
        known = self._places.role(place)
        if known in (None, Role.OWN_OBJECT) and not guesses.not_an_optimizer(place):
            own = not guesses.named_like_copy(place)
            yield Restore(call.span, self._places.canonical(place), own)

    def _cleared_by_function(self, call: Call) -> Iterator[Event]:
        """A function that clears every optimizer and model it is given."""
        text = f"{spelled(self._text, call.func.span)}()"
        for place in filter(None, map(place_of, call.args)):
            yield from self._places.cleared(call.span, place, text)

    def _escape(self, call: Call, places: frozenset[str] | None, why: str) -> Escape:
        return Escape(call.span, places, f"`{spelled(self._text, call.func.span)}(...)` {why}")

    def _backward(self, call: Call, func: Attr) -> tuple[Event, ...]:
        ran = self._backwards.method(call, func)
        return (self._escape(call, None, "may be no tensor's backward"),) if ran is None else ran

    def _manual_backward(self, call: Call, _: Attr) -> tuple[Event, ...]:
        # Lightning 2.6: `self.manual_backward(loss)` runs backward and nothing else.
        return (Backward(call.span, call.argument(0, "loss")),)

    def _zero_grad(self, call: Call, func: Attr) -> tuple[Event, ...]:
        receiver = self._unnamed.place(func.value)
        text = f"{spelled(self._text, func.span)}()"
        if receiver is None and self._unnamed.is_super_of_optimizer(func.value):
            return (ZeroGrad(call.span, text, self._places.register_itself()),)
        if receiver is None:
            return (self._escape(call, None, "clears something that has no name here"),)
        cleared = self._places.cleared(call.span, receiver, text)
        return cleared or (self._escape(call, None, "clears something that is not known"),)

    def _step(self, call: Call, func: Attr) -> tuple[Event, ...]:
        return self._stepping.events(call, func)

    def _unscale(self, call: Call, func: Attr) -> tuple[Event, ...]:
        return self._scaling.unscaled(call, func)

    def _update(self, call: Call, func: Attr) -> tuple[Event, ...]:
        updated = self._scaling.updated(call, func)
        return tuple(self._ordinary(call)) if updated is None else updated

    def _own_step(self, call: Call, func: Attr) -> tuple[Event, ...]:
        return self._stepping.unknown(call, func)

    def _overwrite(self, call: Call, func: Attr) -> tuple[Event, ...]:
        return self.writes.overwritten(call, func)

    def _change(self, call: Call, func: Attr) -> tuple[Event, ...]:
        written = self.writes.changed_in_place(call, func)
        return tuple(self._ordinary(call)) if written is None else written


def _named_method(scope: Scope, getattr_: Call) -> Attr | None:
    """What `getattr(holder, "name")` stands for, if the name is written down."""
    holder, *rest = getattr_.args
    name = followed(scope, rest[0]).expr if rest else None
    if isinstance(name, Const) and isinstance(name.value, str):
        return Attr(getattr_.span, holder, name.value)
    return None


_SPECIAL = {
    "backward": Calls._backward,
    "manual_backward": Calls._manual_backward,
    "step": Calls._step,
    "unscale_": Calls._unscale,
    "update": Calls._update,
    "zero_grad": Calls._zero_grad,
    "zero_": Calls._overwrite,
    "fill_": Calls._overwrite,
    "copy_": Calls._overwrite,
    **dict.fromkeys(("add_", "sub_", "mul_", "div_", "set_"), Calls._change),
    **dict.fromkeys(_STEP_LIKE, Calls._own_step),
}
