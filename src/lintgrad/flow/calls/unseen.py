"""What a call of a function that cannot be seen may do to gradients."""

from collections.abc import Iterator

from lintgrad.flow.events import Doubt
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import bound_once, from_caller
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.builders import asks_trainer
from lintgrad.flow.places.gradients_by_hand import grad_holder, is_nothing, part_of_grad
from lintgrad.flow.places.module_classes import builds_module
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.source.text import spelled
from lintgrad.syntax import apis
from lintgrad.syntax.frameworks import COLLECTIONS, ENGINES, RETURNED, STEPPED
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, Name
from lintgrad.syntax.trainers import METHODS_LEAVING_GRADIENTS
from lintgrad.syntax.walk import handed_to, parts_of

_SAFE_METHODS = frozenset(
    # Methods of modules, optimizers and tensors that leave gradients alone (torch 2.13).
    "item detach numpy tolist argmax size dim abs exp log sqrt pow mean sum max min squeeze "
    "unsqueeze view reshape permute transpose flatten clone contiguous expand repeat gather "
    "clip_gradients clip_grad_norm_ clip_grad_value_ clip_grad_norm unscale_gradients "
    "register_backward_hook register_full_backward_hook set_training_mode reset_noise destroy "
    "assert_called assert_called_once assert_called_with assert_called_once_with reset_mock "
    "synchronize skip_synchronize toggle_model toggle_optimizer untoggle_optimizer "
    "full_tensor to_local redistribute "
    "add_param_group append apply buffers children cpu cuda double eval extend float "
    "forward get half items keys load_state_dict modules named_buffers named_children "
    "named_modules named_parameters no_sync parameters register_buffer "
    "register_forward_hook share_memory state_dict to train type unscale_ update_bn "
    "values".split()
) | frozenset(
    # Methods of the collections and strings of Python itself. `clear` and `update` are left out:
    # what they are called on may be an optimizer.
    "add count decode difference discard encode endswith index insert intersection join lower "
    "lstrip pop popitem remove replace rstrip setdefault sort split startswith strip title union "
    "upper".split()
)


_MOVES = frozenset({"to", "cuda", "cpu", "half", "float", "double"})

_BUILD = apis.OPTIMIZER_CLASSES | ENGINES.keys() | STEPPED.keys() | RETURNED.keys() | COLLECTIONS
"""Public names that build something, and do nothing else."""


