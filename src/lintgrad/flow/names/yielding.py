"""Functions that yield once, taken apart: what runs before the `yield`, and what after it."""

from dataclasses import replace
from typing import NamedTuple

from lintgrad.flow.names.scopes import Scope
from lintgrad.source.text import Span, spelled
from lintgrad.syntax.nodes import Assign, ExprStmt, For, Function, Stmt, Try, While, Yield
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

Body = tuple[Stmt, ...]


class Halves(NamedTuple):
    """Functions of their own with the names of the one that they are cut from."""

    before: Scope
    after: Scope


class Stream(NamedTuple):
    """A generator that yields once in each round of its loop: each round, and what is around it."""

    rounds: Halves
    around: Halves


def halves_of(function: Scope) -> Halves | None:
    """What a function does before and after its only `yield`; None if it cannot be told apart."""
    found = _split(function, function.node.body)
    return None if found is None else Halves(*(_part(function, body) for body in found))


def stream_of(function: Scope) -> Stream | None:
    """What a generator does in each round before and after it yields, and around its loop."""
    body = function.node.body
    yielding = [i for i, statement in enumerate(body) if _yields(statement)]
    loop = body[yielding[0]] if len(yielding) == 1 else None
    if not isinstance(loop, For | While) or loop.orelse:
        return None
    rounds = _split(function, loop.body)
    if rounds is None:
        return None
    around = (body[: yielding[0]], body[yielding[0] + 1 :])
    first, second = (Halves(*(_part(function, b) for b in both)) for both in (rounds, around))
    return Stream(first, second)


def _split(function: Scope, body: Body) -> tuple[Body, Body] | None:
    yielding = [i for i, statement in enumerate(body) if _yields(statement)]
    if len(yielding) != 1:
        return None
    (at,) = yielding
    match body[at]:
        case ExprStmt(value=Yield(span=span)) | Assign(value=Yield(span=span)):
            inner: tuple[Body, Body] | None = None if _is_from(function, span) else ((), ())
        case Try(body=tried, handlers=(), orelse=(), final=final):
            inner = _split(function, tried)
            inner = None if inner is None else (inner[0], (*inner[1], *final))
        case _:
            inner = None
    if inner is None:
        return None
    return (*body[:at], *inner[0]), (*inner[1], *body[at + 1 :])


def _yields(statement: Stmt) -> bool:
    return any(
        isinstance(part, Yield)
        for one in statements_of((statement,))
        for expr in expressions_of(one)
        for part in parts_of(expr)
    )


def _is_from(function: Scope, span: Span) -> bool:
    return spelled(function.source.text, span).startswith("yield from")


def _part(function: Scope, body: Body) -> Scope:
    """A function with some of the statements of another one, in its place."""
    part = function.called_with({}, function.parent, function.owner)
    part.arguments = part.origin = None
    part.cut_from = function.function_itself
    if isinstance(function.node, Function):
        part.node = replace(function.node, body=body)
    own = {
        inner.span
        for one in statements_of(body)
        for expr in expressions_of(one)
        for inner in parts_of(expr)
    }
    part.calls = [call for call in function.calls if call.span in own]
    return part
