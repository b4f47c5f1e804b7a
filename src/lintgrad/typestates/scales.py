"""How a loss is scaled before its backward: a plain mean, or one with factors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lintgrad.flow.events import Assign, Backward
from lintgrad.flow.graph import FlowGraph
from lintgrad.flow.meaning import Meaning
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.crossing import Crossing
from lintgrad.source.text import Span
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
    if graph.meaning is None or backward.loss is None:
        return _UNKNOWN
    values: dict[str, dict[Span, Expr | None]] = {}
    for event in _assigned(graph):
        for place in event.places:  # `a, b = c, d` forgets both before it gives them their values
            values.setdefault(place, {})[event.span] = event.value
    reading = _Reading(graph.meaning, values, Crossing(graph.meaning.roles))
    found = reading.scale(Argument(graph.meaning.scope, backward.loss), frozenset())
    return found if backward.gradient is None else found + Scale(factors=(backward.gradient,))


_FEELING = frozenset({"torch.optim.SGD", "torch.optim.sgd.SGD", "torch.optim.ASGD"})
"""Optimizers whose steps grow with the gradients; the others divide by what they have seen."""


def feels_scale(graphs: Sequence[FlowGraph], place: str) -> bool:
    """Whether a factor of all gradients changes the steps of the optimizer at a place.

    The first graph is the one that calls it so.
    """
    built: list[str | None] = []
    for graph in graphs:
        values = [e.value for e in _assigned(graph) if place in e.places]
        for value in values or [_bound(graph, place)]:
            if isinstance(value, Call) and graph.meaning is not None:
                built.append(graph.meaning.dotted(value.func))
    known = built if built and None not in built else [_made(graphs[0], place)]
    return all(name in _FEELING for name in known)


def _made(graph: FlowGraph, place: str) -> str | None:
    """The class of what a place holds, going by the call that makes it wherever that is."""
    meaning = graph.meaning
    names = Crossing(meaning.roles).outward(meaning.scope, place) if meaning is not None else ()
    for scope, name in names:
        found = meaning.roles.of_place(scope, name) if meaning is not None else None
        if found is not None and found.build is not None and found.scope is not None:
            return found.scope.dotted(found.build.func)
    return None


def _bound(graph: FlowGraph, place: str) -> Expr | None:
    """The value of a place that is bound once, outside of the function."""
    found = graph.meaning.bound(place) if graph.meaning is not None else None
    return None if found is None else found[1]


def _assigned(graph: FlowGraph) -> Iterator[Assign]:
    for block in graph.blocks:
        yield from (event for event in block.events if isinstance(event, Assign))


@dataclass(frozen=True, slots=True)
class _Reading:
    meaning: Meaning
    values: dict[str, dict[Span, Expr | None]]
    """What the places of the function itself are given."""
    crossing: Crossing

    def scale(self, at: Argument | None, seen: frozenset[tuple[Scope, str]]) -> Scale:
        """What an expression is made of; a place that is computed from itself counts once."""
        if at is None or len(seen) > _DEEPEST:
            return _UNKNOWN
        scope = at.scope
        match at.expr:
            case Name() | Attr() | Item():
                place = place_of(at.expr)
                values = self._of(scope, place) if place is not None else []
                if place is None or not values:
                    return _UNKNOWN
                if (scope, place) in seen:
                    return Scale()
                of_each = _sum(self.scale(v, seen | {(scope, place)}) for v in values)
                return of_each + _changed(scope, place)
            case Binary(op="*" | "/", left=left, right=right):
                both = [self.scale(Argument(scope, side), seen) for side in (left, right)]
                kept = both[0] if both[0].means or not both[1].means else both[1]
                other = right if kept is both[0] else left
                return kept + Scale(factors=(other,))
            case Binary(op="+" | "-", left=left, right=right):
                return _sum(self.scale(Argument(scope, side), seen) for side in (left, right))
            case Call() as call:
                return self._called(scope, call)
        return _UNKNOWN

    def _of(self, scope: Scope, place: str) -> list[Argument | None]:
        """What a place is given in its function, or else where it is passed from."""
        if scope is self.meaning.scope and place in self.values:
            known = self.values[place].values()
            return [None if value is None else Argument(scope, value) for value in known]
        for where, name in self.crossing.outward(scope, place):
            bound = where.bindings.get(name, [])
            if any(other.startswith(f"{name}.") for other in where.bindings):
                return [None]  # `criterion.reduction = "sum"` changes the criterion
            if bound:
                plain = all(b.via is Via.VALUE for b in bound)
                return [Argument(where, b.value) if plain else None for b in bound]
        passed = self._passed(*self.crossing.outward(scope, place)[-1])
        if passed is not None:
            return [passed]
        found = self.meaning.of(scope).bound(place)
        return [] if found is None else [Argument(found[0].scope, found[1])]

    def _passed(self, scope: Scope, place: str) -> Argument | None:
        """What the only caller in sight passes for a parameter."""
        if scope.arguments is not None or scope.parameter(place) is None:
            return None
        passed = list(self.meaning.roles.callers.passed(scope, place))
        return passed[0] if len(passed) == 1 else None

    def _called(self, scope: Scope, call: Call) -> Scale:
        if isinstance(call.func, Attr) and call.func.name == "mean" and not call.args:
            return Scale(() if call.keywords else (call,), complete=not call.keywords)
        name = scope.dotted(call.func) or ""
        if name.startswith(_FUNCTIONS):
            is_loss = name.removeprefix(_FUNCTIONS) in LOSS_FUNCTIONS
            return _averaged(call, call) if is_loss else _UNKNOWN
        built = self._built(scope, place_of(call.func))
        return _UNKNOWN if built is None else _averaged(built, built)

    def _built(self, scope: Scope, place: str | None) -> Call | None:
        """The call that makes the loss module at a place, if nothing else does."""
        at: Argument | None = None
        for _ in range(_DEEPEST if place is not None else 0):
            values = self._of(scope, place or "")
            at = values[0] if len(values) == 1 else None
            place = place_of(at.expr) if at is not None else None
            if at is None or place is None:
                break
            scope = at.scope
        if at is None or not isinstance(at.expr, Call):
            return None
        name = at.scope.dotted(at.expr.func) or ""
        return at.expr if name.removeprefix(_MODULES) in LOSS_MODULES else None


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


def _changed(scope: Scope, place: str) -> Scale:
    """What statements such as `loss.div_(n)` do to a place."""
    found = Scale()
    for call in scope.calls:
        match call.func:
            case Attr(value=held, name=name) if place_of(held) == place and name in _IN_PLACE:
                found += Scale(factors=call.args[:1])
    return found
