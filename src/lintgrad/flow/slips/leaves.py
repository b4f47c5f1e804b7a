"""Leaves that a function makes and updates by hand: where they are read, lost, and changed."""

from collections.abc import Iterator

from lintgrad.flow.events import Event, GradRead, Leaf, LeafRenewed, Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.kinds import Kinds
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.gradient_uses import computed_with, in_doubt
from lintgrad.flow.slips.passed_leaves import Rounds, is_passed_leaf
from lintgrad.flow.slips.updating import (
    Updating,
    always_leaf,
    is_switched,
    is_update,
    makes_leaf,
)
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Binary,
    Call,
    Compare,
    Expr,
    ExprStmt,
    If,
    Name,
    Stmt,
    Unary,
    While,
)
from lintgrad.syntax.walk import children, expressions_of, parts_of, statements_of


class Leaves:
    """Turns what the statements of one function do to its leaves into events."""

    def __init__(self, scope: Scope, kinds: Kinds, roles: Roles) -> None:
        self._scope = scope
        self._kinds = kinds
        self._modes = GradModes(scope)
        self._leaves = {place: leaf for place in scope.bindings if (leaf := self._leaf(place))}
        self._computed = {p for p in scope.bindings if p not in self._leaves and self._is_made(p)}
        self._doubted = in_doubt(scope) if self._computed else frozenset[str]()
        self._events: dict[Stmt, tuple[Event, ...]] = {}
        self._rounds = Rounds(scope, roles)
        self._updating = Updating(scope, kinds, self._leaves, self._modes)
        self._read()

    def of(self, statement: Stmt) -> tuple[Event, ...]:
        """What a statement itself does to leaves, its blocks left aside."""
        return self._events.get(statement, ())

    def _read(self) -> None:
        lost = {leaf.place for leaf in self._leaves.values() if leaf.lost}
        for statement in statements_of(self._scope.node.body):
            found = [
                *self._updating.of(statement),
                *self._rounds.of(statement),
                *self._flagged(statement),
                *self._of_computed(statement),
                *(e for e in self._touched(statement) if e.subject.place in lost),
            ]
            if found:
                self._events[statement] = tuple(found)

    def _leaf(self, place: str) -> Leaf | None:
        bound = self._scope.bindings[place]
        if "." in place or "[" in place or any(b.via not in _PLAIN for b in bound):
            return None
        values = [b.value for b in bound if b.via is Via.VALUE]
        made = tuple(value for value in values if makes_leaf(self._scope, value))
        lost = tuple(value for value in values if is_update(value, place))
        if lost and not made and is_passed_leaf(self._scope, place):
            return Leaf(place, (), lost, passed=True)
        return Leaf(place, made, lost) if made else None

    def _is_made(self, place: str) -> bool:
        """Whether a name is bound once, to something computed from a leaf, or changed in place."""
        bound = [b for b in self._scope.bindings[place] if b.via is not Via.CHANGED]
        if len(bound) != 1 or bound[0].via is not Via.VALUE or not place.isidentifier():
            return False
        value = bound[0].value
        return self._is_computed(value) and not self._modes.may_be_off(value.span)

    def _is_computed(self, value: Expr) -> bool:
        """Whether a value is surely no leaf, and requires a gradient."""
        match value:
            case Binary(left=left, right=right):
                return self._needs_grad(left) or self._needs_grad(right)
            case Unary(op="-", value=inner):
                return self._needs_grad(inner)
            case Call(func=Attr(value=receiver, name=name)) if name in _NEW_TENSOR:
                if self._scope.dotted(value.func) is None:
                    return self._needs_grad(receiver)
        return False

    def _needs_grad(self, expr: Expr) -> bool:
        if isinstance(expr, Name) and expr.id in self._leaves:
            return always_leaf(self._scope, self._leaves[expr.id])
        return makes_leaf(self._scope, expr) or self._is_computed(expr)

    def _touched(self, statement: Stmt) -> Iterator[GradRead | LeafRenewed]:
        """Where a statement reads the gradient of a leaf, or may make one a leaf again."""
        for expr in _read_in(statement):
            for part in parts_of(expr):
                match part:
                    case Attr(value=Name(id=name), name="grad") if name in self._leaves:
                        yield GradRead(part.span, self._leaves[name])
                    case Call(func=Attr(value=Name(id=name), name=method)) if (
                        name in self._leaves and self._renews(self._leaves[name], method)
                    ):
                        yield LeafRenewed(part.span, self._leaves[name])
        for target in statement.targets if isinstance(statement, Assign) else ():
            match target:
                case Attr(value=Name(id=name), name=flag) if name in self._leaves:
                    if self._renews(self._leaves[name], flag):
                        yield LeafRenewed(statement.span, self._leaves[name])

    def _renews(self, leaf: Leaf, method: str) -> bool:
        """Whether a method or a flag may make a leaf of what an update left.

        What was computed with gradients stays on its graph whatever its flag is set to.
        """
        if method in ("requires_grad_", "requires_grad"):
            return any(self._modes.may_be_off(v.span) or _is_cut(v, leaf.place) for v in leaf.lost)
        return method in ("detach_", "retain_grad", "data")

    def _flagged(self, statement: Stmt) -> Iterator[Slipped]:
        """A flag that is set on what was computed, and requires a gradient anyway."""
        if self._modes.may_be_off(statement.span):
            return
        match statement:
            case ExprStmt(value=Call(func=Attr(value=Name(id=name), name="requires_grad_"))) if (
                name in self._computed
            ):
                cut = f"`{name} = {name}.detach().requires_grad_()`"
                text = f"{name}.requires_grad_()"
                yield Slipped(statement.span, Slip.RESULT_DROPPED, text, Basis.USED, cut)
            case Assign(targets=(Attr(value=Name(id=name), name="requires_grad"),)) if (
                name in self._computed and not self._is_detached(name)
            ):
                cut = f"`{name}.detach()`"
                yield Slipped(statement.span, Slip.FLAG_RAISES, name, Basis.USED, cut)

    def _is_detached(self, name: str) -> bool:
        """Whether a computed tensor is made a leaf in place."""
        calls = (call.func for call in self._scope.calls)
        return any(
            isinstance(f, Attr) and f.name == "detach_" and place_of(f.value) == name for f in calls
        )

    def _of_computed(self, statement: Stmt) -> Iterator[Slipped]:
        """The gradient of something computed, where it is put to use."""
        for holder, span in computed_with(self._scope, statement):
            name = place_of(holder) or ""
            judged = isinstance(holder, Name) and name in self._computed - self._doubted
            if judged and not is_switched(self._scope, name):
                yield Slipped(span, Slip.GRAD_OF_COMPUTED, name, Basis.USED)


_PLAIN = (Via.VALUE, Via.CHANGED)
_NEW_TENSOR = tensors.COMPUTES | frozenset({"double", "half", "cuda", "view", "clone"})


def _is_cut(expr: Expr, place: str) -> bool:
    """Whether an update uses what a place holds off its graph only: `w.detach() - r * w.grad`."""
    match expr:
        case Attr(value=holder, name="data" | "grad") if place_of(holder) == place:
            return True
        case Call(func=Attr(name="detach")):
            return True
    return place_of(expr) != place and all(_is_cut(part, place) for part in children(expr))


def _read_in(statement: Stmt) -> Iterator[Expr]:
    """What a statement reads: its expressions, those that only ask for None left aside."""
    for expr in expressions_of(statement):
        if not isinstance(statement, If | While) or not isinstance(expr, Compare | Attr):
            yield expr
