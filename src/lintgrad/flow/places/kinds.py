"""Whether something is a tensor or a module, and on what evidence."""

from collections.abc import Iterable

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Binding, Via, at
from lintgrad.flow.names.bound_once import bound_once
from lintgrad.flow.names.elements import element_source
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.flow.places.groups import grouped_by
from lintgrad.flow.places.module_classes import builds_module, is_module
from lintgrad.flow.places.usage import Usage
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Expr, Item, Name, Sequence, Unary

_ONLY_TENSORS = frozenset({"requires_grad_", "detach_", "retain_grad"})
_ONLY_MODULES = frozenset({"parameters", "named_parameters", "load_state_dict", "train", "eval"})
_PARAMETERS = frozenset({"parameters", "named_parameters"})
_HOLDERS = frozenset({"list", "tuple", "enumerate", "reversed", "zip", "filter"})
_TENSOR_METHODS = tensors.COMPUTES | tensors.KEEPS | tensors.REARRANGES

_Known = dict[tuple[Scope, str], Basis | None]
"""What was found of places; of one that is being looked at, nothing yet."""


class Kinds:
    """Tells tensors from modules by what the places of one function are bound to."""

    def __init__(self, scope: Scope, usage: Usage) -> None:
        self._scope = scope
        self._usage = usage
        self._known: _Known = {}

    def tensor(self, expr: Expr) -> Basis | None:
        """The evidence that an expression is a tensor; None if there is none."""
        return _tensor(self._scope, expr, self._known) or self._used_as_tensor(expr)

    def leaf_parameter(self, expr: Expr) -> bool:
        """Whether an expression is an element of a module's or an optimizer's parameters."""
        place = place_of(expr)
        found = self._scope.lookup(place) if place is not None else None
        bound = at(found[1], expr.span) if found is not None else []
        return bool(bound) and all(b.via is Via.ELEMENT and self._is_parameter(b) for b in bound)

    def _is_parameter(self, element: Binding) -> bool:
        if _of_parameters(element.value, element.index, element.parts):
            return True
        grouped = isinstance(element.value, Item) and grouped_by(self._scope, element.value)
        return bool(grouped) and element.parts == 1

    def module(self, expr: Expr) -> Basis | None:
        """The evidence that an expression is a module, and no parameter; None if there is none."""
        if is_built_module(self._scope, expr):
            return Basis.BUILT
        place = place_of(expr)
        found = self._scope.lookup(place) if place is not None else None
        if found is not None and any(_tensor(found[0], b.value, self._known) for b in found[1]):
            return None
        used = place is not None and place != "self" and self._usage.methods(place)
        return Basis.USED if used and _ONLY_MODULES & used and not _ONLY_TENSORS & used else None

    def with_parameters(self, expr: Expr) -> Basis | None:
        """The evidence that what has a method `parameters` is a module.

        The method alone is none: a class that cannot be seen may return a list.
        """
        found = self.module(expr)
        place = place_of(expr)
        if found is not Basis.USED or place is None:
            return found
        used = self._usage.methods(place) & _ONLY_MODULES - _PARAMETERS
        told = used or self._usage.is_called(place) or guesses.named_like_model(place)
        return Basis.USED if told else None

    def runs_backward(self, expr: Expr) -> Basis | None:
        """The evidence that an expression is a loss: backward is called on it somewhere."""
        place = place_of(expr)
        if place is None or "backward" not in self._usage.methods(place):
            return None
        return None if self._usage.methods(place) & {"step", "parameters"} else Basis.USED

    def _used_as_tensor(self, expr: Expr) -> Basis | None:
        place = place_of(expr)
        if place is None or place in ("self", "super()") or self.module(expr) is not None:
            return None
        used = self._usage.methods(place)
        others = used & {"step", *_ONLY_MODULES}
        return Basis.USED if _ONLY_TENSORS & used and not others else None


def is_builtin(scope: Scope, name: str) -> bool:
    """Whether nothing in sight gives the name of a builtin to something else."""
    taken = scope.lookup(name) is not None or scope.function(name) is not None
    return not taken and name not in scope.imports and scope.parameter(name) is None


def is_built_module(scope: Scope, expr: Expr) -> bool:
    """Whether it is in sight that a place is given modules, and nothing else."""
    place = place_of(expr)
    found = scope.lookup(place) if place is not None else None
    return found is not None and all(_builds_module(found[0], b) for b in found[1])


def _tensor(scope: Scope, expr: Expr, known: _Known) -> Basis | None:
    match expr:
        case Call(func=func):
            return _returned(scope, func, known)
        case Binary(left=left, right=right):
            return _tensor(scope, left, known) or _tensor(scope, right, known)
        case Unary(op="-" | "+", value=value):
            return _tensor(scope, value, known)
        case Attr(value=holder, name="grad" | "data"):
            return _tensor(scope, holder, known)
        case Item(value=value):
            return _tensor(scope, value, known) or _bound(scope, expr, known)
        case Name() | Attr():
            return _bound(scope, expr, known)
    return None


