"""Walking the small tree: the parts of statements and expressions, in evaluation order."""

from collections.abc import Iterable, Iterator

from lintgrad.syntax.nodes import (
    Assert,
    Assign,
    Attr,
    AugAssign,
    Binary,
    BoolOp,
    Call,
    Class,
    Compare,
    Comprehension,
    Delete,
    Expr,
    ExprStmt,
    For,
    Function,
    If,
    IfExp,
    Item,
    Lambda,
    Mapping,
    Match,
    Other,
    Raise,
    Return,
    Sequence,
    Slice,
    Starred,
    Stmt,
    Try,
    Unary,
    Walrus,
    While,
    With,
    Yield,
)


def children_of(statement: Stmt) -> Iterator[tuple[Stmt, ...]]:
    """The blocks directly inside a statement, in order; none for a function or a class."""
    match statement:
        case If() | For() | While():
            yield statement.body
            yield statement.orelse
        case With():
            yield statement.body
        case Try():
            yield statement.body
            for handler in statement.handlers:
                yield handler.body
            yield statement.orelse
            yield statement.final
        case Match():
            for case in statement.cases:
                yield case.body


def statements_of(body: Iterable[Stmt]) -> Iterator[Stmt]:
    """All statements of one scope in source order, nested blocks included."""
    stack = [*body][::-1]
    while stack:  # a recursive generator takes a time for each statement that grows with its depth
        statement = stack.pop()
        yield statement
        for block in [*children_of(statement)][::-1]:
            stack.extend(block[::-1])


def definitions_of(body: Iterable[Stmt]) -> Iterator[Function | Class]:
    """The functions and classes defined directly in one scope."""
    for statement in statements_of(body):
        if isinstance(statement, (Function, Class)):
            yield statement


def expressions_of(statement: Stmt) -> Iterator[Expr]:
    """The expressions that a statement itself evaluates, its blocks left out."""
    match statement:
        case Assign() | AugAssign():
            yield statement.value
        case Delete():
            yield from statement.targets
        case ExprStmt():
            yield statement.value
        case If() | While() | Assert():
            yield statement.test
        case For():
            yield statement.iter
        case With():
            for item in statement.items:
                yield item.value
        case Match():
            yield statement.subject
        case Return() | Raise():
            if statement.value is not None:
                yield statement.value


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct parts of an expression, in evaluation order."""
    match expr:
        case Call():
            return (expr.func, *expr.args, *(k.value for k in expr.keywords))
        case Attr() | Starred() | Unary() | Walrus():
            return (expr.value,)
        case Binary() | Compare():
            return (expr.left, expr.right)
        case BoolOp() | Other():
            return expr.parts
        case Item():
            return (expr.value, expr.index)
        case IfExp():
            return (expr.test, expr.body, expr.orelse)
        case Sequence():
            return expr.items
        case Mapping():
            return tuple(part for pair in expr.items for part in pair if part is not None)
        case Comprehension():
            clauses = [part for c in expr.clauses for part in (c.iter, *c.tests)]
            return (*clauses, expr.element)
        case Slice():
            bounds = (expr.lower, expr.upper, expr.step)
            return tuple(bound for bound in bounds if bound is not None)
        case Lambda():
            return (expr.body,)
        case Yield():
            return () if expr.value is None else (expr.value,)
    return ()


def parts_of(expr: Expr) -> Iterator[Expr]:
    """An expression and everything in it."""
    stack = [expr]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(reversed(children(part)))


def handed_to(call: Call) -> Iterator[Expr]:
    """The things a call is handed, looking into displays; a module for its parameters."""
    todo = [*call.args, *(keyword.value for keyword in call.keywords)]
    while todo:
        expr = todo.pop()
        match expr:
            case Sequence():
                todo.extend(expr.items)
            case Mapping():
                todo.extend(value for _, value in expr.items)
            case Starred():
                todo.append(expr.value)
            case Call(func=Attr(value=module, name="parameters" | "named_parameters")):
                yield module
            case _:
                yield expr


def parts_in(statements: Iterable[Stmt]) -> Iterator[Expr]:
    """Every expression in some statements and in their blocks, with all that it is made of."""
    for statement in statements_of(statements):
        for expr in expressions_of(statement):
            yield from parts_of(expr)
