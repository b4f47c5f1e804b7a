"""Updates of leaves by hand that raise, or that change no leaf at all."""

from collections.abc import Iterator, Mapping

from lintgrad.flow.events import Leaf, Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names.bindings import Via, at
from lintgrad.flow.names.bound_once import once
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.kinds import Kinds, has_own_engine
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    AugAssign,
    Binary,
    Call,
    Const,
    Expr,
    ExprStmt,
    For,
    Item,
    Name,
    Sequence,
    Stmt,
    While,
)
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

_RENEWS = frozenset({"detach_", "requires_grad_", "retain_grad"})
_COMPUTES = frozenset({"add", "sub"})
_IN_PLACE = frozenset(
    "add_ sub_ mul_ div_ zero_ fill_ copy_ clamp_ normal_ uniform_ addcmul_ addcdiv_".split()
)


class Updating:
    """Finds what the updates of one function do wrong."""

    def __init__(
        self, scope: Scope, kinds: Kinds, leaves: Mapping[str, Leaf], modes: GradModes
    ) -> None:
        self._scope = scope
        self._kinds = kinds
        self._leaves = leaves
        self._modes = modes
        self._differentiates = any(
            isinstance(call.func, Attr) and call.func.name == "backward" for call in scope.calls
        )
        self._lost: dict[Stmt, Slipped] = {}
        if self._differentiates:
            for loop in statements_of(scope.node.body):
                if isinstance(loop, For | While):
                    self._read(loop)

    def of(self, statement: Stmt) -> Iterator[Slipped]:
        """What is wrong with a statement."""
        yield from self._in_graph(statement)
        if statement in self._lost:
            yield self._lost[statement]

    def _in_graph(self, statement: Stmt) -> Iterator[Slipped]:
        """A leaf that is changed in place where gradients are recorded."""
        target: Expr | None = None
        given: tuple[Expr, ...] = ()
        match statement:
            case AugAssign(target=Item(value=written), value=value):
                target, given = written, (value,)
            case (
                AugAssign(target=written, value=value)
                | Assign(targets=(Item(value=written),), value=value)
            ):
                target, given = written, (value,)
            case ExprStmt(value=Call(func=Attr(value=written, name=name), args=args)) if (
                name in _IN_PLACE
            ):
                target, given = written, args
        if target is None or self._modes.may_be_off(statement.span):
            return
        place = place_of(target) or ""
        by_gradient = any(_reads_grad(value, place) for value in given)
        basis = self._surely_leaf(target) or (self._elsewhere(target) if by_gradient else None)
        if basis is not None:
            yield Slipped(statement.span, Slip.LEAF_IN_GRAPH, place, basis)

    def _surely_leaf(self, target: Expr) -> Basis | None:
        """The evidence that a name holds a leaf which requires a gradient all the time."""
        if not isinstance(target, Name) or is_switched(self._scope, target.id):
            return None
        leaf = self._leaves.get(target.id)
        if leaf is not None:
            return Basis.BUILT if always_leaf(self._scope, leaf) else None
        around = at(self._scope.bindings.get(target.id, []), target.span)
        if len(around) == 1 and around[0].via is Via.ELEMENT:
            return self._elements(around[0].value)
        return None

    def _elements(self, iterated: Expr) -> Basis | None:
        """The evidence that all that a loop runs over are such leaves."""
        if isinstance(iterated, Name):
            made = once((self._scope, self._scope.bindings.get(iterated.id, [])))
            if made is None:
                return None
            iterated = made.expr
        if not isinstance(iterated, Sequence) or not iterated.items:
            return None
        sure = all(
            makes_leaf(self._scope, item) or self._surely_leaf(item) for item in iterated.items
        )
        return Basis.BUILT if sure else None

    def _elsewhere(self, target: Expr) -> Basis | None:
        """The evidence that what has a gradient is a leaf that this function does not make.

        A function that runs backward itself is not called where no gradients are recorded.
        """
        place = place_of(target)
        if place is None:
            return None
        if self._differentiates and self._kinds.leaf_parameter(target):
            own = has_own_engine(self._scope.root) or is_switched(self._scope, place)
            return None if own else Basis.USED
        if self._differentiates and place.startswith("self."):
            return Basis.USED if self._is_attribute(place, updated=False) else None
        return Basis.USED if self._is_passed(place) else None

    def _is_attribute(self, place: str, *, updated: bool) -> bool:
        """Whether an attribute is given leaves and nothing else; updates of its own aside."""
        owner = self._scope.owner
        methods = [m for one in owner.lineage() for m in one.methods.values()] if owner else []
        bound = [(method, b) for method in methods for b in method.bindings.get(place, [])]
        made = [b for method, b in bound if b.via is Via.VALUE and makes_leaf(method, b.value)]
        plain = all(
            b in made or b.via is Via.CHANGED or (updated and is_update(b.value, place))
            for _, b in bound
        )
        return bool(made) and plain and not any(is_switched(m, place) for m in methods)

    def _is_passed(self, place: str) -> bool:
        """Whether a parameter is passed a leaf, by a call where gradients are recorded."""
        passed = (self._scope.arguments or {}).get(place)
        own = self._scope.bindings.get(place, [])
        if passed is None or self._scope.call is None or any(b.via is not Via.CHANGED for b in own):
            return False
        where, call = self._scope.call
        given = place_of(passed.expr)
        found = passed.scope.lookup(given) if given is not None else None
        if given is None or found is None or GradModes(where).may_be_off(call.span):
            return False
        made = [makes_leaf(found[0], b.value) for b in found[1] if b.via is Via.VALUE]
        plain = all(b.via in (Via.VALUE, Via.CHANGED) for b in found[1])
        switched = is_switched(found[0], given) or is_switched(self._scope, place)
        return bool(made) and all(made) and plain and not switched

    def _read(self, loop: For | While) -> None:
        body = tuple(statements_of(loop.body))
        for number, statement in enumerate(body):
            match statement:
                case Assign(targets=(target,), value=value):
                    place = place_of(target)
                    if place is None or not is_update(value, place):
                        continue
                    if isinstance(loop, For) and place == place_of(loop.target):
                        basis = self._element_of(loop, target)
                        lost = not any(_reads(later, place) for later in body[number + 1 :])
                    else:
                        basis = Basis.USED if self._is_attribute(place, updated=True) else None
                        lost = any(map(_runs_backward, body))
                    if basis is not None and lost:
                        self._lost[statement] = Slipped(
                            statement.span, Slip.LEAF_LOST, place, basis
                        )

    def _element_of(self, loop: For, target: Expr) -> Basis | None:
        """The evidence that a loop runs over leaves, which a new value of its name leaves alone."""
        if place_of(target) is None:
            return None
        found = self._elements(loop.iter)
        if found is None and self._kinds.leaf_parameter(loop.target):
            return None if has_own_engine(self._scope.root) else Basis.USED
        return found


