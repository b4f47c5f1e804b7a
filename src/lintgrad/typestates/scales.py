"""How a loss is scaled before its backward: a plain mean, or one with factors."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lintgrad.flow.events import Assign, Backward
from lintgrad.flow.graph import FlowGraph
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Const, Expr, Item, Name
from lintgrad.typestates.values.losses import LOSS_FUNCTIONS, LOSS_MODULES

_DEEPEST = 12
"""Values that are computed from values are followed so far."""

_FUNCTIONS = "torch.nn.functional."
_MODULES = "torch.nn."

_IN_PLACE = frozenset({"mul_", "multiply_", "div_", "divide_", "true_divide_"})
"""Methods that multiply or divide a tensor where it stands (torch 2.13, `Tensor`)."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What a loss is made of, as far as it is understood.

    Means are the calls that average over a batch; factors are what it is multiplied with or
    divided by. Complete if there is nothing else in it.
    """

    means: tuple[Call, ...] = ()
    factors: tuple[Expr, ...] = ()
    complete: bool = True

    def __add__(self, other: "Scale") -> "Scale":
        return Scale(
            (*self.means, *other.means),
            (*self.factors, *other.factors),
            self.complete and other.complete,
        )


def same_number(one: Expr, other: Expr) -> bool:
    """Whether two expressions are spelled as the same place or the same number."""
    if isinstance(one, Const) and isinstance(other, Const):
        return one.value == other.value
    return place_of(one) is not None and place_of(one) == place_of(other)


_UNKNOWN = Scale(complete=False)


def scale_of(graph: FlowGraph, backward: Backward) -> Scale:
    """What the loss of a graph's backward is made of."""
    values: dict[str, list[Expr | None]] = {}
    for event in _assigned(graph):
        for place in event.places:
            values.setdefault(place, []).append(event.value)
    found = _Reading(graph, values).scale(backward.loss, frozenset())
    return found if backward.gradient is None else found + Scale(factors=(backward.gradient,))


_FEELING = frozenset({"torch.optim.SGD", "torch.optim.sgd.SGD", "torch.optim.ASGD"})
"""Optimizers whose steps grow with the gradients; the others divide by what they have seen."""


def feels_scale(graphs: Iterable[FlowGraph], place: str) -> bool:
    """Whether a factor of all gradients changes the steps of the optimizer at a place."""
    built: list[str | None] = []
    for graph in graphs:
        values = [e.value for e in _assigned(graph) if place in e.places]
        for value in values or [_bound(graph, place)]:
            if isinstance(value, Call):
                built.append(_dotted(graph, value.func))
    return bool(built) and all(name in _FEELING for name in built)


def _bound(graph: FlowGraph, place: str) -> Expr | None:
    """The value of a place that is bound once, outside of the function."""
    found = graph.meaning.bound(place) if graph.meaning is not None else None
    return None if found is None else found[1]


def _dotted(graph: FlowGraph, expr: Expr) -> str | None:
    return None if graph.meaning is None else graph.meaning.dotted(expr)


def _assigned(graph: FlowGraph) -> Iterator[Assign]:
    for block in graph.blocks:
        yield from (event for event in block.events if isinstance(event, Assign))


@dataclass(frozen=True, slots=True)
class _Reading:
    graph: FlowGraph
    values: dict[str, list[Expr | None]]

    def scale(self, expr: Expr | None, seen: frozenset[str]) -> Scale:
        """What an expression is made of; a place that is computed from itself counts once."""
        if len(seen) > _DEEPEST:
            return _UNKNOWN
        match expr:
            case Name() | Attr() | Item():
                place = place_of(expr)
                values = self._of(place)
                if place is None or not values:
                    return _UNKNOWN
                if place in seen:
                    return Scale()
                return _sum(self.scale(v, seen | {place}) for v in values) + self._changed(place)
            case Binary(op="*" | "/", left=left, right=right):
                both = [self.scale(side, seen) for side in (left, right)]
                kept = both[0] if both[0].means or not both[1].means else both[1]
                other = right if kept is both[0] else left
                return kept + Scale(factors=(other,))
            case Binary(op="+" | "-", left=left, right=right):
                return self.scale(left, seen) + self.scale(right, seen)
            case Call():
                return self._called(expr)
        return _UNKNOWN

    def _changed(self, place: str) -> Scale:
        """What statements such as `loss.div_(n)` do to a place."""
        scope = self.graph.meaning.scope if self.graph.meaning is not None else None
        found = Scale()
        for call in scope.calls if scope is not None else ():
            match call.func:
                case Attr(value=held, name=name) if place_of(held) == place and name in _IN_PLACE:
                    found += Scale(factors=call.args[:1])
        return found

    def _of(self, place: str | None) -> list[Expr | None]:
        """What a place is given in the function, or else outside of it."""
        if place is None or place in self.values:
            return self.values.get(place or "", [])
        bound = _bound(self.graph, place)
        return [] if bound is None else [bound]

    def _called(self, call: Call) -> Scale:
        if isinstance(call.func, Attr) and call.func.name == "mean" and not call.args:
            return Scale(() if call.keywords else (call,), complete=not call.keywords)
        name = _dotted(self.graph, call.func) or ""
        if name.startswith(_FUNCTIONS):
            is_loss = name.removeprefix(_FUNCTIONS) in LOSS_FUNCTIONS
            return _averaged(call, call) if is_loss else _UNKNOWN
        built = self._built(place_of(call.func))
        return _UNKNOWN if built is None else _averaged(built, built)

    def _built(self, place: str | None) -> Call | None:
        """The call that makes the loss module at a place, if nothing else does."""
        values = self._of(place)
        made = values[0] if len(values) == 1 else None
        if not isinstance(made, Call):
            return None
        name = _dotted(self.graph, made.func) or ""
        return made if name.removeprefix(_MODULES) in LOSS_MODULES else None


def _sum(scales: Iterator[Scale]) -> Scale:
    found = Scale()
    for scale in scales:
        found += scale
    return found


def _averaged(configured: Call, call: Call) -> Scale:
    """The scale of a built-in loss, going by the call that sets its reduction (torch 2.13)."""
    for keyword in configured.keywords:
        if keyword.name in (None, "reduce", "size_average"):
            return _UNKNOWN
        if keyword.name == "reduction" and not (
            isinstance(keyword.value, Const) and keyword.value.value == "mean"
        ):
            return _UNKNOWN
    return Scale((call,))
