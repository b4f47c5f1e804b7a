"""What calls make: the places it is bound to, or names for what is bound to none."""

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, For, While
from lintgrad.syntax.walk import statements_of


def place_of_made(passed: Argument) -> str | None:
    """The place of what is made in a call's arguments; None if it is another thing each time."""
    if not isinstance(passed.expr, Call):
        return None
    bound = _bound(passed)
    if bound is None and is_repeated(passed.scope, passed.expr):
        return None
    return bound or unnamed_place(passed.expr)


def is_repeated(scope: Scope, call: Call) -> bool:
    """Whether a call stands in a loop of its scope."""
    return any(
        call.span.start >= loop.span.start
        and call.span.end <= max((s.span.end for s in statements_of(loop.body)), default=0)
        for loop in statements_of(scope.node.body)
        if isinstance(loop, For | While)
    )


def unnamed_place(call: Call) -> str:
    """A name for what a call makes that is bound to none."""
    name = (place_of(call.func) or "object").rsplit(".", 1)[-1]
    return f"{name}()@{call.span.start}"


def _bound(made: Argument) -> str | None:
    """The place that what a call makes is bound to where it is made."""
    for place, bindings in made.scope.bindings.items():
        if any(b.value is made.expr and b.via in (Via.VALUE, Via.ENTERED) for b in bindings):
            return place
    return None


def made_at(scope: Scope, place: str) -> Call | None:
    """The call of a scope that makes what goes by such a name."""
    return next((call for call in scope.calls if unnamed_place(call) == place), None)
