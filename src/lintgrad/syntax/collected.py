"""`a, b = args`: what a function takes out of its collected arguments, one by one."""

from dataclasses import replace

from lintgrad.syntax.nodes import (
    Assign,
    Const,
    Item,
    Name,
    Parameter,
    Sequence,
    Starred,
    Stmt,
)
from lintgrad.syntax.walk import parts_of, statements_of


def taken_apart(parameters: tuple[Parameter, ...], body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """The body of a function, with `a, b = args` read as `a, b = args[0], args[1]`.

    Only what a function collects in a parameter is a tuple for certain, and only as long as the
    name is not given anything else.
    """
    collected = {p.name for p in parameters if p.kind == "*"} - set(_assigned(body))
    if not collected:
        return body
    return tuple(_apart(s, collected) if isinstance(s, Assign) else s for s in body)


def _assigned(body: tuple[Stmt, ...]) -> list[str]:
    return [
        part.id
        for statement in statements_of(body)
        if isinstance(statement, Assign)
        for target in statement.targets
        for part in parts_of(target)
        if isinstance(part, Name)
    ]


def _apart(statement: Assign, collected: set[str]) -> Assign:
    match statement:
        case Assign(targets=(Sequence(items=items),), value=Name(id=name) as value) if (
            name in collected and not any(isinstance(item, Starred) for item in items)
        ):
            span = value.span
            taken = (Item(span, Name(span, name), Const(span, n)) for n in range(len(items)))
            return replace(statement, value=Sequence(span, "tuple", tuple(taken)))
    return statement
