"""Layers and parameters of a module that its `parameters()` does not give."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lintgrad.flow.events import Unheld
from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.flow.places.module_classes import class_text, is_module
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax import modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Comprehension, Const, Expr, Mapping, Sequence
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

_REGISTERS = re.compile(
    # What registers by name, hands out parameters of its own accord, or hides them on purpose.
    r"\badd_module\b|\bregister_module\b|\bregister_parameter\b|\bsetattr\b|__setattr__"
    r"|\bdef\s+(named_)?parameters\b|\bno_grad\b|\brequires_grad|\.eval\(\)|\b__dict__\b"
)

_LOOKS_AT = ("enumerate", "zip", "len", "reversed", "range", "iter", "print", "isinstance", "type")


class Hidden(NamedTuple):
    """An attribute that holds parameters out of the module's sight, and where it is bound."""

    name: str
    made: Span


class Unregistered:
    """Finds what the optimizers of one function are not told of."""

    def __init__(self, scope: Scope, places: Places, roles: Roles) -> None:
        self._scope = scope
        self._places = places
        self._roles = roles

    def events(self, receiver: str) -> Iterator[Unheld]:
        """What an optimizer that is stepped was built without."""
        place = self._places.canonical(receiver)
        found = self._roles.of_place(self._scope, place)
        if found is None or found.build is None or found.scope is None:
            return
        match found.build.argument(0, "params"):
            case Call(func=Attr(value=module, name="parameters"), args=()):
                owner = place_of(module)
            case _:
                return
        if owner is None:
            return
        held = self._roles.of_place(found.scope, owner)
        own = held.own if held is not None else None
        if own is not None and is_module(own):
            for hidden in hidden_in(own):
                texts = (found.scope.source.text, own.scope.source.text)
                if not any(_asks_for(text, hidden.name) for text in texts):
                    yield Unheld(found.build.span, place, owner, f"self.{hidden.name}", hidden.made)


def hidden_in(own: ClassScope) -> Iterator[Hidden]:
    """The attributes of a module whose parameters it does not know of, and which it uses."""
    methods = [method for one in own.lineage() for method in one.methods.values()]
    if any(_REGISTERS.search(class_text(one)) for one in own.lineage()):
        return
    init = own.method("__init__")
    for place, bindings in init.bindings.items() if init is not None else ():
        once = [m for m in methods if place in m.bindings] == [init]
        if place.count(".") == 1 and place.startswith("self.") and once and init is not None:
            used = any(m is not init and _reads(m, place) for m in methods)
            made = _product(init, bindings)
            if made is None and not any(_passes_on(m, place) for m in methods):
                made = _collection(init, bindings)
            if made is not None and used:
                yield Hidden(place.removeprefix("self."), made)


def _product(init: Scope, bindings: list[Binding]) -> Span | None:
    """Where what was computed from a parameter is bound."""
    value = bindings[0].value
    once = len(bindings) == 1 and bindings[0].via is Via.VALUE
    return value.span if once and _is_made_of_parameter(init, value) else None


def _collection(init: Scope, bindings: list[Binding]) -> Span | None:
    """Where a plain collection of layers is bound."""
    first, *more = bindings
    if first.via is not Via.VALUE:
        return None
    value = first.value
    empty = isinstance(value, Sequence | Mapping) and not value.items
    if more:
        appended = all(b.via is Via.APPENDED and _is_layer(init, b.value) for b in more)
        return value.span if empty and appended and isinstance(value, Sequence) else None
    match value:
        case Sequence(kind="list" | "tuple", items=items) if len(items) > 1:
            held = items
        case Mapping(items=pairs) if len(pairs) > 1:
            held = tuple(item for _, item in pairs)
        case Comprehension(kind="ListComp", element=element):
            held = (element,)
        case _:
            return None
    return value.span if held and all(_is_layer(init, item) for item in held) else None


def _is_layer(init: Scope, expr: Expr) -> bool:
    while isinstance(expr, Call) and isinstance(expr.func, Attr):
        if expr.func.name not in modules.SAME_OBJECT or init.dotted(expr.func) is not None:
            break
        expr = expr.func.value
    is_layer = isinstance(expr, Call) and init.dotted(expr.func) in modules.LAYERS
    return is_layer or _is_parameter(init, expr)


def _is_made_of_parameter(init: Scope, value: Expr) -> bool:
    """Whether a value is computed from a parameter that is made right there."""
    match value:
        case Binary(left=left, right=right):
            return _is_parameter(init, left) or _is_parameter(init, right)
        case Call(func=Attr(value=inner, name="cuda"), args=()):
            return _is_parameter(init, inner)
    return False


def _is_parameter(init: Scope, expr: Expr) -> bool:
    return (
        isinstance(expr, Call)
        and init.dotted(expr.func) == modules.PARAMETER
        and not any(
            k.name == "requires_grad" and isinstance(k.value, Const) and not k.value.value
            for k in expr.keywords
        )
    )


def _reads(method: Scope, place: str) -> bool:
    return any(place_of(part) == place for part in _parts(method))


def _passes_on(method: Scope, place: str) -> bool:
    """Whether a method hands the collection to something that may register what is in it."""
    for part in _parts(method):
        if isinstance(part, Call) and place_of(part.func) not in _LOOKS_AT:
            arguments = [*part.args, *(k.value for k in part.keywords)]
            if any(place_of(inner) == place for a in arguments for inner in parts_of(a)):
                return True
    return False


def _parts(method: Scope) -> Iterator[Expr]:
    for statement in statements_of(method.node.body):
        for expr in expressions_of(statement):
            yield from parts_of(expr)


def _asks_for(text: str, name: str) -> bool:
    """Whether a file asks an object for the attribute: its parameters may be taken from there."""
    return re.search(rf"(?<!\bself)\.{re.escape(name)}\b", text) is not None
