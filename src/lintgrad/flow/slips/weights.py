"""Weights that graphs have saved, and that a step may change before a backward needs them."""

from collections.abc import Iterator
from dataclasses import replace

from lintgrad.flow.events import Saved, WeightsUsed
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import definition, once
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.slips import totals
from lintgrad.flow.slips.backwards_run import backward_of, loss_of
from lintgrad.flow.slips.carrying import Carrying, kept
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.graphs_used import value_before
from lintgrad.flow.slips.outputs import Outputs
from lintgrad.syntax import modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Comprehension, Expr, Lambda, Stmt
from lintgrad.syntax.walk import parts_of, statements_of


class SavedWeights:
    """Turns the backward calls of one function into the weights that they need as they were."""

    def __init__(self, scope: Scope, places: Places) -> None:
        self._scope = scope
        self._carrying = Carrying(scope, places.origins)
        self._modes = GradModes(scope)
        self._outputs = Outputs(scope, self._carrying, self._modes)
        self._events: dict[Stmt, tuple[WeightsUsed, ...]] = {}
        calls = [s for s in statements_of(scope.node.body) if backward_of(s) is not None]
        # Frozen parameters may keep gradients from what comes before them.
        if calls and "requires_grad" not in scope.source.text:
            self._steppers = {
                module: frozenset(map(places.canonical, found))
                for module, found in _steppers(scope).items()
            }
            for statement in calls if self._steppers else ():
                self._events[statement] = tuple(self._used(statement))

    def of(self, statement: Stmt) -> tuple[WeightsUsed, ...]:
        """Which saved weights a statement needs."""
        return self._events.get(statement, ())

    def _used(self, statement: Stmt) -> Iterator[WeightsUsed]:
        call = backward_of(statement)
        loss = None if call is None else loss_of(call)
        if call is None or loss is None:
            return
        for saved in self._totalled(loss):
            yield WeightsUsed(call.span, saved)
        value = value_before(self._scope.node.body, loss, statement) or self._only(loss)
        if value is None:
            return
        makers = [(loss, value), *self._outputs.through(value, (loss,))]
        for place, made in makers:
            if not self._modes.may_be_off(made.span):
                for saved in self._saved(place, made):
                    yield WeightsUsed(call.span, saved)

    def _totalled(self, total: str) -> Iterator[Saved]:
        """The weights that a running total has kept from the rounds before."""
        bound = self._scope.bindings.get(total, [])
        sums, others = totals.split(bound, total)
        empty = tuple(value for value in others if totals.is_empty(self._scope, value))
        if any(b.via not in (Via.VALUE, Via.CHANGED) for b in bound) or not empty:
            return
        for added in sums:
            makers = [(total, added), *self._outputs.through(added, (total,))]
            for place, made in makers:
                for saved in self._saved(place, made):
                    yield replace(saved, place=total, made=(), added=(added,), empty=empty)

    def _only(self, loss: str) -> Expr | None:
        made = once((self._scope, self._scope.bindings.get(loss, [])))
        return None if made is None else made.expr

    def _saved(self, place: str, made: Expr) -> Iterator[Saved]:
        """The weights that are saved where a value is computed."""
        for part in kept(made, self._carrying):
            module = place_of(part.func) if isinstance(part, Call) else None
            if module is not None and module in self._steppers:
                basis = _depth(self._scope, module)
                if basis is not None:
                    yield Saved(place, (made,), module, self._steppers[module], basis)


def _steppers(scope: Scope) -> dict[str, list[str]]:
    """The modules whose parameters are all given to an optimizer in sight, with those."""
    owner = scope.owner
    found: dict[str, list[str]] = {}
    for one in (scope, scope.root, *(owner.methods.values() if owner is not None else ())):
        for place, bound in one.bindings.items():
            for binding in bound:
                value = binding.value
                if binding.via is not Via.VALUE or not isinstance(value, Call):
                    continue
                if (one.dotted(value.func) or "").startswith("torch.optim."):
                    for module in _held(value):
                        found.setdefault(module, []).append(place)
    return found


def _held(build: Call) -> Iterator[str]:
    for argument in build.args[:1]:
        parts = list(parts_of(argument))
        if any(isinstance(part, Lambda | Comprehension) for part in parts):
            return  # some parameters may be left out
        for part in parts:
            match part:
                case Call(func=Attr(value=module, name="parameters")):
                    if (place := place_of(module)) is not None:
                        yield place


def _depth(scope: Scope, module: str) -> Basis | None:
    """The evidence that a module has a layer whose weight a backward goes through.

    That of a first layer is not needed, unless its input requires gradients.
    """
    made = definition(scope, module)
    if made is None or not isinstance(made.expr, Call):
        return Basis.USED
    where, build = made.scope, made.expr
    own = where.class_named(place_of(build.func) or "")
    if own is not None:
        return Basis.USED if _layers(own) > 1 else None
    if (where.dotted(build.func) or "").startswith("torch.nn."):
        calls = (part for part in parts_of(build) if isinstance(part, Call))
        count = sum(where.dotted(call.func) in modules.LAYERS for call in calls)
        return Basis.BUILT if count > 1 else None
    return Basis.USED


def _layers(own: ClassScope) -> int:
    return sum(
        method.dotted(call.func) in modules.LAYERS
        for one in own.lineage()
        for method in one.methods.values()
        for call in method.calls
    )
