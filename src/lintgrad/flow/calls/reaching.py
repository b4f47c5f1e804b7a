"""Whose parameters an expression depends on, given those of the places in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lintgrad.flow.events import reach
from lintgrad.flow.events.reach import NOTHING, UNKNOWN, Reach, either, together
from lintgrad.flow.names.bound_once import definition, is_public, is_shape, requires_grad
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.module_classes import (
    builds_module,
    is_module,
    lets_through,
    makes_module,
)
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.ownership import canonical_module
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax import apis, modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    Binary,
    BoolOp,
    Call,
    Compare,
    Comprehension,
    Const,
    Expr,
    IfExp,
    Item,
    Mapping,
    Name,
    Sequence,
    Starred,
    Unary,
    Walrus,
)

Env = dict[str, Reach]

_CUT = frozenset(
    "detach item numpy tolist argmax argmin sample size dim numel long int bool byte new_zeros "
    "new_ones new_full new_tensor zero_ fill_ normal_ uniform_ backward".split()
)
"""Methods of tensors whose result hangs on no graph."""

_CUT_FUNCTIONS = frozenset(
    f"torch.{name}"
    for name in (
        "argmax argmin tensor zeros ones full rand randn randint randperm arange linspace eye "
        "zeros_like ones_like full_like rand_like randn_like randint_like bernoulli multinomial"
    ).split()
)

_TENSOR_METHODS = frozenset(
    "abs add clamp clone contiguous cos cpu cuda div exp expand flatten float log log_prob "
    "log_softmax matmul mean min max mul neg norm permute pow prod relu repeat reshape rsample "
    "type entropy sigmoid sin softmax sqrt square squeeze std sub sum t tanh to transpose var view "
    "unsqueeze".split()
)

_BUDGET = 20_000
"""Expressions that are looked at for one function and what it calls, before giving up."""

_DEEPEST = 3
"""Functions of the project are followed so far to see what they return."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression stands in: a scope, what its places reach, and how deep it was called."""

    scope: Scope
    env: Env
    modules: dict[str, str] = field(default_factory=dict)
    """What the modules are called where it all began that the scope has other names for."""
    depth: int = 0


Returned = Callable[[Scope, Surroundings], Reach]
"""What a function of the project returns, given what its parameters reach."""


