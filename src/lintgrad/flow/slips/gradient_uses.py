"""Where the gradients of computed tensors are computed with, and what leaves that in doubt."""

from collections.abc import Iterator

from lintgrad.flow.names.scopes import Scope
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assert,
    Assign,
    Attr,
    AugAssign,
    Binary,
    Call,
    Compare,
    Comprehension,
    Const,
    Expr,
    ExprStmt,
    For,
    If,
    IfExp,
    Item,
    Name,
    Stmt,
    Unary,
    While,
)
from lintgrad.syntax.walk import children, expressions_of, handed_to, parts_of, statements_of


def computed_with(scope: Scope, statement: Stmt) -> Iterator[tuple[Expr, Span]]:
    """The holders of the gradients that a statement computes with, rather than shows or keeps."""
    for expr in expressions_of(statement):
        if isinstance(statement, AugAssign):
            yield from _grad(expr)
        yield from _within(scope, expr)


def _within(scope: Scope, expr: Expr) -> Iterator[tuple[Expr, Span]]:
    match expr:
        case Call(func=Name(id="print" | "repr" | "str" | "type" | "hasattr" | "isinstance")):
            return
        case Compare() | Attr(name="shape" | "is_leaf"):
            return
    for operand in _operands(scope, expr):
        yield from _grad(operand)
    for part in children(expr):
        yield from _within(scope, part)


def _operands(scope: Scope, expr: Expr) -> tuple[Expr, ...]:
    """The parts of an expression that may not be None."""
    match expr:
        case Binary(left=left, right=right):
            return (left, right)
        case Unary(op="-" | "+", value=value) | Attr(value=value) | Item(value=value):
            return (value,)
        case Call(func=func, args=args) if (scope.dotted(func) or "").startswith("torch."):
            return args
    return ()


def _grad(expr: Expr) -> Iterator[tuple[Expr, Span]]:
    if isinstance(expr, Attr) and expr.name == "grad":
        yield expr.value, expr.span


def in_doubt(scope: Scope) -> frozenset[str]:
    """The names whose gradient is asked for, or that something else may tell to keep it."""
    return frozenset(
        place
        for statement in statements_of(scope.node.body)
        for expr in (*_asked(statement), *_handed(scope, statement))
        if (place := place_of(expr)) is not None
    )


def _asked(statement: Stmt) -> Iterator[Expr]:
    """The holders of gradients that a test reads: `if y.grad is not None:`."""
    tests = [statement.test] if isinstance(statement, If | While | Assert) else []
    for expr in expressions_of(statement):
        for part in parts_of(expr):
            if isinstance(part, IfExp):
                tests.append(part.test)
            elif isinstance(part, Compare) and part.op in ("is", "is not"):
                tests.append(part)
    for test in tests:
        for part in parts_of(test):
            for holder, _ in _grad(part):
                yield holder


def _handed(scope: Scope, statement: Stmt) -> Iterator[Expr]:
    """What a loop, a collection or a call for its effect gets hold of, or is given a gradient."""
    if isinstance(statement, Assign) and not _is_none(statement.value):
        yield from (holder for target in statement.targets for holder, _ in _grad(target))
    match statement:
        case For(iter=iterated):
            yield from children(iterated)
        case Assign(value=value):
            yield from children(value) if not isinstance(value, Binary | Attr | Call) else ()
        case ExprStmt(value=Call(func=func) as call):
            yield from handed_to(call) if scope.dotted(func) is None else ()
    for expr in expressions_of(statement):
        for part in parts_of(expr):
            for clause in part.clauses if isinstance(part, Comprehension) else ():
                yield from children(clause.iter)


def _is_none(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value is None
