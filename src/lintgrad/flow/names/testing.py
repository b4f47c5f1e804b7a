"""Functions that are tests: what they do to gradients, they do to see what comes of it."""

from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assert, Call
from lintgrad.syntax.walk import statements_of

_EXPECTS = ("assert", "raises", "warns")


def is_test(scope: Scope) -> bool:
    """Whether a function is named as pytest and unittest want it, and asserts something."""
    return scope.name_alone.startswith("test_") and (
        any(isinstance(one, Assert) for one in statements_of(scope.node.body))
        or any(map(_expects, scope.calls))
    )


def _expects(call: Call) -> bool:
    last = (place_of(call.func) or "").rsplit(".", 1)[-1]
    return last.startswith(_EXPECTS)
