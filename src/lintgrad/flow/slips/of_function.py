"""Statements that do not do what they look like, and generators that are run through."""

from collections.abc import Iterator

from lintgrad.flow.events import Event, Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names import guesses
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.gradients_by_hand import grad_holder
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.places.usage import Usage
from lintgrad.flow.slips.carried import Carried
from lintgrad.flow.slips.consuming import Consuming, keeps_generator
from lintgrad.flow.slips.discarded import ARITHMETIC, Discarded, may_be_dropped
from lintgrad.flow.slips.graphs_used import GraphsUsed
from lintgrad.flow.slips.ineffective import MISSPELLED, Ineffective
from lintgrad.flow.slips.leaves import Leaves
from lintgrad.flow.slips.misfits import Misfits
from lintgrad.flow.slips.weights import SavedWeights
from lintgrad.source.text import spelled
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Binary,
    Call,
    Comprehension,
    Expr,
    ExprStmt,
    Name,
    Stmt,
    Try,
)
from lintgrad.syntax.walk import statements_of

_STEPS = frozenset({"step", "update", "unscale_"})


class Slips:
    """Turns statements of one function into what is wrong with them; remembers its answers."""

    def __init__(
        self, scope: Scope, roles: Roles, places: Places, usage: Usage, strength: Basis
    ) -> None:
        self._scope = scope
        self._places = places
        self._strength = strength
        self._text = scope.source.text
        self._kinds = places.kinds
        self._discarded = Discarded(scope, places, self._kinds)
        self._ineffective = Ineffective(scope, places, self._kinds, usage)
        self._misfits = Misfits(scope, places, self._kinds)
        self._consuming = Consuming(scope, roles, self._kinds)
        self._leaves = Leaves(scope, self._kinds, roles)
        self._carried = Carried(scope, roles, places.origins)
        self._graphs = GraphsUsed(scope, roles, places.origins, usage)
        self._weights = SavedWeights(scope, places)
        self._tried = _tried(scope)
        self._looked_at = frozenset(s for s in _slipping(scope) if s not in self._tried)
        """The statements of the function itself: parts of expressions are lowered as if they were
        statements, too."""
        self._known: dict[Stmt, tuple[Slipped, ...]] = {}

    def of(self, statement: Stmt) -> tuple[Event, ...]:
        """What there is to say of a statement itself, whatever is in its blocks."""
        return (
            *self._wrong(statement),
            *self._consuming.of(statement),
            *(e for e in self._leaves.of(statement) if not self._is_tried(statement, e)),
            *self._graphs.of(statement),
            *self._weights.of(statement),
            *self._carried.of(statement),
        )

    def _is_tried(self, statement: Stmt, event: Event) -> bool:
        return isinstance(event, Slipped) and statement in self._tried

    def _wrong(self, statement: Stmt) -> tuple[Slipped, ...]:
        if not isinstance(statement, ExprStmt | Assign) or statement not in self._looked_at:
            return ()
        if statement not in self._known:
            found = tuple(self._found(statement))
            self._known[statement] = tuple(
                Slipped(s.span, s.slip, s.subject, min(s.basis, self._strength), s.instead)
                for s in found
            )
        return self._known[statement]

    def _found(self, statement: ExprStmt | Assign) -> Iterator[Slipped]:
        if isinstance(statement, ExprStmt):
            if isinstance(statement.value, Attr):
                yield from self._named(statement, statement.value)
            yield from self._discarded.of(statement)
            yield from self._ineffective.lazy(statement)
            yield from self._ineffective.overwritten(statement)
        else:
            yield from self._ineffective.assigned(statement)
        yield from self._misfits.of(statement)

    def _named(self, statement: ExprStmt, method: Attr) -> Iterator[Slipped]:
        """A method that is named as a statement, and not called."""
        subject = spelled(self._text, method.value.span)
        place = place_of(method.value)
        found: tuple[Slip, Basis] | None = None
        if method.name in ("backward", "manual_backward"):
            found = Slip.BACKWARD_NAMED, Basis.BUILT
        elif (
            method.name == "zero_" and grad_holder(method.value) is not None
        ) or method.name == "zero_grad":
            found = Slip.CLEAR_NAMED, Basis.BUILT
        elif method.name in _STEPS and place is not None:
            basis = self._stepped(place, method.name)
            found = None if basis is None else (Slip.STEP_NAMED, basis)
        if found is not None:
            slip, basis = found
            yield Slipped(statement.span, slip, subject, basis, f"{subject}.{method.name}()")

    def _stepped(self, place: str, method: str) -> Basis | None:
        """The evidence that naming a method of a place should have stepped something."""
        role = self._places.role(place)
        if role in (Role.OPTIMIZER, Role.SCHEDULER) and method == "step":
            return Basis.BUILT
        if role is Role.SCALER:
            return Basis.BUILT
        if role is not None or place == "self":
            return None
        if method != "step":
            return Basis.USED if guesses.named_like_scaler(place) else None
        named = guesses.named_like_optimizer(place) or guesses.named_like_scheduler(place)
        return Basis.USED if named else None


def may_slip(scope: Scope) -> bool:
    """Whether a function has a statement that is worth a closer look."""
    return any(True for _ in _slipping(scope)) or keeps_generator(scope)


def _slipping(scope: Scope) -> Iterator[Stmt]:
    for statement in statements_of(scope.node.body):
        if isinstance(statement, ExprStmt | Assign) and _may_slip(statement):
            yield statement


def _may_slip(statement: ExprStmt | Assign) -> bool:
    """Whether a statement has a shape that some slip has."""
    match statement:
        case Assign(targets=targets):
            return any(isinstance(t, Attr) and t.name in _WRITTEN for t in targets)
        case ExprStmt(value=Attr(name=name)):
            return name in _NAMED
        case ExprStmt(value=Binary(op=op)):
            return op in ARITHMETIC
        case ExprStmt(value=Call(func=Attr(name="backward" | "zero_" | "fill_"))):
            return True
        case ExprStmt(value=value):
            dropped = isinstance(value, Call) and may_be_dropped(value)
            return dropped or _makes_lazily(value)
    return False


def _makes_lazily(value: Expr) -> bool:
    match value:
        case Call(func=Name(id=name)):
            return name in ("map", "filter")
        case Comprehension(kind=kind):
            return kind == "GeneratorExp"
    return False


_NAMED = frozenset({"backward", "manual_backward", "zero_", "zero_grad", *_STEPS})
_WRITTEN = MISSPELLED | {"grad", "requires_grad"}


def _tried(scope: Scope) -> frozenset[Stmt]:
    """The statements whose error is waited for: `try: x.attribute` asks whether it is there."""
    return frozenset(
        inner
        for statement in statements_of(scope.node.body)
        if isinstance(statement, Try) and statement.handlers and len(statement.body) == 1
        for inner in statement.body
    )