class Unseen:
    """Judges calls of one function whose callees are not in the file."""

    def __init__(self, scope: Scope, places: Places, text: str) -> None:
        self._scope = scope
        self._places = places
        self._text = text

    def is_harmless(self, call: Call, name: str | None) -> bool:
        """Whether a function, by its dotted name if it has one, leaves gradients alone."""
        if name is not None:
            top = name.split(".")[0]
            if top == "torch" or top in apis.HARMLESS_MODULES:
                return True
            return name in _BUILD or name in apis.SCHEDULERS | apis.HARMLESS_FUNCTIONS
        if asks_trainer(self._scope, call):
            return True
        match call.func:
            case Attr(value=receiver) if self._is_of_framework(receiver):
                return True
            case Attr(value=receiver, name="scale" | "get_scale") if self._is_scaler(receiver):
                return True
            case Attr(value=Name(id="self"), name=method) if self._is_inherited(method):
                return True
            case Name(id="map"):
                return False  # what it applies may be made to clear or step
            case Name(id=builtin):
                return builtin in apis.HARMLESS_BUILTINS and not self._scope.binds(builtin)
            case Attr(value=receiver, name=method):
                return method in _SAFE_METHODS or self._is_of_harmless_module(receiver)
        return False

    def _is_inherited(self, method: str) -> bool:
        """Whether a method of the object is that of a class known to leave gradients alone."""
        owner = self._scope.owner
        return owner is not None and any(
            (base, method) in METHODS_LEAVING_GRADIENTS for base in owner.outside_bases()
        )

    def _is_of_harmless_module(self, receiver: Expr) -> bool:
        """Whether a method is one of an object whose class is in a package that is harmless."""
        place = place_of(receiver)
        found = self._scope.lookup(place) if place is not None else None
        values = [_moved(binding.value) for binding in found[1]] if found is not None else []
        return bool(values) and all(
            isinstance(value, Call)
            and found is not None
            and (found[0].dotted(value.func) or "").split(".")[0] in apis.HARMLESS_MODULES
            for value in values
        )

    def is_module_of_torch(self, func: Expr) -> bool:
        """Whether what is called was built as one of torch's own modules, by a caller perhaps."""
        scope, expr = from_caller(self._scope, func)
        place = place_of(expr)
        found = scope.lookup(place) if place is not None else None
        return found is not None and all(
            binding.via is Via.VALUE
            and isinstance(binding.value, Call)
            and builds_module(found[0], binding.value)
            for binding in found[1]
        )

    def _is_of_framework(self, receiver: Expr) -> bool:
        """Whether a method is one of an engine or scaler that does nothing else to gradients."""
        place = place_of(receiver)
        return place is not None and self._places.role(place) in (Role.ENGINE, Role.SCALER)

    def _is_scaler(self, receiver: Expr) -> bool:
        """Whether nothing but its name says that something is a gradient scaler."""
        place = place_of(receiver)
        return place is not None and guesses.named_like_scaler(place)

    def endangers(self, call: Call) -> frozenset[str] | None:
        """The places that an unseen function may change: all (None), some, or none of them."""
        name = spelled(self._text, call.func.span)
        last = name.rsplit(".", 1)[-1]
        handed = [place for arg in handed_to(call) if (place := place_of(arg)) is not None]
        optimizers = {p for p in handed if self._places.is_optimizer(p)}
        receiver = place_of(call.func.value) if isinstance(call.func, Attr) else None
        if receiver is not None and self._places.is_optimizer(receiver):
            return frozenset({self._places.canonical(receiver)})
        optimizers |= self._made_from(call.func)
        if optimizers and not guesses.leaves_optimizer_alone(last):
            return frozenset(map(self._places.canonical, optimizers))
        if guesses.changes_gradients(name):
            return None
        if guesses.tells_others(name) and (handed or not guesses.named_like_class(last)):
            return None  # the object of a class may be made to tell others; that alone tells none
        if isinstance(call.func, Name) and self._is_handed_in(call.func.id):
            # Whoever passed it knows what it does; a criterion or a metric is named so.
            if guesses.named_like_class(name) and not handed:
                return frozenset()  # an object is built, of nothing that has gradients
            unknown = guesses.may_touch_gradients(name) or (
                guesses.says_nothing(name)
                and not self._places.is_module(name)
                and not guesses.named_like_loss(name)
            )
            return None if unknown else frozenset()
        if guesses.may_touch_gradients(name):
            if receiver in ("self", "super()") or any(map(self._places.has_parameters, handed)):
                return None
            if receiver is not None and self._places.has_parameters(receiver):
                return None
        return frozenset()

    def doubt(self, call: Call) -> Doubt:
        """What an unseen function that endangers no optimizer is likely to be."""
        handed_over = (*call.args, *(keyword.value for keyword in call.keywords))
        if any(_is_gradient(part) for arg in handed_over for part in parts_of(arg)):
            return Doubt.OPEN
        if isinstance(call.func, Attr) and _is_gradient(call.func.value):
            return Doubt.OPEN if call.func.name.endswith("_") else Doubt.GLANCE
        name = spelled(self._text, call.func.span)
        told = self._is_told(call)
        if not told and (guesses.may_touch_gradients(name) or guesses.says_nothing(name)):
            return Doubt.OPEN
        if any(map(self._has_power, filter(None, map(place_of, handed_to(call))))):
            return Doubt.OPEN
        place = place_of(call.func)
        if place is not None and (self._is_module(place) or guesses.named_like_loss(place)):
            return Doubt.FORWARD
        receiver = place_of(call.func.value) if isinstance(call.func, Attr) else None
        return Doubt.OPEN if receiver and self._has_power(receiver) else Doubt.GLANCE

    def _is_told(self, call: Call) -> bool:
        """Whether it is the `update` of an object that is given nothing to do with gradients."""
        match call.func:
            case Attr(value=receiver, name="update") if (place := place_of(receiver)) is not None:
                return self._is_given_nothing(place)
        return False

    def _is_given_nothing(self, place: str) -> bool:
        """Whether an object is made here, and neither then nor later handed what has gradients.

        A meter such as `batch_time = AverageMeter()` can be told numbers, and do nothing to them.
        """
        bound = self._scope.bindings.get(place, [])
        made = [one.value for one in bound if one.via is Via.VALUE]
        if len(bound) != 1 or not made or not isinstance(made[0], Call):
            return False
        return isinstance(made[0].func, Name) and not any(
            self._has_power(handed)
            for call in self._scope.calls
            if call is made[0] or place in map(place_of, _meets(call))
            for handed in filter(None, map(place_of, _meets(call)))
        )

    def _is_module(self, place: str) -> bool:
        """Whether calling a place is a forward pass."""
        return place != "self" and self._places.is_module(place)

    def _has_power(self, place: str) -> bool:
        """Whether something that is handed over can change gradients, or how they are scaled."""
        return (
            place in ("self", "super()")
            or self._places.role(place) is not None
            or self._places.has_parameters(place)
            or self._places.is_optimizer(place)
            or not guesses.SCALING_WORDS.isdisjoint(guesses.words(place))
        )

    def _is_handed_in(self, name: str) -> bool:
        """Whether a name is a parameter, or runs over things that were handed in."""
        if self._scope.parameter(name) is not None:
            return True
        found = self._scope.lookup(name)
        return found is not None and any(b.via is Via.ELEMENT for b in found[1])

    def _made_from(self, func: Expr) -> set[str]:
        """The optimizers that something was handed which made the function that is called."""
        made = bound_once(self._scope, func) if isinstance(func, Name) else None
        handed = handed_to(made.expr) if made and isinstance(made.expr, Call) else ()
        places = (place for argument in handed if (place := place_of(argument)) is not None)
        return {place for place in places if self._places.is_optimizer(place)}


def _meets(call: Call) -> Iterator[Expr]:
    """What a call brings together: its arguments, and what it is a method of."""
    yield from handed_to(call)
    if isinstance(call.func, Attr):
        yield call.func.value


def _moved(value: Expr) -> Expr:
    """What was built, where it is moved to a device at once."""
    while isinstance(value, Call) and isinstance(value.func, Attr) and value.func.name in _MOVES:
        value = value.func.value
    return value


def _is_gradient(expr: Expr) -> bool:
    return grad_holder(expr) is not None or part_of_grad(expr)


def changes_gradients_in_place(call: Call, name: str | None) -> bool:
    """`setattr(p, "grad", ...)` and functions such as `torch._foreach_zero_(grads)`."""
    if isinstance(call.func, Name) and call.func.id == "setattr" and len(call.args) == 3:
        return isinstance(call.args[1], Const) and call.args[1].value == "grad"
    return name is not None and name.startswith("torch._foreach_") and name.endswith("_")


def scales_gradients(call: Call, name: str | None) -> bool:
    """`torch._foreach_mul_(grads, c)`: the gradients stay those of what they were for."""
    factor = call.argument(1, "scalar")
    scaling = name in ("torch._foreach_mul_", "torch._foreach_div_")
    return scaling and factor is not None and not is_nothing(factor)
