"""Graphs that a function's backward calls run through: those of losses, and of what they share."""

from collections.abc import Iterator
from functools import cached_property

from lintgrad.flow.events import Graph, GraphUsed
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.kinds import Kinds
from lintgrad.flow.slips import totals
from lintgrad.flow.slips.carrying import CUTS, Carrying, kept
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.outputs import Outputs
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Binary,
    Call,
    Const,
    Expr,
    ExprStmt,
    Global,
    Name,
    Stmt,
    Unary,
)
from lintgrad.syntax.walk import children_of, statements_of

_SAVES_NOTHING = frozenset(
    # torch 2.13: a second backward through these alone passes.
    "sum mean stack cat view reshape flatten squeeze unsqueeze transpose permute expand t clone "
    "contiguous add sub neg to float double cuda cpu requires_grad_".split()
)


class GraphsUsed:
    """Turns the backward calls of one function into what they do to graphs."""

    def __init__(self, scope: Scope, kinds: Kinds) -> None:
        self._scope = scope
        self._kinds = kinds
        self._modes = GradModes(scope)
        self._events: dict[Stmt, tuple[GraphUsed, ...]] = {}
        self._saved: dict[str, Basis | None] = {}
        calls = [s for s in statements_of(scope.node.body) if backward_of(s) is not None]
        if calls:
            self._read(calls)

    def of(self, statement: Stmt) -> tuple[GraphUsed, ...]:
        """Which graphs a statement runs backward through."""
        return self._events.get(statement, ())

    def _read(self, calls: list[Stmt]) -> None:
        declared = (s for s in statements_of(self._scope.node.body) if isinstance(s, Global))
        shared = {name for statement in declared for name in statement.names}
        for statement in calls:
            call = backward_of(statement)
            loss = None if call is None else loss_of(call)
            if call is None or loss is None or loss in shared:
                continue
            subjects = [s for place in self._hangs_on(loss, statement) if (s := self._graph(place))]
            frees = _frees(call)
            self._events[statement] = tuple(GraphUsed(call.span, s, frees) for s in subjects)

    def _graph(self, place: str) -> Graph | None:
        bound = self._scope.bindings.get(place, [])
        if not bound or any(b.via not in (Via.VALUE, Via.CHANGED) for b in bound):
            return None
        sums, values = totals.split(bound, place)
        added = [(v, s) for v in sums if (s := self._adds(v)) is not None]
        made = [(v, s) for v in values if (s := self._saves(v)) is not None]
        if not made and not added:
            return None
        basis = min(basis for _, basis in (*made, *added))
        empty = tuple(value for value in values if totals.is_empty(self._scope, value))
        return Graph(place, _first(made), basis, _first(added), empty)

    def _adds(self, value: Expr) -> Basis | None:
        """The evidence that what is added hangs on a graph which holds tensors."""
        return None if self._modes.may_be_off(value.span) else self._saves(value)

    def _saves(self, value: Expr) -> Basis | None:
        """The evidence that a graph holds tensors which the first backward frees."""
        match value:
            case Binary(op="+" | "-", left=left, right=right):
                found = (self._saves(left), self._saves(right))
                return max((b for b in found if b is not None), default=None)
            case Binary(op=op, left=left, right=right):
                known = self._kinds.tensor(left) or self._kinds.tensor(right)
                inner = known or self._saves(left) or self._saves(right)
                return inner or (Basis.USED if op == "**" else None)
            case Unary(op="-", value=inner):
                return self._saves(inner)
            case Call(func=func):
                return self._returned(value, func)
            case Name(id=name):
                return self._saved_by(name)
        return None

    def _saved_by(self, name: str) -> Basis | None:
        """What the graph of a name holds that is bound once."""
        if name not in self._saved:
            self._saved[name] = None  # it may be made of itself
            bound = self._scope.bindings.get(name, [])
            if len(bound) == 1 and bound[0].via is Via.VALUE:
                self._saved[name] = self._saves(bound[0].value)
        return self._saved[name]

    def _returned(self, call: Call, func: Expr) -> Basis | None:
        name = self._scope.dotted(func) or ""
        last = func.name if isinstance(func, Attr) else name.rpartition(".")[2]
        if name in tensors.TENSOR_CLASSES or (name == f"torch.{last}" and last in tensors.MAKES):
            return None
        if last in _SAVES_NOTHING:
            inner = (*call.args[:1], *((func.value,) if isinstance(func, Attr) else ()))
            found = [b for part in inner if (b := self._saves(part)) is not None]
            return max(found, default=None)
        if self._kinds.tensor(call) is not None and last not in CUTS:
            return self._kinds.tensor(call)
        if self._carrying(call):
            calls = (p for p in kept(call, self._carrying) if isinstance(p, Call))
            found = [b for c in calls if (b := self._trained(c.func)) is not None]
            return max(found, default=None) or self._looks_saving(call, last)
        return self._trained(func) or self._looks_saving(call, last)

    def _looks_saving(self, call: Call, last: str) -> Basis | None:
        """The evidence of a name: a power of something, or a loss of what another call made."""
        place = place_of(call.func)
        if isinstance(call.func, Attr) and last in ("pow", "square"):
            return Basis.USED
        if place is None or self._scope.dotted(call.func) is not None:
            return None
        compared = bool(call.args) and isinstance(call.args[0], Call | Name) and len(call.args) > 1
        return Basis.USED if compared and guesses.named_like_loss(place) else None

    def _trained(self, func: Expr) -> Basis | None:
        """The evidence that what is called is a module whose parameters are trained here."""
        place = place_of(func)
        if place is None or self._scope.dotted(func) is not None:
            return None
        return Basis.USED if place in self._carrying.trained else None

    @cached_property
    def _carrying(self) -> Carrying:
        return Carrying(self._scope)

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self._scope, self._carrying, self._modes)

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


def backward_of(statement: Stmt) -> Call | None:
    """The call of a statement that runs backward on a tensor."""
    match statement:
        case ExprStmt(value=Call(func=Attr(name="backward")) as call):
            return call
    return None


def loss_of(call: Call) -> str | None:
    """The name of the loss, scaled or not, multiplied or not."""
    match call.func:
        case Attr(value=Call(func=Attr(name="scale"), args=(loss,))) | Attr(value=loss):
            return _multiplied(loss)
    return None


def _multiplied(loss: Expr) -> str | None:
    """The name of what is multiplied or divided: `loss` of `loss / steps` and of `0.5 * loss`."""
    match loss:
        case Name(id=name) | Binary(op="*", left=Const(), right=Name(id=name)):
            return name
        case Binary(op="*" | "/", left=Name(id=name), right=Name() | Attr() | Const()):
            return name
    return None


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
