"""Which loss a statement runs backward on, itself or by way of the project's functions."""

from typing import NamedTuple

from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Binary,
    Call,
    Const,
    Expr,
    ExprStmt,
    Name,
    Raise,
    Return,
    Stmt,
)
from lintgrad.syntax.walk import children_of, statements_of

_DEEPEST = 3
"""Calls in calls that are looked into."""


class Ran(NamedTuple):
    """A backward call, wherever it stands, and what the looked at function calls its loss."""

    call: Call
    loss: str


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


class BackwardsRun:
    """Finds the backward calls that the statements of one function run."""

    def __init__(self, scope: Scope, roles: Roles, depth: int = 0) -> None:
        self._scope = scope
        self._roles = roles
        self._depth = depth

    def of(self, statement: Stmt) -> Ran | None:
        """The last backward that a statement is sure to run on a loss that has a name here."""
        direct = backward_of(statement)
        if direct is not None:
            loss = loss_of(direct)
            return None if loss is None else Ran(direct, loss)
        match statement:
            case ExprStmt(value=Call() as call) | Assign(value=Call() as call):
                return self._by(call)
        return None

    def frame(self, call: Call) -> Scope | None:
        """The frame of the function of the project that a call runs, if that may run backward."""
        callee = self._roles.callees.of_call(self._scope, call)
        if callee is None or self._depth >= _DEEPEST or not _may_run(callee):
            return None
        return self._roles.frames.of_call(self._scope, call, callee)

    def _by(self, call: Call) -> Ran | None:
        frame = self.frame(call)
        if frame is None:
            return None
        inner = BackwardsRun(frame, self._roles, self._depth + 1)
        found: Ran | None = None
        for statement in frame.node.body:
            if _may_leave(statement):
                break
            ran = inner.of(_dropped(statement))
            name = self._name(frame, ran.loss) if ran is not None else None
            if ran is not None and name is not None:
                found = Ran(ran.call, name)
        return found

    def _name(self, frame: Scope, loss: str) -> str | None:
        """What the function calls a loss of one that it calls."""
        if frame.bindings.get(loss):
            return None
        passed = (frame.arguments or {}).get(loss)
        if passed is None:
            found = frame.lookup(loss)
            here = found is not None and found[0].function_itself is self._scope.function_itself
            return loss if here else None
        same = passed.scope.function_itself is self._scope.function_itself
        return passed.expr.id if same and isinstance(passed.expr, Name) else None


def _dropped(statement: Stmt) -> Stmt:
    """A `return` as the statement that its value would be."""
    match statement:
        case Return(span=span, value=Call() as call):
            return ExprStmt(span, call)
    return statement


def _may_leave(statement: Stmt) -> bool:
    """Whether a statement may end the function before those after it are run."""
    inner = (each for block in children_of(statement) for each in statements_of(block))
    return any(isinstance(each, Return | Raise) for each in inner)


def _may_run(callee: Callee) -> bool:
    """Whether a function runs backward, or does no more than to call another."""
    body = callee.scope.node.body
    runs = any(isinstance(c.func, Attr) and c.func.name == "backward" for c in callee.scope.calls)
    return not callee.scope.is_generator and (runs or (len(body) == 1 and _calls(body[0])))


def _calls(statement: Stmt) -> bool:
    value: Expr | None = statement.value if isinstance(statement, ExprStmt | Return) else None
    return isinstance(value, Call)
