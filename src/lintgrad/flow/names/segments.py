"""Generators cut at their only `yield`: what runs before it and after it.

Whoever goes through a generator runs its body in pieces, and his own code in between. The pieces
are functions of their own, with the names of the whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    BoolOp,
    Break,
    Call,
    Continue,
    Expr,
    ExprStmt,
    For,
    Function,
    If,
    IfExp,
    Match,
    Raise,
    Return,
    Stmt,
    Try,
    While,
    Yield,
)
from lintgrad.syntax.walk import children_of, expressions_of, parts_of, statements_of

_Body = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The pieces of a generator: before its loop, before and after each value, and at the end.

    One without a loop gives a single value: what is before its `yield` stands in `before`.
    """

    first: Scope
    before: Scope
    after: Scope
    last: Scope
    repeats: bool


def segments_of(function: Scope) -> Segments | None:
    """The pieces of a generator; None if it cannot be cut in a way that keeps what it does.

    That takes a single `yield`, in no loop or in one, no way around it, and no question asked in a
    piece about what another piece has computed.
    """
    yields = [part for expr in _expressions(function.node.body) for part in _yields(expr)]
    cut = _cut(function.node.body) if len(yields) == 1 else None
    if cut is None or not isinstance(function.node, Function):
        return None
    *pieces, repeats = cut
    if any(map(_leaves_early, pieces)) or any(_asks_of_itself(function, p) for p in pieces):
        return None
    first, before, after, last = (_piece(function, function.node, body) for body in pieces)
    return Segments(first, before, after, last, repeats)


def _cut(body: _Body) -> tuple[_Body, _Body, _Body, _Body, bool] | None:
    """The statements of the pieces, and whether those in the middle are repeated."""
    for index, statement in enumerate(body):
        pre, post = body[:index], body[index + 1 :]
        if any(True for expr in expressions_of(statement) for _ in _yields(expr)):
            value = _yielded(statement)
            return None if value is None else ((), (*pre, *value), (), post, False)
        if not any(True for expr in _expressions((statement,)) for _ in _yields(expr)):
            continue
        match statement:
            case For(iter=iterated, body=inner, orelse=()):
                asked = iterated
            case While(test=test, body=inner, orelse=()):
                asked = test
            case Try(body=inner, orelse=orelse, final=final):
                found = _cut(inner)
                if found is None or found[-1]:
                    return None
                _, before, _, rest, _ = found
                return (), (*pre, *before), (), (*rest, *orelse, *final, *post), False
            case _:
                return None
        found = _cut(inner)
        if found is None or found[-1]:
            return None
        return (*pre, ExprStmt(asked.span, asked)), found[1], found[3], post, True
    return None


def _yielded(statement: Stmt) -> _Body | None:
    """What is computed for the `yield` of a statement that is nothing else."""
    match statement:
        case ExprStmt(value=Yield(value=value)) | Assign(value=Yield(value=value)):
            return () if value is None else (ExprStmt(value.span, value),)
    return None


def _yields(expr: Expr) -> Iterator[Yield]:
    return (part for part in parts_of(expr) if isinstance(part, Yield))


def _expressions(body: _Body) -> Iterator[Expr]:
    return (expr for statement in statements_of(body) for expr in expressions_of(statement))


def _leaves_early(body: _Body) -> bool:
    """Whether statements may leave the piece they are in before its end."""
    for statement in body:
        match statement:
            case Return() | Raise() | Break() | Continue():
                return True
            case For() | While():
                inner = statements_of((statement,))
                if any(isinstance(one, Return | Raise) for one in inner):
                    return True
            case _:
                if any(_leaves_early(block) for block in children_of(statement)):
                    return True
    return False


def _asks_of_itself(function: Scope, body: _Body) -> bool:
    """Whether a test in a piece depends on what the generator itself computes."""
    own = {name for name in function.bindings if "." not in name and "[" not in name}
    return any(
        place is not None and root_of(place) in own
        for test in _tests(body)
        for place in map(place_of, parts_of(test))
    )


def _tests(body: _Body) -> Iterator[Expr]:
    for statement in statements_of(body):
        if isinstance(statement, If | While):
            yield statement.test
        if isinstance(statement, Match):
            yield statement.subject
        for expr in expressions_of(statement):
            for part in parts_of(expr):
                if isinstance(part, IfExp):
                    yield part.test
                if isinstance(part, BoolOp):
                    yield from part.parts


def _piece(function: Scope, node: Function, body: _Body) -> Scope:
    calls = [part for expr in _expressions(body) for part in parts_of(expr)]
    piece = function.called_with({}, function.parent, function.owner)
    piece.node = replace(node, body=body)
    piece.calls = [part for part in calls if isinstance(part, Call)]
    piece.arguments, piece.origin = None, None
    piece.whole = function.function_itself
    return piece
