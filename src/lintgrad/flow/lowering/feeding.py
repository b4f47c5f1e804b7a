"""Which places the losses of a function are computed from."""

from lintgrad.flow.calls.events_of import Calls
from lintgrad.flow.events import Backward, Differentiate, Event
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.lowering.changes import changes_in
from lintgrad.flow.lowering.relevance import assigned
from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Expr
from lintgrad.syntax.walk import parts_of


def feeding_places(scope: Scope, calls: Calls) -> frozenset[str]:
    """The places that a loss of the function is computed from, directly or by way of others."""
    sources: dict[str, set[str]] = {}
    for target, value in assigned(scope.node.body):
        for name in names_in(target):
            sources.setdefault(name, set()).update(_read(value) if value is not None else ())
    for place, call in changes_in(scope.node.body):
        sources.setdefault(place, set()).update(*map(_read, call.args))
    todo = [
        place for call in scope.calls for event in calls.events(call) for place in _watched(event)
    ]
    found: set[str] = set()
    while todo:
        place = todo.pop()
        if place not in found:
            found.add(place)
            todo.extend(sources.get(place, ()))
    return frozenset(found)


def _watched(event: Event) -> set[str]:
    """The places whose values matter to an event."""
    match event:
        case Backward(loss=loss) if loss is not None:
            return _read(loss)
        case Differentiate(outputs=outputs):
            return _read(outputs)
    return set()


def _read(expr: Expr) -> set[str]:
    return {place for part in parts_of(expr) if (place := place_of(part)) is not None}
