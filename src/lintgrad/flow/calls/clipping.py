"""Which calls clip gradients, and whose."""

from functools import cached_property

from lintgrad.flow.events import UNKNOWN_OWNERS, Clip, Event, Owners
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bound_once import bound_once, followed
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.gradients_by_hand import grad_holder
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.parameters import Parameters
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax import clipping
from lintgrad.syntax.clipping import ClipRow
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, ExprStmt, Name
from lintgrad.syntax.trainers import TRAINING_MODULES
from lintgrad.syntax.walk import parts_of, statements_of

_IN_PLACE = frozenset({"clamp_", "clip_", "clamp_max_", "clamp_min_"})
_NO_LIMIT = 1e6
"""A limit from here on is there to have the norm computed."""


class Clipping:
    """Turns the clipping calls of one function into events."""

    def __init__(self, scope: Scope, roles: Roles, places: Places) -> None:
        self._scope = scope
        self._roles = roles
        self._places = places
        self._parameters = Parameters(scope, places)

    def events(self, call: Call) -> tuple[Event, ...] | None:
        """What a call that cannot be followed clips; None if it is no clipping."""
        if isinstance(call.func, Attr) and grad_holder(call.func.value) is not None:
            return self._by_hand(call, call.func)
        row = self._row(call)
        if row is None:
            return None
        limit = call.argument(row.limit, row.limit_name)
        if limit is not None and self._changes_nothing(limit):
            return ()
        if limit is not None and any(map(_names_scale, parts_of(limit))):
            return ()  # a limit that is multiplied by the scale suits scaled gradients
        read = call.span not in self._discarded
        optimizer, owners = self._clipped(call, row)
        return (Clip(call.span, optimizer, owners, read),)

    def _by_hand(self, call: Call, func: Attr) -> tuple[Event, ...] | None:
        """`p.grad.data.clamp_(-1, 1)`, and `p.grad.mul_(clip_coef)`."""
        factors = (place for a in call.args if (place := place_of(a)) is not None)
        scales = func.name in ("mul_", "div_") and any(map(guesses.names_clipping, factors))
        if func.name not in _IN_PLACE and not scales:
            return None
        holder = grad_holder(func.value)
        if holder is None:
            return None
        optimizer, owners = self._parameters.of(holder)
        return (Clip(call.span, optimizer, owners),)

    def _row(self, call: Call) -> ClipRow | None:
        name = self._scope.dotted(call.func)
        if name is not None and name in clipping.FUNCTIONS:
            return clipping.FUNCTIONS[name]
        last = call.func.name if isinstance(call.func, Attr) else place_of(call.func)
        if last not in clipping.NAMES and last != "clip_master_grads":
            return None
        if name is None and isinstance(call.func, Attr):
            return self._of_method(call.func)
        return clipping.FUNCTIONS["torch.nn.utils.clip_grad_norm_"]  # another library's, by name

    def _of_method(self, func: Attr) -> ClipRow | None:
        found = self._roles.of_expr(self._scope, func.value)
        if found is not None and (found.kind, func.name) in clipping.METHODS:
            return clipping.METHODS[found.kind, func.name]
        place = place_of(func.value)
        owner = self._scope.owner
        if place == "self" and owner is not None:
            trained = not TRAINING_MODULES.isdisjoint(owner.outside_bases())
            return clipping.OF_TRAINED_MODULE.get(func.name) if trained else None
        if place is not None and found is None and self._places.is_module(place):
            return clipping.OF_MODULE.get(func.name)
        return None

    def _clipped(self, call: Call, row: ClipRow) -> tuple[str | None, Owners]:
        """The optimizer whose gradients are clipped, or the owners of those that are."""
        if row.parameters is None:
            handed: Expr | None = call.func.value if isinstance(call.func, Attr) else None
        else:
            handed = call.argument(row.parameters, row.parameters_name)
        if handed is None:
            return None, UNKNOWN_OWNERS
        optimizer = self._optimizer_in(handed)
        if optimizer is not None:
            return self._places.register(optimizer), UNKNOWN_OWNERS
        place = place_of(handed)
        if place is not None and self._places.is_module(place):
            return None, self._places.module_owners(place)
        return None, self._places.owned(handed)

    def _optimizer_in(self, handed: Expr) -> str | None:
        """The optimizer whose `param_groups` an expression takes its parameters from."""
        place = place_of(handed)
        if place is not None and self._places.is_optimizer(place):
            return place
        bound = bound_once(self._scope, handed) if isinstance(handed, Name) else None
        if bound is not None:
            handed = bound.expr
        for part in parts_of(handed):
            if isinstance(part, Attr) and part.name == "param_groups":
                return place_of(part.value)
            if isinstance(part, Call) and part.args and self._is_master(part):
                return place_of(part.args[0])
        return None

    def _is_master(self, call: Call) -> bool:
        return self._scope.dotted(call.func) == clipping.MASTER_PARAMETERS

    def _changes_nothing(self, limit: Expr) -> bool:
        """Whether a limit is infinite, or as good as that."""
        match followed(self._scope, limit).expr:
            case Attr(name="inf"):
                return True
            case Const(value=int() | float() as number):
                return number >= _NO_LIMIT
            case Call(func=Name(id="float"), args=(Const(value=str() as text),)):
                return text.strip("+").lower() in ("inf", "infinity")
        return False

    @cached_property
    def _discarded(self) -> frozenset[Span]:
        """The calls of the function whose results are not used."""
        return frozenset(
            statement.value.span
            for statement in statements_of(self._scope.node.body)
            if isinstance(statement, ExprStmt)
        )


def _names_scale(part: Expr) -> bool:
    name = part.name if isinstance(part, Attr) else part.id if isinstance(part, Name) else ""
    return guesses.names_scale(name)
