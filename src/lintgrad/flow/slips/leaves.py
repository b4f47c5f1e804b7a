"""Leaves that a function makes and updates by hand: where they are read, lost, and changed."""

from collections.abc import Iterator

from lintgrad.flow.events import Event, GradRead, Leaf, LeafRenewed, Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names.bindings import Via, at
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.kinds import Kinds
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.gradient_uses import computed_with, in_doubt
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    AugAssign,
    Binary,
    Call,
    Compare,
    Const,
    Expr,
    ExprStmt,
    If,
    Item,
    Name,
    Sequence,
    Stmt,
    Unary,
    While,
)
from lintgrad.syntax.walk import children, expressions_of, parts_of, statements_of

_RENEWS = frozenset({"detach_", "requires_grad_", "retain_grad"})
_IN_PLACE = frozenset(
    "add_ sub_ mul_ div_ zero_ fill_ copy_ clamp_ normal_ uniform_ addcmul_ addcdiv_".split()
)


class Leaves:
    """Turns what the statements of one function do to its leaves into events."""

    def __init__(self, scope: Scope, kinds: Kinds) -> None:
        self._scope = scope
        self._kinds = kinds
        self._modes = GradModes(scope)
        self._leaves = {place: leaf for place in scope.bindings if (leaf := self._leaf(place))}
        self._computed = {p for p in scope.bindings if p not in self._leaves and self._is_made(p)}
        self._doubted = in_doubt(scope) if self._computed else frozenset[str]()
        self._events: dict[Stmt, tuple[Event, ...]] = {}
        self._trains = all(
            any(_is_method(call, name) for call in scope.calls)
            for name in ("parameters", "backward")
        )
        if self._leaves or self._computed or self._trains:
            self._read()

    def of(self, statement: Stmt) -> tuple[Event, ...]:
        """What a statement itself does to leaves, its blocks left aside."""
        return self._events.get(statement, ())

    def _read(self) -> None:
        lost = {leaf.place for leaf in self._leaves.values() if leaf.lost}
        for statement in statements_of(self._scope.node.body):
            found = [
                *self._in_graph(statement),
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
        lost = tuple(value for value in values if _is_update(value, place))
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
            return self._always_leaf(self._leaves[expr.id])
        return makes_leaf(self._scope, expr) or self._is_computed(expr)

    def _always_leaf(self, leaf: Leaf) -> bool:
        bound = self._scope.bindings[leaf.place]
        return all(b.via is Via.CHANGED or b.value in leaf.made for b in bound)

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

    def _in_graph(self, statement: Stmt) -> Iterator[Slipped]:
        """A leaf that is changed in place where gradients are recorded."""
        target: Expr | None = None
        match statement:
            case AugAssign(target=Item(value=written)) | AugAssign(target=written):
                target = written
            case ExprStmt(value=Call(func=Attr(value=written, name=name))) if name in _IN_PLACE:
                target = written
        if target is None or self._modes.may_be_off(statement.span):
            return
        basis = self._is_surely_leaf(target) or self._is_trained(target, statement)
        if basis is not None:
            place = place_of(target) or ""
            yield Slipped(statement.span, Slip.LEAF_IN_GRAPH, place, basis)

    def _is_surely_leaf(self, target: Expr) -> Basis | None:
        """The evidence that a name holds a leaf which requires a gradient all the time."""
        if not isinstance(target, Name) or self._is_switched(target.id):
            return None
        leaf = self._leaves.get(target.id)
        if leaf is not None:
            return Basis.BUILT if self._always_leaf(leaf) else None
        around = at(self._scope.bindings.get(target.id, []), target.span)
        if len(around) == 1 and around[0].via is Via.ELEMENT:
            return self._elements(around[0].value)
        return None

    def _is_trained(self, target: Expr, statement: Stmt) -> Basis | None:
        """The evidence that a loop moves parameters by the gradients that a backward here made."""
        around = at(self._scope.bindings.get(place_of(target) or "", []), target.span)
        if len(around) != 1 or around[0].via is not Via.ELEMENT:
            return None
        match around[0].value:
            case Call(func=Attr(name="parameters"), args=()):
                place = place_of(target) or ""
                by_gradient = any(_reads_grad(expr, place) for expr in expressions_of(statement))
                return Basis.USED if by_gradient and self._trains else None
        return None

    def _elements(self, iterated: Expr) -> Basis | None:
        """The evidence that all that a loop runs over are such leaves."""
        if not isinstance(iterated, Sequence) or not iterated.items:
            return None
        leaves = [self._leaves.get(place_of(item) or "") for item in iterated.items]
        sure = all(leaf is not None and self._always_leaf(leaf) for leaf in leaves)
        switched = any(self._is_switched(place_of(item) or "") for item in iterated.items)
        return Basis.BUILT if sure and not switched else None

    def _is_switched(self, name: str) -> bool:
        """Whether something turns the gradient of a leaf on and off."""
        for statement in statements_of(self._scope.node.body):
            for target in statement.targets if isinstance(statement, Assign) else ():
                match target:
                    case Attr(value=Name(id=written), name="requires_grad") if written == name:
                        return True
        calls = (call.func for call in self._scope.calls)
        return any(
            isinstance(f, Attr) and f.name in _RENEWS and place_of(f.value) == name for f in calls
        )

    def _flagged(self, statement: Stmt) -> Iterator[Slipped]:
        """A flag that is set on what was computed, and requires a gradient anyway."""
        match statement:
            case ExprStmt(value=Call(func=Attr(value=Name(id=name), name="requires_grad_"))) if (
                name in self._computed and not self._modes.may_be_off(statement.span)
            ):
                cut = f"`{name} = {name}.detach().requires_grad_()`"
                text = f"{name}.requires_grad_()"
                yield Slipped(statement.span, Slip.RESULT_DROPPED, text, Basis.USED, cut)

    def _of_computed(self, statement: Stmt) -> Iterator[Slipped]:
        """The gradient of something computed, where it is put to use."""
        for holder, span in computed_with(self._scope, statement):
            name = place_of(holder) or ""
            judged = isinstance(holder, Name) and name in self._computed - self._doubted
            if judged and not self._is_switched(name):
                yield Slipped(span, Slip.GRAD_OF_COMPUTED, name, Basis.USED)


_PLAIN = (Via.VALUE, Via.CHANGED)
_NEW_TENSOR = tensors.COMPUTES | frozenset({"double", "half", "cuda", "view", "clone"})


def makes_leaf(scope: Scope, value: Expr) -> bool:
    """Whether an expression makes a leaf that requires a gradient."""
    if not isinstance(value, Call):
        return False
    name = scope.dotted(value.func) or ""
    if name.startswith("torch.nn.") and name.endswith(".Parameter"):
        return True
    asks = any(k.name == "requires_grad" and _is_true(k.value) for k in value.keywords)
    module, _, last = name.rpartition(".")
    if asks and module == "torch" and last in tensors.MAKES:
        return True
    if asks and name == "torch.autograd.Variable":
        return True
    match value:
        case Call(func=Attr(value=inner, name="requires_grad_"), args=args):
            fresh = _is_fresh(scope, inner)
            return fresh and (not args or _is_true(args[0]))
    return False


def _is_fresh(scope: Scope, expr: Expr) -> bool:
    """Whether an expression is on no graph."""
    match expr:
        case Call(func=Attr(value=inner, name=name)):
            dotted = scope.dotted(expr.func)
            if dotted is not None:
                module, _, last = dotted.rpartition(".")
                return module == "torch" and last in tensors.MAKES
            if name == "detach":
                return True
            return name in ("clone", "to", "cuda", "float", "double") and _is_fresh(scope, inner)
    return False


def _is_method(call: Call, name: str) -> bool:
    return isinstance(call.func, Attr) and call.func.name == name


def _is_true(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value is True


def _is_update(value: Expr, place: str) -> bool:
    """Whether a value is arithmetic on what a place holds and its gradient."""
    return isinstance(value, Binary) and _reads_grad(value, place)


def _reads_grad(value: Expr, place: str) -> bool:
    return any(
        isinstance(part, Attr) and part.name == "grad" and place_of(part.value) == place
        for part in parts_of(value)
    )


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