def always_leaf(scope: Scope, leaf: Leaf) -> bool:
    """Whether a name is given nothing but leaves."""
    bound = scope.bindings[leaf.place]
    return all(b.via is Via.CHANGED or b.value in leaf.made for b in bound)


def is_switched(scope: Scope, place: str) -> bool:
    """Whether something turns the gradient of a leaf on and off."""
    for statement in statements_of(scope.node.body):
        for target in statement.targets if isinstance(statement, Assign) else ():
            is_flag = isinstance(target, Attr) and target.name == "requires_grad"
            if isinstance(target, Attr) and is_flag and place_of(target.value) == place:
                return True
    calls = (call.func for call in scope.calls)
    return any(
        isinstance(f, Attr) and f.name in _RENEWS and place_of(f.value) == place for f in calls
    )


def _runs_backward(statement: Stmt) -> bool:
    return any(
        isinstance(part, Call) and isinstance(part.func, Attr) and part.func.name == "backward"
        for expr in expressions_of(statement)
        for part in parts_of(expr)
    )


def _reads(statement: Stmt, place: str) -> bool:
    return any(
        place_of(part) == place for expr in expressions_of(statement) for part in parts_of(expr)
    )


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


def _is_true(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value is True


def is_update(value: Expr, place: str) -> bool:
    """Whether a value is arithmetic on what a place holds and its gradient."""
    computed = isinstance(value, Binary) or (
        isinstance(value, Call) and isinstance(value.func, Attr) and value.func.name in _COMPUTES
    )
    return computed and _reads_grad(value, place)


def _reads_grad(value: Expr, place: str) -> bool:
    return any(
        isinstance(part, Attr) and part.name == "grad" and place_of(part.value) == place
        for part in parts_of(value)
    )
