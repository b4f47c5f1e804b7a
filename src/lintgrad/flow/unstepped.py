"""Optimizers that a function builds, keeps to itself, and never steps."""

from collections.abc import Iterable, Iterator

from lintgrad.flow.functions import Lowered
from lintgrad.flow.scopes import Scope
from lintgrad.flow.touching import handles_gradients
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Expr, Name
from lintgrad.syntax.walk import expressions_of, handed_to, parts_of, statements_of

_KEEPS = frozenset({"zero_grad", "param_groups", "state_dict", "load_state_dict"})
"""What may be asked of an optimizer without applying gradients."""


def never_stepped(lowered: Lowered, scopes: Iterable[Scope]) -> frozenset[str]:
    """The optimizers of a function that nothing in its file steps, or is given to step them.

    A file that reads gradients itself may apply them by hand.
    """
    made = [
        place
        for place in lowered.graph.optimizers
        if place.isidentifier() and lowered.places.is_made_here(place)
    ]
    if not made:
        return frozenset()
    all_scopes = list(scopes)
    if any(map(_applies_by_hand, all_scopes)):
        return frozenset()
    used = {name for scope in all_scopes for name in _used_otherwise(scope)}
    return frozenset(made) - used


def _applies_by_hand(scope: Scope) -> bool:
    """Whether a function does more with gradients than to clear them."""
    reads = (
        isinstance(part, Attr) and part.name == "grad"
        for statement in statements_of(scope.node.body)
        for expr in expressions_of(statement)
        for part in parts_of(expr)
    )
    return handles_gradients(scope) and any(reads)


def _used_otherwise(scope: Scope) -> Iterator[str]:
    """The names that a function does more with than to clear, to read, or to schedule."""
    for statement in statements_of(scope.node.body):
        for expr in expressions_of(statement):
            kept = {part.span for part in _kept(scope, expr)}
            for part in parts_of(expr):
                if isinstance(part, Name) and part.span not in kept:
                    yield part.id


def _kept(scope: Scope, expr: Expr) -> Iterator[Expr]:
    for part in parts_of(expr):
        if isinstance(part, Attr) and part.name in _KEEPS:
            yield part.value
        elif isinstance(part, Call):
            name = scope.dotted(part.func) or place_of(part.func) or ""
            if name == "print" or name.startswith(apis.SCHEDULER_MODULES):
                yield from handed_to(part)
