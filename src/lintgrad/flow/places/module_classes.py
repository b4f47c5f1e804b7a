"""Module classes: whether they hold parameters, and whether they let gradients through."""

import re

from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.syntax import apis, modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call
from lintgrad.syntax.walk import parts_of, statements_of

_CUTS = re.compile(
    # What may keep gradients from what a module is fed, or from its own parameters.
    r"detach|no_grad|inference_mode|\.data\b|requires_grad|\.item\(|argmax|numpy|\bsample\(|\.grad\b"
    r"|_hook|autograd|\.eval\(|checkpoint|\bround\b|\bsign\(|\bfloor\b|stop_grad|one_hot"
)

_DEEPEST = 4
"""Modules in modules are looked into so far."""


def makes_parameters(scope: Scope, call: Call) -> bool:
    """Whether a call makes a module that is sure to hold parameters of its own, or a parameter."""
    name = scope.dotted(call.func)
    if name in modules.LAYERS or name == modules.PARAMETER:
        return True
    if name in modules.HOLDERS:
        inner = [part for part in parts_of(call) if isinstance(part, Call) and part is not call]
        return any(makes_parameters(scope, part) for part in inner)
    own = scope.class_named(place_of(call.func) or "")
    return own is not None and is_module(own) and _has_layers(own)


def makes_module(scope: Scope, call: Call) -> bool:
    """Whether a call makes a module of torch's, or of a class of the project."""
    own = scope.class_named(place_of(call.func) or "")
    return builds_module(scope, call) or (own is not None and is_module(own))


def is_module(own: ClassScope) -> bool:
    """Whether a class of the project is a module of torch's."""
    return not modules.MODULES.isdisjoint(own.outside_bases())


def builds_module(scope: Scope, call: Call) -> bool:
    """Whether a call makes a module of torch's own, going by the class that is called."""
    name = scope.dotted(call.func) or ""
    last = name.rpartition(".")[2]
    return (
        name.startswith("torch.nn.")
        and "functional" not in name
        and last[:1].isupper()
        and not last.startswith(("Parameter", "Uninitialized"))
    )


def _has_layers(own: ClassScope) -> bool:
    return any(
        method.dotted(call.func) in modules.LAYERS
        for one in own.lineage()
        for method in one.methods.values()
        for call in method.calls
    )


def class_text(own: ClassScope) -> str:
    """The text of a class, from its header to its last statement."""
    bodies = (own.node.body, *(method.node.body for method in own.methods.values()))
    end = max((s.span.end for body in bodies for s in statements_of(body)), default=0)
    return own.scope.source.text[own.node.span.start : end]


def lets_through(own: ClassScope, depth: int = 0) -> bool:
    """Whether gradients are sure to pass a module of the project, and to reach its parameters."""
    lineage = list(own.lineage())
    if depth > _DEEPEST or not is_module(own) or any(_CUTS.search(class_text(c)) for c in lineage):
        return False
    return all(
        _is_clear(method, call, depth)
        for one in lineage
        for method in one.methods.values()
        for call in method.calls
    )


def _is_clear(method: Scope, call: Call, depth: int) -> bool:
    """Whether what a module's method calls is known to let gradients through."""
    name = method.dotted(call.func)
    if name is not None and name.startswith("torch."):
        return True
    place = place_of(call.func)
    if place is None or isinstance(call.func, Attr):
        return name is None or name.split(".", maxsplit=1)[0] in apis.HARMLESS_MODULES
    inner = method.class_named(place)
    if inner is not None:
        return inner is method.owner or lets_through(inner, depth + 1)
    return name is None or name.split(".", maxsplit=1)[0] in apis.HARMLESS_MODULES
