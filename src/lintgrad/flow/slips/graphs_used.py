"""Graphs that a function's backward calls run through: those of losses, and of what they share."""

from collections.abc import Iterator
from functools import cached_property

from lintgrad.flow.events import Graph, GraphUsed
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import from_caller
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.origins import Origins
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.places.usage import Usage
from lintgrad.flow.slips import totals
from lintgrad.flow.slips.backwards_run import BackwardsRun, Ran, backward_of
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.outputs import Outputs
from lintgrad.flow.slips.saving import Saving
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Call,
    Const,
    Expr,
    Global,
    Stmt,
)
from lintgrad.syntax.walk import children_of, statements_of


class GraphsUsed:
    """Turns the backward calls of one function into what they do to graphs."""

    def __init__(self, scope: Scope, roles: Roles, origins: Origins, usage: Usage) -> None:
        self._scope = scope
        self._origins = origins
        self._usage = usage
        self._modes = GradModes(scope)
        self._saving = Saving(scope, origins, usage)
        self._events: dict[Stmt, tuple[GraphUsed, ...]] = {}
        self._ran = BackwardsRun(scope, roles)
        calls = {s: ran for s in statements_of(scope.node.body) if (ran := self._ran.of(s))}
        if calls:
            self._read(calls)

    def of(self, statement: Stmt) -> tuple[GraphUsed, ...]:
        """Which graphs a statement runs backward through."""
        return self._events.get(statement, ())

    def _read(self, calls: dict[Stmt, Ran]) -> None:
        declared = (s for s in statements_of(self._scope.node.body) if isinstance(s, Global))
        shared = {name for statement in declared for name in statement.names}
        for statement, (call, loss) in calls.items():
            if loss in shared:
                continue
            span = call.span if backward_of(statement) is call else statement.span
            subjects = [s for place in self._hangs_on(loss, statement) if (s := self._graph(place))]
            frees = _frees(call)
            self._events[statement] = tuple(GraphUsed(span, s, frees) for s in subjects)

    def _graph(self, place: str) -> Graph | None:
        bound = self._scope.bindings.get(place, [])
        if not bound:
            return self._passed(place)
        if any(b.via not in (Via.VALUE, Via.CHANGED) for b in bound):
            return None
        sums, values = totals.split(bound, place)
        added = [(v, s) for v in sums if (s := self._adds(v)) is not None]
        made = [(v, s) for v in values if (s := self._saving.of(v)) is not None]
        if not made and not added:
            return None
        basis = min(basis for _, basis in (*made, *added))
        empty = tuple(value for value in values if totals.is_empty(self._scope, value))
        return Graph(place, _first(made), basis, _first(added), empty)

    def _passed(self, place: str) -> Graph | None:
        """The graph of a loss that a call passes."""
        passed = (self._scope.arguments or {}).get(place)
        if passed is None:
            return None
        scope, expr = from_caller(*passed)
        basis = Saving(scope, self._origins, self._usage).of(expr)
        return None if basis is None else Graph(place, (), basis, passed=True)

    def _adds(self, value: Expr) -> Basis | None:
        """The evidence that what is added hangs on a graph which holds tensors."""
        return None if self._modes.may_be_off(value.span) else self._saving.of(value)

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self._scope, self._saving.carrying, self._modes)

    def _hangs_on(self, loss: str, statement: Stmt) -> Iterator[str]:
        """The loss, and the outputs of trained modules that it is computed from for certain."""
        yield loss
        value = value_before(self._scope.node.body, loss, statement)
        if value is not None:
            yield from (place for place, _ in self._outputs.of(value, (loss,)))
        else:
            yield from self._outputs.shared(loss, statement.span)


def _first(pairs: list[tuple[Expr, Basis]]) -> tuple[Expr, ...]:
    return tuple(value for value, _ in pairs)


def _frees(call: Call) -> bool | None:
    """Whether a backward frees its graph, as far as it is written down."""
    gradient = call.argument(0, "gradient")
    if isinstance(gradient, Const) and gradient.value is not None:
        return None  # it raises
    given = [call.argument(1, "retain_graph"), call.argument(2, "create_graph")]
    asked = [one for one in given if one is not None]
    if not asked:
        return not any(k.name in (None, "inputs") for k in call.keywords)
    if not all(isinstance(one, Const) for one in asked):
        return None
    return not any(isinstance(one, Const) and one.value for one in asked)


def value_before(body: tuple[Stmt, ...], place: str, until: Stmt) -> Expr | None:
    """What a place was given last before a statement, if that is in the same block."""
    value: Expr | None = None
    for statement in body:
        if statement is until:
            return value
        if isinstance(statement, Assign) and place in map(place_of, statement.targets):
            value = statement.value
            continue
        for block in children_of(statement):
            if until in statements_of(block):
                return value_before(block, place, until)
            if any(isinstance(s, Assign) and place in map(place_of, s.targets) for s in block):
                value = None
    return None