class Reaching:
    """Evaluates the expressions of one function and of those it calls."""

    def __init__(self, places: Places, roles: Roles, returned: Returned) -> None:
        self._places = places
        self._roles = roles
        self._returned = returned
        self._left = _BUDGET

    @property
    def exhausted(self) -> bool:
        """Whether it was too much, and what was answered last means nothing."""
        return self._left <= 0

    def of(self, expr: Expr, around: Surroundings) -> Reach:
        """What the parameters are that the value of an expression depends on."""
        self._left -= 1
        if self.exhausted:
            return UNKNOWN
        match expr:
            case Const() | Compare():
                return NOTHING
            case Name() | Attr() | Item():
                return self._of_place(expr, around)
            case Call():
                return self._of_call(expr, around)
            case Binary(op="*", left=left, right=right):
                return self.of(left, around).weighed_by(self.of(right, around))
            case Binary(left=left, right=right):
                return together((self.of(left, around), self.of(right, around)))
            case Unary(value=value) | Starred(value=value) | Walrus(value=value):
                return self.of(value, around)
            case IfExp(body=body, orelse=orelse):
                return either(self.of(body, around), self.of(orelse, around))
            case Sequence(items=items):
                return together(self.of(item, around) for item in items)
            case Mapping(items=items):
                return together(self.of(value, around) for _, value in items)
            case BoolOp() | Comprehension():
                return UNKNOWN
        return UNKNOWN

    def assigned(self, place: str, value: Expr, around: Surroundings) -> Reach:
        """What a place reaches that is given a value: itself, if that is a leaf made there."""
        if isinstance(value, Call) and requires_grad(value):
            return reach.of(self._places.canonical(place))
        return self.of(value, around)

    def _of_place(self, expr: Expr, around: Surroundings) -> Reach:
        place = place_of(expr)
        if place is not None and place in around.env:
            return around.env[place]
        match expr:
            case Attr(value=value, name="data"):
                return self.of(value, around).cut_off
            case Attr(name="grad" | "shape" | "device" | "dtype"):
                return NOTHING
            case Attr(value=value) | Item(value=value):
                inner = place_of(value)
                if inner is None or inner in around.env or is_shape(value):
                    return self.of(value, around)
                if root_of(inner) in around.env and root_of(inner) != "self":
                    return self.of(value, around)
        if is_public(around.scope, expr):
            return NOTHING
        return UNKNOWN if place is None else self._unbound(place, around)

    def _unbound(self, place: str, around: Surroundings) -> Reach:
        """What a place reaches that nothing on the way was assigned to: data, or a leaf."""
        made = definition(around.scope, place)
        if made is None:
            return NOTHING if around.scope.parameter(place) is not None else UNKNOWN
        if not isinstance(made.expr, Call):
            plain = isinstance(made.expr, Const) or is_public(made.scope, made.expr)
            return NOTHING if plain else UNKNOWN
        name = made.scope.dotted(made.expr.func)
        if name == modules.PARAMETER or requires_grad(made.expr):
            return reach.of(self._places.canonical(around.modules.get(place, place)))
        return NOTHING if name is not None and name.startswith("torch.") else UNKNOWN

    def _of_call(self, call: Call, around: Surroundings) -> Reach:
        arguments = [*call.args, *(k.value for k in call.keywords)]
        name = around.scope.dotted(call.func)
        if name is not None:
            return self._of_public(name, arguments, around)
        own = self._of_module(call, arguments, around)
        if own is not None:
            return own
        if isinstance(call.func, Attr):
            method = call.func.name
            if method in _CUT:
                return self.of(call.func.value, around).cut_off
            if method in _TENSOR_METHODS:
                computed = self._all([call.func.value, *arguments], around)
                return computed.scored if method == "log_prob" else computed
        place = place_of(call.func)
        if place in ("sum", "min", "max", "list", "tuple", "abs") and not around.scope.binds(place):
            return self._all(arguments, around)
        if place in ("len", "range", "int", "float") and not around.scope.binds(place):
            return NOTHING
        found = self._of_function(call, around)
        if found is None and self._is_data(call, around):
            found = NOTHING
        return found or self._all(arguments, around).partly_known

    def _is_data(self, call: Call, around: Surroundings) -> bool:
        """Whether a call makes data of data: of torch's types, or by a method of data."""
        made = definition(around.scope, place_of(call.func) or "")
        if made is not None and is_public(made.scope, made.expr):
            return True
        if not isinstance(call.func, Attr) or place_of(call.func.value) not in around.env:
            return False
        return self._all([call.func.value, *call.args], around) == NOTHING

    def _all(self, parts: list[Expr], around: Surroundings) -> Reach:
        return together(self.of(part, around) for part in parts)

    def _of_public(self, name: str, arguments: list[Expr], around: Surroundings) -> Reach:
        if name in _CUT_FUNCTIONS:
            return NOTHING
        if name == "torch.autograd.Variable":
            return self._all(arguments, around).doubtful
        if name.startswith("torch.autograd"):
            return self._all(arguments, around).partly_known
        if name.startswith("torch."):
            return self._all(arguments, around)
        return NOTHING if name.split(".", maxsplit=1)[0] in apis.HARMLESS_MODULES else UNKNOWN

    def _of_module(self, call: Call, arguments: list[Expr], around: Surroundings) -> Reach | None:
        """What calling a module gives; None if it is not known to be one."""
        func = call.func
        if isinstance(func, Attr) and func.name == "forward":
            func = func.value
        spelled = place_of(func)
        if spelled is None:
            return None
        place = around.modules.get(spelled, spelled)
        made = definition(around.scope, canonical_module(spelled))
        if made is None or not isinstance(made.expr, Call):
            return None
        inputs = self._all(arguments, around)
        own = canonical_module(self._places.canonical(place))
        name = made.scope.dotted(made.expr.func)
        if builds_module(made.scope, made.expr):
            holds = name in modules.LAYERS or name in modules.HOLDERS
            return inputs.through(own) if holds else inputs
        own_class = made.scope.class_named(place_of(made.expr.func) or "")
        if own_class is not None and is_module(own_class):
            both = inputs.through(own)
            return both if lets_through(own_class) else both.doubtful
        return None

    def _of_function(self, call: Call, around: Surroundings) -> Reach | None:
        """What a function of the project returns; None if it cannot be seen."""
        if around.depth >= _DEEPEST:
            return None
        callee = self._roles.callees.of_call(around.scope, call)
        if callee is None or callee.scope.is_generator:
            return None
        receiver = place_of(callee.receiver.expr) if callee.receiver is not None else None
        if callee.receiver is not None and receiver != "self":
            return None
        frame = self._roles.frames.of_call(around.scope, call, callee)
        if frame is None:
            return None
        env: Env = {}
        renamed: dict[str, str] = {}
        for parameter, argument in (frame.arguments or {}).items():
            if parameter == "self":
                continue
            if argument.scope is not around.scope:
                return None
            place = place_of(argument.expr)
            if place is not None and self._is_module(around.scope, place):
                renamed[parameter] = around.modules.get(place, place)
            else:
                env[parameter] = self.of(argument.expr, around)
        encloses = callee.scope.parent is around.scope.function_itself
        shared = {
            place: now
            for place, now in around.env.items()
            if (receiver is not None and place.startswith("self."))
            or (encloses and not frame.binds(root_of(place)))
        }
        env = {**shared, **env}
        return self._returned(frame, Surroundings(frame, env, renamed, around.depth + 1))

    def _is_module(self, scope: Scope, place: str) -> bool:
        made = definition(scope, place)
        if made is None or not isinstance(made.expr, Call):
            return False
        return makes_module(made.scope, made.expr)
