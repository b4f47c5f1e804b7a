"""Where an expression stands: in which statement, and in what other expressions."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax.nodes import Expr, Stmt
from lintgrad.syntax.walk import children, expressions_of, statements_of


class Occurrence(NamedTuple):
    """An expression in a statement, and those it stands in, the outermost first."""

    expr: Expr
    statement: Stmt
    within: tuple[Expr, ...]

    @property
    def around(self) -> Expr | None:
        """The expression it stands in, None if it stands in the statement itself."""
        return self.within[-1] if self.within else None

    def outward(self) -> "Occurrence":
        """The expression that it stands in."""
        return Occurrence(self.within[-1], self.statement, self.within[:-1])


def occurrences_of(scope: Scope, wanted: Callable[[Expr], bool]) -> Iterator[Occurrence]:
    """The expressions of a scope's own statements that are wanted."""
    for statement in statements_of(scope.node.body):
        for expr in expressions_of(statement):
            stack: list[tuple[Expr, tuple[Expr, ...]]] = [(expr, ())]
            while stack:
                part, within = stack.pop()
                if wanted(part):
                    yield Occurrence(part, statement, within)
                stack += ((child, (*within, part)) for child in children(part))
