"""Optimizers that a function builds for the one step it takes, and that a loop calls it for."""

from lintgrad.flow.calls.rebuilding import forgets, resets
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, For, Name, While
from lintgrad.syntax.walk import handed_to, parts_in, parts_of, statements_of

_MAY_BE_DONE = frozenset({"zero_grad", "step", "param_groups"})


def repeating_call(scope: Scope, build: Call, place: str, owners: frozenset[str]) -> Span | None:
    """The call in a loop that makes a function build its optimizer again, on the same parameters.

    None if the function steps it more than once, gives it away, or if the loop may have a reason.
    """
    if scope.call is None or not owners or not forgets(scope, build) or _is_kept(scope, place):
        return None
    caller, call = scope.call
    loop = _around(caller, call.span)
    known = frozenset(name for owner in owners if (name := _passed(scope, owner)) is not None)
    if loop is None or len(known) < len(owners):
        return None
    targets = set(names_in(loop.target)) if isinstance(loop, For) else set()
    varied = {
        name
        for argument in handed_to(build)
        for part in parts_of(argument)
        if isinstance(part, Name) and (given := (scope.arguments or {}).get(part.id)) is not None
        for inner in parts_of(given.expr)
        if (name := place_of(inner)) in targets
    }
    if varied or any(root_of(name) in _remade(loop) for name in known):
        return None
    return None if resets(caller, known, call.span, call) else call.span


def _passed(scope: Scope, owner: str) -> str | None:
    """What the caller calls a module that it passes."""
    root = root_of(owner)
    given = (scope.arguments or {}).get(root)
    place = place_of(given.expr) if given is not None else None
    return None if place is None else place + owner[len(root) :]


def _around(scope: Scope, at: Span) -> For | While | None:
    """The innermost loop around a call."""
    loops = [s for s in statements_of(scope.node.body) if isinstance(s, For | While)]
    around = [loop for loop in loops if any(part.span == at for part in parts_in(loop.body))]
    return around[-1] if around else None


def _remade(loop: For | While) -> set[str]:
    """The names that a loop gives new values."""
    found = set(names_in(loop.target)) if isinstance(loop, For) else set()
    for statement in statements_of(loop.body):
        if isinstance(statement, For):
            found |= set(names_in(statement.target))
        for target in getattr(statement, "targets", ()):
            found |= set(names_in(target))
    return {root_of(name) for name in found}


def _is_kept(scope: Scope, place: str) -> bool:
    """Whether a function does more with an optimizer than to clear it and to step it once."""
    loops = [s for s in statements_of(scope.node.body) if isinstance(s, For | While)]
    looped = {part.span for loop in loops for part in parts_in(loop.body)}
    parts = list(parts_in(scope.node.body))
    steps = [part for part in parts if isinstance(part, Call) and _steps(part, place)]
    allowed = {p.value.span for p in parts if isinstance(p, Attr) and p.name in _MAY_BE_DONE}
    allowed |= {argument.span for call in steps for argument in handed_to(call)}
    used = {part.span for part in parts if place_of(part) == place}
    once = len(steps) == 1 and steps[0].span not in looped
    return not once or not place.isidentifier() or not used <= allowed


def _steps(call: Call, place: str) -> bool:
    """Whether a call steps an optimizer, by itself or by way of a scaler."""
    if not isinstance(call.func, Attr) or call.func.name != "step":
        return False
    return place in {place_of(call.func.value), *map(place_of, call.args)}