def _returned(scope: Scope, func: Expr, known: _Known) -> Basis | None:
    name = scope.dotted(func)
    if name is not None:
        module, _, last = name.rpartition(".")
        listed = name in tensors.TENSOR_CLASSES or (
            module == "torch" and last in tensors.MAKES | tensors.COMPUTES
        )
        return Basis.BUILT if listed or module == "torch.nn.functional" else None
    if isinstance(func, Attr) and func.name in _TENSOR_METHODS:
        found = _tensor(scope, func.value, known)
        if found is not None:
            return found
    built = bound_once(scope, func)
    if built is None or not isinstance(built.expr, Call):
        return None
    layer = built.scope.dotted(built.expr.func) or ""
    last = layer.removeprefix("torch.nn.")
    single = last != layer and last[:1].isupper() and last not in tensors.SEVERAL_OUTPUTS
    return Basis.BUILT if single and last.endswith("Loss") else Basis.USED if single else None


def _bound(scope: Scope, expr: Expr, known: _Known) -> Basis | None:
    """What all bindings of a place say together; one that is made of the place itself is left."""
    place = place_of(expr)
    if place is None:
        return None
    key = (scope, place)
    if key in known:
        return known[key]
    known[key] = None
    found = _bound_to(scope, place, expr, known)
    if any(binding.within is not None for binding in scope.bindings.get(place, ())):
        del known[key]  # another loop may give the name something else
    else:
        known[key] = found
    return found


def _bound_to(scope: Scope, place: str, expr: Expr, known: _Known) -> Basis | None:
    found = scope.lookup(place)
    if found is None:
        parameter = scope.parameter(place)
        annotation = parameter.annotation if parameter is not None else None
        told = annotation is not None and scope.dotted(annotation) in tensors.TENSOR_CLASSES
        return Basis.ANNOTATED if told else None
    where, bindings = found
    if where is scope and scope.parameter(place) is not None:
        return None
    told_by = [_by(where, b, known) for b in at(bindings, expr.span) if not _of_itself(b, place)]
    return None if None in told_by else min((b for b in told_by if b is not None), default=None)


def _of_itself(binding: Binding, place: str) -> bool:
    """Whether a place is bound to what it was, changed: `x = x.view(...)`, `x = x + y`."""
    value: Expr = binding.value
    while True:
        match value:
            case Call(func=Attr(value=inner, name=name)) if name in _TENSOR_METHODS:
                value = inner
            case Binary(left=left):
                value = left
            case _:
                return binding.via is Via.CHANGED or place_of(value) == place


def _by(scope: Scope, binding: Binding, known: _Known) -> Basis | None:
    if binding.via is Via.VALUE:
        return _tensor(scope, binding.value, known)
    if binding.via is not Via.ELEMENT:
        return None
    if _of_parameters(binding.value, binding.index, binding.parts):
        return Basis.BUILT
    source = element_source(binding.value, binding.index, binding.parts) or binding.value
    if isinstance(source, Sequence) and source.items:
        return _least(_tensor(scope, item, known) for item in source.items)
    return None


def _least(found: Iterable[Basis | None]) -> Basis | None:
    told = list(found)
    return None if None in told else min((b for b in told if b is not None), default=None)


def _of_parameters(iterated: Expr, index: int, parts: int) -> bool:
    """Whether the elements of an iterable are a module's parameters."""
    match iterated:
        case Call(func=Attr(name="parameters")):
            return parts == 1
        case Call(func=Attr(name="named_parameters")):
            return parts == 2 and index == 1
        case Call(func=Name(id=name), args=args) if name in _HOLDERS and args:
            return len(args) == 1 and parts == 1 and _of_parameters(args[0], 0, 1)
        case Sequence(items=items):
            return False if not items else all(_of_parameters(i, index, parts) for i in items)
    return False


def _builds_module(scope: Scope, binding: Binding) -> bool:
    value = binding.value
    while isinstance(value, Call) and isinstance(value.func, Attr) and value.func.name in (
        "to", "cuda", "cpu", "eval", "train", "half", "float", "double",
    ):  # fmt: skip
        value = value.func.value
    if binding.via is not Via.VALUE or not isinstance(value, Call):
        return False
    if builds_module(scope, value):
        return True
    if (scope.dotted(value.func) or "").startswith("torchvision.models."):
        return True
    own = scope.class_named(place_of(value.func) or "")
    return own is not None and is_module_class(own)


def is_module_class(own: ClassScope) -> bool:
    """Whether a class of the project is a module that adds no `grad` or `requires_grad`."""
    if not is_module(own):
        return False
    added = ("grad", "requires_grad")
    return all(own.lookup(f"self.{name}") is None and own.method(name) is None for name in added)


def has_own_engine(module: Scope) -> bool:
    """Whether a file may have parameters that are no tensors: another engine's, or its own."""
    if not any(f"{name}.".startswith("torch.") for name in module.imports.values()):
        return True
    seen = [*module.all_classes(), *map(module.class_named, module.imports)]
    return any(
        one.method("parameters") is not None and not set(one.outside_bases()) - {"object"}
        for one in seen
        if one is not None
    )
