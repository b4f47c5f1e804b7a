"""Which statements are worth a block, and which guards are worth deciding."""

from collections.abc import Iterable, Iterator

from lintgrad.flow.calls.events_of import Calls
from lintgrad.flow.events import GRADIENT_EVENTS, LEAVES_GRADIENTS, NamedOnly, SchedulerStep
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.slips.of_function import Slips
from lintgrad.syntax import apis, nodes
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Expr, Stmt
from lintgrad.syntax.walk import children, children_of, expressions_of, statements_of

_JUMPS = (nodes.Break, nodes.Continue, nodes.Return, nodes.Raise)


_DECIDED = (*GRADIENT_EVENTS, SchedulerStep)
"""The events whose guards are worth deciding."""


class Relevance:
    """Answers, for the statements of one function, what they hold; remembers its answers."""

    def __init__(
        self, scope: Scope, roles: Roles, calls: Calls, places: Places, slips: Slips
    ) -> None:
        self._scope = scope
        self._roles = roles
        self._calls = calls
        self._places = places
        self._slips = slips
        self._matters: dict[Stmt, bool] = {}
        self._holds: dict[Expr, bool] = {}
        self._guarded: dict[Stmt, bool] = {}

    def matters(self, statement: Stmt) -> bool:
        """Whether a statement holds an event or leaves the straight path."""
        if statement not in self._matters:
            self._matters[statement] = (
                isinstance(statement, _JUMPS)
                or self._own_event(statement)
                or any(map(self.matters, _inner(statement)))
            )
        return self._matters[statement]

    def holds_event(self, expr: Expr) -> bool:
        """Whether evaluating an expression makes an event."""
        if expr not in self._holds:
            self._holds[expr] = (
                (isinstance(expr, Call) and (bool(self._calls.events(expr)) or self.ends(expr)))
                or (isinstance(expr, nodes.Yield) and self._calls.driving.shares)
                or (isinstance(expr, nodes.Attr) and bool(self._calls.named(expr)))
            ) or any(map(self.holds_event, evaluated(expr)))
        return self._holds[expr]

    def ends(self, call: Call) -> bool:
        """Whether a call never returns."""
        name = self._scope.dotted(call.func) or place_of(call.func)
        return name in apis.NEVER_RETURN

    def guarded(self, statements: Iterable[Stmt]) -> bool:
        """Whether statements hold gradient events or jumps that a guard is worth deciding for."""
        return any(map(self._is_guarded, statements))

    def _is_guarded(self, statement: Stmt) -> bool:
        if statement not in self._guarded:
            self._guarded[statement] = (
                isinstance(statement, nodes.Break | nodes.Continue)
                or self.writes_grad(statement)
                or any(map(self._gradient_event, expressions_of(statement)))
                or any(map(self._is_guarded, _inner(statement)))
            )
        return self._guarded[statement]

    def _gradient_event(self, expr: Expr) -> bool:
        if isinstance(expr, Call) and any(
            isinstance(event, _DECIDED) for event in self._calls.events(expr)
        ):
            return True
        if isinstance(expr, nodes.Attr) and self._calls.named(expr):
            return True
        return any(map(self._gradient_event, evaluated(expr)))

    def changes(self, statements: Iterable[Stmt]) -> bool:
        """Whether statements, in any of their blocks, change gradients or may do so."""
        return any(
            self.writes_grad(statement)
            or any(map(self.changes_gradients, expressions_of(statement)))
            for statement in statements_of(statements)
        )

    def changes_gradients(self, expr: Expr) -> bool:
        """Whether evaluating an expression does more than call what cannot be seen."""
        if isinstance(expr, Call) and any(
            not isinstance(event, LEAVES_GRADIENTS) for event in self._calls.events(expr)
        ):
            return True
        return any(map(self.changes_gradients, evaluated(expr)))

    def writes_grad(self, statement: Stmt) -> bool:
        """Whether a statement assigns to, changes or deletes a `.grad`."""
        if isinstance(statement, nodes.AugAssign):
            return bool(
                self._calls.writes.changed(
                    statement.target, statement.op, statement.value, statement.span
                )
            )
        return isinstance(statement, nodes.Delete | nodes.Assign) and any(
            self._calls.writes.assigned(target, None, statement.span)
            for target in statement.targets
        )

    def _own_event(self, statement: Stmt) -> bool:
        return (
            self.writes_grad(statement)
            or self.named_only(statement) is not None
            or bool(self._slips.of(statement))
            or (isinstance(statement, nodes.Assign) and any(map(self.is_build, _made(statement))))
            or any(map(self.holds_event, expressions_of(statement)))
            or (
                isinstance(statement, nodes.With)
                and any(
                    self._calls.enters(item.value) or self._calls.leaves(item.value)
                    for item in statement.items
                )
            )
        )

    def named_only(self, statement: Stmt) -> NamedOnly | None:
        """The event of `optimizer.zero_grad` without a call, if the statement is one."""
        match statement:
            case nodes.ExprStmt(value=nodes.Attr(value=receiver, name="zero_grad")):
                place = place_of(receiver)
                if place is not None:
                    return NamedOnly(statement.span, self._places.canonical(place))
        return None

    def is_build(self, value: Expr) -> bool:
        """Whether an expression builds an optimizer on the spot."""
        if not isinstance(value, Call):
            return False
        found = self._roles.of_expr(self._scope, value)
        return found is not None and found.role is Role.OPTIMIZER and found.build is value


def _made(statement: nodes.Assign) -> Iterator[Expr]:
    """What an assignment gives its targets, or puts into the display that it gives them."""
    match statement.value:
        case nodes.Sequence(items=items):
            yield from items
        case nodes.Mapping(items=pairs):
            yield from (item for _, item in pairs)
        case value:
            yield value


def _inner(statement: Stmt) -> Iterator[Stmt]:
    for block in children_of(statement):
        yield from block


def evaluated(expr: Expr) -> tuple[Expr, ...]:
    """The parts of an expression that run when it does: all but a lambda's body."""
    return () if isinstance(expr, nodes.Lambda) else children(expr)


def assigned(statements: Iterable[Stmt]) -> Iterator[tuple[Expr, Expr | None]]:
    """The targets that statements assign, in any of their blocks, with the values."""
    for statement in statements_of(statements):
        match statement:
            case nodes.Assign():
                for target in statement.targets:
                    yield from _one_by_one(target, statement.value)
            case nodes.AugAssign():
                span, op = statement.span, statement.op
                yield statement.target, nodes.Binary(span, op, statement.target, statement.value)
            case nodes.For():
                yield statement.target, None
            case nodes.With():
                for item in statement.items:
                    if item.target is not None:
                        yield item.target, None


def _one_by_one(target: Expr, value: Expr) -> Iterator[tuple[Expr, Expr]]:
    """A target with its value, or those in it where `a, b = c, d` shows which is which."""
    match target, value:
        case nodes.Sequence(items=parts), nodes.Sequence(items=given) if len(parts) == len(
            given
        ) and not any(isinstance(item, nodes.Starred) for item in (*parts, *given)):
            for part, one in zip(parts, given, strict=True):
                yield from _one_by_one(part, one)
        case _:
            yield target, value
