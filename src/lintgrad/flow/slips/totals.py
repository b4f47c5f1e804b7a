"""Running totals: what is added to what a name holds, and what they begin with."""

from collections.abc import Iterable

from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.scopes import Scope
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
    Name,
    Stmt,
)


def added(statement: Stmt) -> tuple[str, Expr] | None:
    """The sum or list that a statement adds to, and what it adds."""
    match statement:
        case AugAssign(target=Name(id=total), op="+", value=value):
            return total, value
        case Assign(targets=(Name(id=total),), value=Binary(op="+", left=Name(id=left)) as value):
            return (total, value.right) if left == total else None
        case ExprStmt(value=Call(func=Attr(value=Name(id=total), name="append"), args=(value,))):
            return total, value
    return None


def split(bound: Iterable[Binding], place: str) -> tuple[list[Expr], list[Expr]]:
    """What is added to a place, and what it is given anew."""
    sums = [b.value for b in bound if b.via is Via.CHANGED or _is_sum(b.value, place)]
    return sums, [b.value for b in bound if b.value not in sums]


def _is_sum(value: Expr, place: str) -> bool:
    """Whether a value adds something to what the place held: `total + loss`."""
    return (
        isinstance(value, Binary)
        and value.op == "+"
        and place in (place_of(value.left), place_of(value.right))
    )


def is_empty(scope: Scope, value: Expr) -> bool:
    """Whether a total that begins with a value hangs on no graph yet."""
    if isinstance(value, Const):
        return True
    if not isinstance(value, Call) or value.keywords:
        return False
    return scope.dotted(value.func) in ("torch.zeros", "torch.tensor")
