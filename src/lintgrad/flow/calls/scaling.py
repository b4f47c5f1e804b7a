"""Which call multiplies a loss by a scaler's factor, divides gradients by it, or chooses anew."""

from lintgrad.flow.events import Event, Scaler, ScalerUpdate, Unscale
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import definition
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, Name

_POSITIONS_BEFORE_ENABLED = 4
"""`GradScaler(init_scale, growth_factor, backoff_factor, growth_interval, enabled)`, torch 2.13."""


class Scaling:
    """Turns the calls of scalers in one function into events."""

    def __init__(self, scope: Scope, places: Places) -> None:
        self._scope = scope
        self._places = places

    def is_scaler(self, place: str) -> bool:
        """Whether a place is a scaler by its role, or by its name where nothing else speaks."""
        role = self._places.role(place)
        return role is Role.SCALER or (role is None and guesses.named_like_scaler(place))

    def scaler(self, place: str) -> Scaler | None:
        """The scaler at a place; None if it is switched off."""
        found = self._places.found(place)
        known = found is not None and found.role is Role.SCALER
        build = found.build if found is not None and known else self._made_by(place)
        enabled = None if build is None else self._enabled(build)
        if enabled is False:
            return None
        return Scaler(self._places.canonical(place), known and enabled is True)

    def _enabled(self, build: Call) -> bool | None:
        """Whether a scaler is switched on, None if something decides it that is not written down.

        A setting that is written down once, as True, may still be meant to be turned.
        """
        if len(build.args) > _POSITIONS_BEFORE_ENABLED:
            return None
        for keyword in build.keywords:
            if keyword.name is None:
                return None
            if keyword.name == "enabled":
                value = keyword.value
                return bool(value.value) if isinstance(value, Const) else self._is_set(value)
        return True

    def _is_set(self, setting: Expr) -> bool | None:
        """False for a setting that is bound once, to False."""
        place = place_of(setting)
        found = definition(self._scope, place) if place is not None else None
        value = found.expr if found is not None else None
        return False if isinstance(value, Const) and value.value is False else None

    def _made_by(self, place: str) -> Call | None:
        """The call that gives a place what it holds, whatever that makes."""
        found = self._scope.lookup(place)
        value = found[1][0].value if found is not None and len(found[1]) == 1 else None
        return value if isinstance(value, Call) else None

    def of_loss(self, loss: Expr | None) -> tuple[bool | None, Scaler | None]:
        """Whether a loss was multiplied by a scaler, None if that is not known; and which."""
        if isinstance(loss, Call) and is_scaling(loss):
            return self._of_scaling(loss)
        if isinstance(loss, Name):
            found = self._scope.lookup(loss.id)
            bound = found[1] if found is not None else []
            scalings = [b.value for b in bound if isinstance(b.value, Call) and is_scaling(b.value)]
            if scalings:
                return self._of_scaling(scalings[0]) if len(bound) == 1 else (None, None)
            if not any(binding.via is Via.VALUE for binding in bound):
                return None, None  # handed in, scaled or not
        return (None if self._places.may_be_scaled_elsewhere else False), None

    def _of_scaling(self, call: Call) -> tuple[bool | None, Scaler | None]:
        receiver = place_of(call.func.value) if isinstance(call.func, Attr) else None
        if receiver is None or not self.is_scaler(receiver):
            return None, None
        scaler = self.scaler(receiver)
        return scaler is not None, scaler

    def unscaled(self, call: Call, func: Attr) -> tuple[Event, ...]:
        """What `scaler.unscale_(optimizer)` does."""
        receiver = place_of(func.value)
        scaler = self.scaler(receiver) if receiver is not None else Scaler("", certain=False)
        handed = place_of(call.args[0]) if call.args else None
        if scaler is None:
            return ()
        optimizer = None if handed is None else self._places.register(handed)
        return (Unscale(call.span, optimizer, scaler),)

    def updated(self, call: Call, func: Attr) -> tuple[Event, ...] | None:
        """What `scaler.update()` does; None if it is no scaler that is updated."""
        receiver = place_of(func.value)
        if receiver is None or not self.is_scaler(receiver):
            return None
        scaler = self.scaler(receiver)
        return (
            ()
            if scaler is None
            else (ScalerUpdate(call.span, scaler, bool(call.args or call.keywords)),)
        )


def is_scaling(call: Call) -> bool:
    """Whether a call has the shape of `scaler.scale(loss)`."""
    return isinstance(call.func, Attr) and call.func.name == "scale" and len(call.args) == 1
