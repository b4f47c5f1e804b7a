"""Which code of a function runs without gradients, as far as the function itself shows it."""

from collections.abc import Iterator

from lintgrad.flow.names.scopes import Scope
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Expr, Function, With
from lintgrad.syntax.walk import statements_of

_OFF = frozenset({"no_grad", "inference_mode", "set_grad_enabled", "_no_grad"})


class GradModes:
    """Answers where gradients may be off in one function."""

    def __init__(self, scope: Scope) -> None:
        self._off = tuple(_spans(scope))
        self._anywhere = _switched(scope)

    def may_be_off(self, span: Span) -> bool:
        """Whether code at a span may run without gradients."""
        return self._anywhere or any(o.start <= span.start < o.end for o in self._off)


def _spans(scope: Scope) -> Iterator[Span]:
    for statement in statements_of(scope.node.body):
        if isinstance(statement, With) and any(_turns_off(scope, i.value) for i in statement.items):
            inner = [s.span.end for s in statements_of(statement.body)]
            yield Span(statement.span.start, max(inner, default=statement.span.end))


def _turns_off(scope: Scope, expr: Expr) -> bool:
    """Whether a context manager or a decorator may turn gradients off, going by its last name."""
    func = expr.func if isinstance(expr, Call) else expr
    return (scope.dotted(func) or place_of(func) or "").rpartition(".")[2] in _OFF


def _switched(scope: Scope) -> bool:
    """Whether the whole function may run without gradients: by a decorator, or a switch."""
    around: Scope | None = scope
    while around is not None:
        node = around.node
        if isinstance(node, Function) and any(_turns_off(around, d) for d in node.decorators):
            return True
        around = around.parent
    return any(
        (scope.dotted(call.func) or place_of(call.func) or "").endswith("set_grad_enabled")
        for call in (*scope.calls, *scope.root.calls)
    )
