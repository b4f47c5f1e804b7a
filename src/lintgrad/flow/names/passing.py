"""Whether what a place holds may live on under another name."""

from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, AugAssign, Call, Expr, ExprStmt, With
from lintgrad.syntax.walk import children, expressions_of, parts_in, parts_of, statements_of

_READ = ("print", "len", "id", "type", "isinstance", "sum")
_READ_BY = ("copy.deepcopy", "torch.save", "torch.nn.utils.", "torch.optim.lr_scheduler.")
"""Functions that keep nothing of what they are handed, or nothing that matters here."""

_PASS_ON = (Assign, AugAssign, ExprStmt, With)
"""Statements that may give what a place holds to something that lives on."""


class Passing:
    """Looks at what one function does with the values of its places."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def is_passed_on(self, place: str, before: Span | None = None) -> bool:
        """Whether a place's value is given to anything else, in the statements before a span."""
        return any(
            self._keeps(expr, place)
            for statement in statements_of(self._scope.node.body)
            if isinstance(statement, _PASS_ON)
            and (before is None or statement.span.start < before.start)
            for expr in expressions_of(statement)
        ) or any(
            _mentions(function, place) and self._may_run(function, before)
            for function in self._scope.functions.values()
        )

    def _may_run(self, function: Scope, before: Span | None) -> bool:
        """Whether an inner function may run before a span: it is named there."""
        return before is None or any(
            place_of(part) == function.name_alone and part.span.start < before.start
            for part in parts_in(self._scope.node.body)
        )

    def _keeps(self, expr: Expr, place: str) -> bool:
        """Whether an expression passes on what a place holds, rather than to call or ask it."""
        if place_of(expr) == place:
            return True
        match expr:
            case Attr():
                return False
            case Call(func=func, args=args, keywords=keywords):
                name = self._scope.dotted(func) or ""
                if place_of(func) in _READ or name.startswith(_READ_BY):
                    return False
                inner = func.value if isinstance(func, Attr) else func
                parts = [*args, *(k.value for k in keywords)]
                parts += [inner] if isinstance(inner, Call) else []
                return any(self._keeps(part, place) for part in parts)
        return any(self._keeps(part, place) for part in children(expr))


def _mentions(function: Scope, place: str) -> bool:
    return not function.binds(root_of(place)) and any(
        place_of(part) == place
        for statement in statements_of(function.node.body)
        for expr in expressions_of(statement)
        for part in parts_of(expr)
    )
