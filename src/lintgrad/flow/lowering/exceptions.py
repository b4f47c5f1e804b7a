"""Which statements may raise, as far as a `try` around a training step is concerned."""

from lintgrad.syntax.nodes import Attr, Call, Expr, Raise, Stmt
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

# Clearing and stepping do not fail once the forward and backward pass went through; taking them
# to would invent paths on which a step was made and its clear was not.
_QUIET = frozenset({"step", "zero_grad", "update", "item", "append", "print"})


def may_raise(statement: Stmt) -> bool:
    """Whether a statement raises, or calls something other than clearing and stepping."""
    return any(
        isinstance(inner, Raise) or any(map(_has_risky_call, expressions_of(inner)))
        for inner in statements_of((statement,))
    )


def _has_risky_call(expr: Expr) -> bool:
    return any(
        isinstance(part, Call) and not (isinstance(part.func, Attr) and part.func.name in _QUIET)
        for part in parts_of(expr)
    )
