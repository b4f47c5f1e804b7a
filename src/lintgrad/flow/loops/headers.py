"""Loops: their counters, their length, and whether they run over optimizers or parameters."""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Mapping_

from lintgrad.flow.graph import Counter
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bound_once import bound_once, followed
from lintgrad.flow.names.elements import element_source
from lintgrad.flow.names.scopes import Argument, Scope, root_of
from lintgrad.flow.places.gradients_by_hand import grad_holder, updated, updated_in_place
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    AugAssign,
    Binary,
    Call,
    Const,
    Delete,
    Expr,
    For,
    Mapping,
    Name,
    Sequence,
    Starred,
    Unary,
)
from lintgrad.syntax.walk import expressions_of, handed_to, parts_of, statements_of

Arguments = Mapping_[str, Argument]

_PASSES_LENGTH = frozenset({"tqdm", "trange", "list", "tuple", "reversed", "iter", "enumerate"})
_IN_ORDER = _PASSES_LENGTH - {"reversed"} | {"cycle", "islice"}
"""What goes through the things that it is given from the first on, if not to the last."""


def names_in(target: Expr) -> tuple[str, ...]:
    """The places that a target writes."""
    match target:
        case Sequence():
            return tuple(name for item in target.items for name in names_in(item))
        case Starred():
            return names_in(target.value)
    place = place_of(target)
    return () if place is None else (place,)


def counters_of(target: Expr, iterated: Expr) -> tuple[Counter, ...]:
    """The parts of a loop's target that count its iterations."""
    if not isinstance(iterated, Call):
        return ()
    name = _called(iterated)
    parts = target.items if isinstance(target, Sequence) else ()
    if name == "enumerate" and len(parts) == 2:
        start = iterated.argument(1, "start")
        inner = counters_of(parts[1], iterated.args[0]) if iterated.args else ()
        return (*_counter(parts[0], start, 1), *inner)
    if name in ("range", "trange"):
        return _range_counter(target, iterated)
    if name == "zip" and len(parts) == len(iterated.args):
        pairs = zip(parts, iterated.args, strict=True)
        return tuple(counter for part, arg in pairs for counter in counters_of(part, arg))
    if name == "count":
        return _counter(target, iterated.argument(0, "start"), 1)
    in_order = name in _IN_ORDER or guesses.names_progress(name or "")
    return counters_of(target, iterated.args[0]) if iterated.args and in_order else ()


def _range_counter(target: Expr, iterated: Call) -> tuple[Counter, ...]:
    args = iterated.args
    start = args[0] if len(args) >= 2 else None
    if len(args) < 3:
        return _counter(target, start, 1)
    match args[2]:
        case Const(value=int() as step):
            return _counter(target, start, step)
        case Unary(op="-", value=Const(value=int() as step)):
            return _counter(target, start, -step)
    return ()


def _counter(target: Expr, start: Expr | None, step: int) -> tuple[Counter, ...]:
    place = place_of(target)
    return () if place is None else (Counter(place, start, step),)


def _called(call: Call) -> str | None:
    match call.func:
        case Name(id=name) | Attr(name=name):
            return name
    return None


def length_of(iterated: Expr) -> Expr | None:
    """How often a loop runs, where `range(n)` or a display says it; None if nothing does."""
    match iterated:
        case Call(args=(only,)) if _called(iterated) in ("range", "trange"):
            return only
        case Call(args=(start, stop)) if _called(iterated) == "range":
            return Binary(iterated.span, "-", stop, start)
        case Call(args=(inner, *_)) if _called(iterated) in _PASSES_LENGTH:
            return length_of(inner)
        case Sequence(items=items) if not any(isinstance(item, Starred) for item in items):
            return Const(iterated.span, len(items))
    return None


def elements_of(
    loop: For, scope: Scope, places: Places, follows: Callable[[Call], bool]
) -> list[dict[str, str | None]] | None:
    """What each round of a loop over optimizers, modules or parameters renames, else None.

    Such a loop does one thing to each element, so it is no repetition for any of them.
    """
    names = names_in(loop.target)
    treated = set(names) & set(_treated(loop, places, follows))
    if not treated:
        return None
    sources = _sources(loop, names)
    displays = {name: _display(source, scope) for name, source in sources.items()}
    lengths = {len(d) for d in displays.values() if d is not None}
    if len(lengths) == 1 and all(displays.get(n) is not None for n in treated):
        return [
            {name: place_of(d[i]) for name, d in displays.items() if d is not None}
            for i in range(lengths.pop())
        ]
    each = {
        name: f"{places.canonical(place_of(source) or f'<{name}>')}[each]"
        for name, source in sources.items()
    }
    return [dict(each)]


