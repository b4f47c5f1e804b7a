"""Whose parameters an expression holds: from `X(model.parameters())` back to `model`."""

from dataclasses import replace

from lintgrad.flow.events import UNKNOWN_OWNERS, Owners
from lintgrad.flow.names.bindings import Via, at
from lintgrad.flow.names.elements import element_source
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.module_classes import makes_module
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    Binary,
    Call,
    Comprehension,
    Const,
    Expr,
    Item,
    Mapping,
    Name,
    Sequence,
    Starred,
)
from lintgrad.syntax.walk import handed_to, parts_of

_PARAMETER_METHODS = frozenset({"parameters", "named_parameters"})
_PASSES_THROUGH = frozenset({"list", "tuple", "set", "iter", "chain", "enumerate", "reversed"})


def canonical_module(place: str) -> str:
    """The place of what a wrapper's `.module` leads to: the same parameters either way."""
    head, _, last = place.rpartition(".")
    return canonical_module(head) if head and last in apis.SAME_MODULE_ATTRIBUTES else place


def module_owners(scope: Scope, place: str) -> Owners:
    """The owners that clearing a module concerns."""
    return _module_owners(scope, place, frozenset())


def _module_owners(scope: Scope, place: str, seen: frozenset[str]) -> Owners:
    name = canonical_module(place)
    found = scope.lookup(name)
    if found is not None:
        for binding in found[1]:
            if binding.via is Via.VALUE and isinstance(binding.value, Call):
                wrapped = _wrapped_module(found[0], binding.value)
                if wrapped is not None and wrapped not in {*seen, name}:
                    return _module_owners(scope, wrapped, seen | {name})
            if binding.via is Via.ELEMENT:
                return Owners(frozenset({name}), related=related_places(scope, name))
    known = scope.arguments is None or _is_passed(scope, name)
    return Owners(frozenset({name}), complete=known, related=related_places(scope, name))


def _is_passed(frame: Scope, place: str) -> bool:
    """Whether what a place of a frame begins with is no parameter, or one whose value is known."""
    root = root_of(place)
    passed = (frame.arguments or {}).get(root)
    if passed is None:
        return frame.parameter(root) is None
    if isinstance(passed.expr, Call):  # made for this call, and for nothing else
        return makes_module(passed.scope, passed.expr)
    return root == "self" or place_of(passed.expr) is not None


def _wrapped_module(scope: Scope, call: Call) -> str | None:
    if scope.dotted(call.func) in apis.CONTAINERS_OF_MODULES and call.args:
        return place_of(call.args[0])
    is_move = isinstance(call.func, Attr) and call.func.name in ("to", "cuda", "cpu", "train")
    return place_of(call.func.value) if isinstance(call.func, Attr) and is_move else None


def related_places(scope: Scope, place: str) -> frozenset[str]:
    """The places mentioned where a place gets its value, and there again."""
    seen: set[str] = set()
    todo = [place]
    while todo:
        found = scope.lookup(todo.pop())
        if found is None:
            continue
        for binding in found[1]:
            mentioned = set(_mentioned(binding.value)) - seen - {place}
            seen |= mentioned
            todo.extend(mentioned)
    return frozenset(seen)


def _mentioned(expr: Expr) -> set[str]:
    places: set[str] = set()
    for part in parts_of(expr):
        if isinstance(part, Call):
            for argument in handed_to(part):
                if (place := place_of(argument)) is not None:
                    places.add(canonical_module(place))
            if isinstance(part.func, Attr) and (receiver := place_of(part.func.value)) is not None:
                places.add(canonical_module(receiver))
    if (place := place_of(expr)) is not None:
        places.add(canonical_module(place))
    return places


def owners_of(scope: Scope, expr: Expr) -> Owners:
    """The owners of the parameters in an expression: an optimizer's argument, a loop's iterable."""
    return _owners(scope, expr, frozenset())


def _owners(scope: Scope, expr: Expr, seen: frozenset[str]) -> Owners:
    match expr:
        case Call(func=Attr(value=model, name=method)) if method in _PARAMETER_METHODS:
            place = place_of(model)
            return UNKNOWN_OWNERS if place is None else module_owners(scope, place)
        case Call(func=Attr(value=receiver, name="values" | "items")):
            return _owners(scope, receiver, seen)
        case Call(func=func, args=args) if _last_name(func) in _PASSES_THROUGH:
            return _joined(scope, args, seen)
        case Call(func=Name(id="filter"), args=(_, iterated)):
            return replace(_owners(scope, iterated, seen), whole=False)
        case Binary(op="+", left=left, right=right):
            return _joined(scope, (left, right), seen)
        case Sequence(items=items):
            return _joined(scope, items, seen)
        case Mapping(items=items):
            held = [value for key, value in items if _is_params(key)]
            return _joined(scope, held, seen) if len(held) == 1 else UNKNOWN_OWNERS
        case Starred(value=value):
            return _owners(scope, value, seen)
        case Comprehension(element=Name(id=name), clauses=(clause,)) if (
            place_of(clause.target) == name
        ):
            found = _owners(scope, clause.iter, seen)
            return replace(found, whole=False) if clause.tests else found
        case Item(value=group, index=Const(value="params")):
            return _owners(scope, group, seen)
        case Name() | Attr() | Item():
            return _of_place(scope, expr, seen)
    return UNKNOWN_OWNERS


def _is_params(key: Expr | None) -> bool:
    return isinstance(key, Const) and key.value == "params"


def _last_name(func: Expr) -> str | None:
    match func:
        case Name(id=name) | Attr(name=name):
            return name
    return None


def _joined(scope: Scope, parts: tuple[Expr, ...] | list[Expr], seen: frozenset[str]) -> Owners:
    return _union([_owners(scope, part, seen) for part in parts])


def _union(found: list[Owners]) -> Owners:
    if not found:
        return UNKNOWN_OWNERS
    return Owners(
        frozenset().union(*(f.places for f in found)),
        all(f.complete for f in found),
        frozenset().union(*(f.related for f in found)),
        all(f.whole for f in found),
    )


def _of_place(scope: Scope, expr: Expr, seen: frozenset[str]) -> Owners:
    place = place_of(expr)
    if place is None or place in seen:
        return UNKNOWN_OWNERS
    found = scope.lookup(place)
    if found is None:
        return UNKNOWN_OWNERS
    where, bindings = found
    owners: list[Owners] = []
    for binding in at(bindings, expr.span):
        value: Expr | None = binding.value
        if binding.via is Via.ELEMENT and value is not None:
            value = element_source(value, binding.index, binding.parts) or value
        if value is None or binding.via is Via.PART:
            return UNKNOWN_OWNERS
        if _is_leaf(where, value):
            owners.append(Owners(frozenset({place}), complete=True))
        elif not (isinstance(value, Sequence) and not value.items):
            owners.append(_owners(where, value, seen | {place}))
    return _union(owners)


def _is_leaf(scope: Scope, value: Expr) -> bool:
    """Whether a value is a tensor made on the spot: a leaf of its own."""
    if not isinstance(value, Call):
        return False
    if isinstance(value.func, Attr) and value.func.name in ("requires_grad_", "to", "cuda"):
        return _is_leaf(scope, value.func.value)
    name = scope.dotted(value.func) or ""
    return name.startswith("torch.") and not name.startswith(("torch.optim", "torch.nn.utils"))


def local_root(scope: Scope, place: str) -> bool:
    """Whether a place begins with a name that only its own function knows."""
    return scope.parent is not None and root_of(place) != "self" and scope.binds(root_of(place))
