"""The values that calls make: torch's functions, methods, builtins, losses and layers."""

from collections.abc import Callable
from dataclasses import replace

from lintgrad.syntax.nodes import Call, Starred
from lintgrad.typestates.values import layers, links, losses, operations
from lintgrad.typestates.values.arguments import Given, truth
from lintgrad.typestates.values.builtins import BUILTINS, of_collection
from lintgrad.typestates.values.evaluate import Surroundings, values_of
from lintgrad.typestates.values.possible import Values, joined, lifted
from lintgrad.typestates.values.value import UNKNOWN, Kind, Link, Value, items, many

_VARIABLES = frozenset({"torch.autograd.Variable", "torch.autograd.variable.Variable"})
_PARAMETERS = frozenset({"torch.nn.Parameter", "torch.nn.parameter.Parameter"})
_MODULES = ("torch.nn", "torch.nn.modules", "torch.nn.modules.loss")

Made = Callable[[Given, links.Place], Value]


def applied(call: Call, around: Surroundings, make: Made, receiver: Values | None = None) -> Values:
    """What a call makes of every combination of values that it is given."""
    plain = [arg for arg in call.args if not isinstance(arg, Starred)]
    complete = len(plain) == len(call.args) and all(k.name is not None for k in call.keywords)
    if len(plain) < len(call.args):
        plain = plain[: next(i for i, a in enumerate(call.args) if isinstance(a, Starred))]
    names = [k.name for k in call.keywords if k.name is not None]
    named = [values_of(k.value, around) for k in call.keywords if k.name is not None]
    positional = [values_of(arg, around) for arg in plain]
    place = around.at(call.span)

    def one(*values: Value) -> Value:
        count = len(values) - len(names)
        given = Given(values[:count], dict(zip(names, values[count:], strict=True)), complete)
        return make(given, place)

    return lifted(one, [*([] if receiver is None else [receiver]), *positional, *named])


def function_values(name: str, call: Call, around: Surroundings) -> Values | None:
    """The result of a function of torch by its dotted name; None if it is not in the tables."""
    make = _made_by(name)
    return None if make is None else applied(call, around, make)


def _made_by(name: str) -> Made | None:
    module, _, last = name.rpartition(".")
    if name in _PARAMETERS:
        return _parameter
    if name in _VARIABLES:
        return lambda given, at: links.copied(operations.applied("as_tensor", given), given, at)
    if module in _MODULES and last in losses.LOSS_MODULES:
        return lambda given, _: losses.module(last, given)
    if module in _MODULES and last in layers.LAYERS:
        return lambda given, _: layers.module(last, given)
    if module == "torch.nn.functional" and last in losses.LOSS_FUNCTIONS:
        return lambda given, at: _loss(losses.function(last, given), given, at)
    if name == "torch.autograd.grad":
        return _gradients
    known = operations.function_named(name)
    if known is not None:
        return lambda given, at: links.called(known, operations.applied(known, given), given, at)
    if module == "torch" or module.startswith("torch.nn.functional"):
        return lambda _, at: UNKNOWN.linked(*links.unseen(at))
    return None


def _parameter(given: Given, _: links.Place) -> Value:
    made = operations.applied("as_tensor", given)
    return links.required(made, given.get(1, "requires_grad"), links.NO_LINK)


def _loss(result: Value, given: Given, at: links.Place) -> Value:
    """A loss hangs on the graphs of its inputs; it is a tensor, whatever they are."""
    link, cut = links.hang_of(given.all, at.recording)
    return result.linked(Link.MAYBE if link is Link.ANY else link, cut)


def _gradients(given: Given, at: links.Place) -> Value:
    """`torch.autograd.grad`: a tuple, off its graph unless that is asked for (torch 2.13)."""
    asked = truth(given.get(4, "create_graph"), default=False)
    known = given.complete and asked is False
    link, cut = (Link.CUT, at.span) if known else (Link.MAYBE, None)
    inputs = given.get(1, "inputs")
    if inputs is None or not inputs.is_tensor:
        return many(UNKNOWN.linked(link, cut))
    return items(replace(inputs, link=link, cut=cut))


def callable_values(callables: Values, call: Call, around: Surroundings) -> Values:
    """What calling a loss module or a layer makes; anything for all else."""
    return joined(_called(one, call, around) for one in callables)


def _called(one: Value, call: Call, around: Surroundings) -> Values:
    if one.kind is Kind.LOSS:
        return applied(call, around, lambda given, at: _loss(losses.applied(one, given), given, at))
    if one.kind is Kind.LAYER:
        return applied(call, around, lambda given, at: _layer(one, given, at))
    return frozenset({UNKNOWN.linked(*links.unseen(around.at(call.span)))})


def _layer(layer: Value, given: Given, at: links.Place) -> Value:
    """A layer has parameters of its own, which may require grad or not."""
    result = layers.applied(layer, given.first or UNKNOWN)
    if at.recording.enabled is False:
        return result.linked(Link.UNRECORDED, at.recording.span)
    link, cut = links.hang_of(given.args[:1], at.recording)
    kept = link is Link.KEPT or layer.name in layers.WITHOUT_PARAMETERS
    return result.linked(*((link, cut) if kept else (Link.MAYBE, None)))


def builtin_values(name: str, call: Call, around: Surroundings) -> Values:
    """The result of a call of a Python builtin."""
    make = BUILTINS.get(name)
    if make is None:
        return frozenset({UNKNOWN.linked(*links.unseen(around.at(call.span)))})
    return applied(call, around, make)


def method_values(name: str, receivers: Values, call: Call, around: Surroundings) -> Values:
    """The result of a method of a tensor, of a collection, or of something unknown."""

    def make(given: Given, at: links.Place) -> Value:
        receiver = given.args[0]
        if receiver.is_collection:
            return of_collection(name, receiver)
        if name == "scale" and len(given.args) == 2 and not receiver.is_tensor:
            return given.args[1]  # GradScaler.scale
        if name not in operations.OPERATIONS and name not in _CONVERSIONS:
            return UNKNOWN.linked(*links.unseen(at))
        if not receiver.is_tensor and receiver.link is Link.ANY and name in _OF_OTHERS:
            return UNKNOWN.linked(*links.unseen(at))
        return links.called(name, operations.applied(name, given), given, at)

    return applied(call, around, make, receivers)


_CONVERSIONS = frozenset({"numpy", "tolist"})
_OF_OTHERS = frozenset(
    # What other things than tensors have as well, and what gives no tensor there.
    {"select", "where", "size", "type", "to", "repeat", "split", "fill", "sort", "full", "mode"}
    | {"half", "float", "double", "cuda", "cpu", "clone", "round", "copy_", "index_select"}
)