def _sources(loop: For, names: tuple[str, ...]) -> dict[str, Expr]:
    found = {}
    for index, name in enumerate(names):
        source = element_source(loop.iter, index, len(names))
        if source is not None:
            found[name] = source
    return found


def _display(source: Expr, scope: Scope) -> tuple[Expr, ...] | None:
    """The elements of a list, tuple or dict that is written down."""
    match source:
        case Sequence():
            plain = not any(isinstance(item, Starred) for item in source.items)
            return source.items if plain and all(map(place_of, source.items)) else None
        case Mapping():
            return tuple(value for _, value in source.items)
    place = place_of(source)
    if place is not None and scope.arguments is not None:
        passed = _passed_display(source.span, place, scope.arguments)
        if passed is not None:
            return passed
    bound = bound_once(scope, source)
    if bound is None:
        return None
    value = bound.expr
    known = sum(name.startswith(f"{place}[") for name in bound.scope.bindings)
    if isinstance(value, Mapping | Sequence) and known != len(value.items):
        return None  # it is empty, or something is put into it later
    if isinstance(value, Mapping) and place is not None:
        keys = [key.value if isinstance(key, Const) else None for key, _ in value.items]
        span = value.span
        return tuple(Name(span, f"{place}[{key!r}]") for key in keys) if None not in keys else None
    if not isinstance(value, Sequence):
        return None
    if place is not None and value.items and all(isinstance(i, Call) for i in value.items):
        return tuple(Name(value.span, f"{place}[{index}]") for index in range(len(value.items)))
    return _display(value, bound.scope)


def _passed_display(span: Span, place: str, arguments: Arguments) -> tuple[Expr, ...] | None:
    """The elements of a parameter that is passed a display, or that collects arguments."""
    collected = [name for name in arguments if name.startswith(f"{place}[")]
    if collected:
        return tuple(Name(span, name) for name in collected)
    passed = arguments.get(place)
    if passed is None:
        return None
    elements = _display(passed.expr, passed.scope)
    if elements is None:
        return None
    keys: list[object] = list(range(len(elements)))
    shown = followed(*passed).expr
    if isinstance(shown, Mapping):
        keys = [key.value if isinstance(key, Const) else None for key, _ in shown.items]
    return None if None in keys else tuple(Name(span, f"{place}[{key!r}]") for key in keys)


def _treated(loop: For, places: Places, follows: Callable[[Call], bool]) -> Iterator[str]:
    """The names that the body clears, steps, or whose gradient it writes."""
    for statement in statements_of(loop.body):
        if isinstance(statement, For) and set(names_in(statement.target)) & set(
            _treated(statement, places, follows)
        ):
            for part in parts_of(statement.iter):
                yield from _root(part)
        if isinstance(statement, Assign | Delete):
            for target in statement.targets:
                yield from _root(grad_holder(target))
                if isinstance(statement, Assign) and isinstance(target, Attr):
                    yield from _root(updated(target, statement.value))
        if isinstance(statement, AugAssign):
            yield from _root(updated(statement.target, statement.value))
        for expr in expressions_of(statement):
            for part in parts_of(expr):
                if isinstance(part, Call):
                    yield from _root(updated_in_place(part))
                    yield from _treated_by(part, places, follows)


def _treated_by(call: Call, places: Places, follows: Callable[[Call], bool]) -> Iterator[str]:
    """The names that a call clears, steps, writes the gradient of, or hands to what does so."""
    if follows(call):
        for name in (n for argument in handed_to(call) for n in _root(argument)):
            yield from (name,) if places.role(name) is Role.OPTIMIZER else ()
    if not isinstance(call.func, Attr):
        return
    if call.func.name in ("zero_grad", "step", "unscale_"):
        yield from _root(call.func.value)
        scaler = guesses.named_like_scaler(place_of(call.func.value) or "")
        for name in (n for argument in call.args[:1] for n in _root(argument)):
            yield from (name,) if scaler or places.is_optimizer(name) else ()
    elif call.func.name in ("zero_", "fill_", "copy_"):
        yield from _root(grad_holder(call.func.value))


def _root(expr: Expr | None) -> Iterator[str]:
    place = place_of(expr) if expr is not None else None
    if place is not None:
        yield root_of(place)
