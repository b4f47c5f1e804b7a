"""Modules of the project that run on several devices at once, with `DataParallel` around them."""

from typing import NamedTuple

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.syntax import apis, modules
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, Sequence


class Parallel(NamedTuple):
    """The class of a module, and on how many devices it runs if that is written down."""

    own: ClassScope
    devices: int | None


def parallel_of(scope: Scope, module: Expr) -> Parallel | None:
    """What an expression stands for, if it is a `DataParallel` around a module of the project."""
    build = _built(scope, module)
    if build is None or scope.dotted(build.func) not in apis.SCATTERS:
        return None
    inner = build.argument(0, "module")
    made = None if inner is None else _built(scope, inner, before=build)
    place = None if made is None else place_of(made.func)
    own = None if place is None else scope.class_named(place)
    return None if own is None else Parallel(own, _devices(build))


def _built(scope: Scope, module: Expr, before: Call | None = None) -> Call | None:
    """The call that builds a module, for a name the last one (before another, if that is given)."""
    match module:
        case Call(func=Attr(value=receiver, name=name)) if name in modules.SAME_OBJECT:
            return _built(scope, receiver, before)
        case Call():
            return module
    place = place_of(module)
    found = scope.lookup(place) if place is not None else None
    bound = [] if found is None else found[1]
    values = [b.value for b in bound if b.via is Via.VALUE]
    if len(values) != len(bound):
        return None
    if before is not None:
        values = [value for value in values if value.span.end <= before.span.start]
    elif len(values) > 1 and place not in map(place_of, _arguments(values[-1])):
        return None
    last = values[-1] if values else None
    return _built(scope, last, last) if isinstance(last, Call) else None


def _arguments(value: Expr) -> tuple[Expr, ...]:
    return value.args if isinstance(value, Call) else ()


def _devices(build: Call) -> int | None:
    given = build.argument(1, "device_ids")
    if not isinstance(given, Sequence) or not all(isinstance(one, Const) for one in given.items):
        return None
    return len(given.items)
