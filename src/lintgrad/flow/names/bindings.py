"""What statements bind to places: the value, and by which way it gets there."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import takewhile

from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    AugAssign,
    Call,
    Const,
    Expr,
    ExprStmt,
    For,
    Mapping,
    Sequence,
    Starred,
    Stmt,
    With,
)
from lintgrad.syntax.walk import statements_of


class Via(Enum):
    """How a place got its value from the expression bound to it."""

    VALUE = auto()
    ELEMENT = auto()
    """The place is an element of the expression: a loop variable."""
    PART = auto()
    """The place is one of several that an unpacked expression fills."""
    APPENDED = auto()
    """The expression was appended to the place."""
    ENTERED = auto()
    """The expression is a context manager, and the place what entering it gives."""
    CHANGED = auto()
    """`place += expression` and the like."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One assignment to a place; the index says which part an unpacked value gives it."""

    value: Expr
    via: Via = Via.VALUE
    index: int = 0
    parts: int = 1
    annotation: Expr | None = None
    within: Span | None = None
    """Where a loop's variable stands for its elements: the loop, or the comprehension."""


def bind_statement(statement: Stmt, into: dict[str, list[Binding]]) -> None:
    """Record what a statement binds, the blocks inside it left out."""
    match statement:
        case Assign():
            for target in statement.targets:
                bind(target, statement.value, Via.VALUE, into, statement.annotation)
        case AugAssign():
            if (place := place_of(statement.target)) is not None:
                into.setdefault(place, []).append(Binding(statement.value, Via.CHANGED))
        case For():
            end = max((s.span.end for s in statements_of(statement.body)), default=0)
            within = Span(statement.span.start, max(end, statement.span.end))
            bind(statement.target, statement.iter, Via.ELEMENT, into, within=within)
        case With():
            for item in statement.items:
                if item.target is not None:
                    bind(item.target, item.value, Via.ENTERED, into)
        case ExprStmt(value=Call() as call):
            _bind_append(call, into)


def _bind_append(call: Call, into: dict[str, list[Binding]]) -> None:
    place = place_of(call.func)
    if place is not None and place.endswith(".append") and len(call.args) == 1:
        collection = place.removesuffix(".append")
        into.setdefault(collection, []).append(Binding(call.args[0], Via.APPENDED))


def bind(  # noqa: PLR0913  # the parts of a binding
    target: Expr,
    value: Expr,
    via: Via,
    into: dict[str, list[Binding]],
    annotation: Expr | None = None,
    within: Span | None = None,
) -> None:
    """Record what an assignment of a value to a target binds, element by element where it shows."""
    if isinstance(target, Starred):
        target = target.value
    if isinstance(target, Sequence):
        if via is Via.VALUE and isinstance(value, Sequence) and _same_length(target, value):
            for part, item in zip(target.items, value.items, strict=True):
                bind(part, item, via, into)
            return
        for index, part in enumerate(target.items):
            place = place_of(part)
            kind = Via.PART if via is Via.VALUE else via
            if place is not None:
                binding = Binding(value, kind, index, len(target.items), within=within)
                into.setdefault(place, []).append(binding)
            elif isinstance(part, Sequence):
                bind(part, value, kind, into, within=within)
        return
    place = place_of(target)
    if place is None:
        return
    into.setdefault(place, []).append(Binding(value, via, annotation=annotation, within=within))
    if via is Via.VALUE:
        _bind_literal_elements(place, value, into)


def _same_length(target: Sequence, value: Sequence) -> bool:
    starred = any(isinstance(item, Starred) for item in (*target.items, *value.items))
    return len(target.items) == len(value.items) and not starred


def _bind_literal_elements(place: str, value: Expr, into: dict[str, list[Binding]]) -> None:
    for part, item in displayed(place, value):
        into.setdefault(part, []).append(Binding(item))
        _bind_literal_elements(part, item, into)


def displayed(place: str, value: Expr) -> Iterator[tuple[str, Expr]]:
    """The parts that a place has if it is given a display, a dict or a namespace, written down."""
    match value:
        case Sequence(items=items):
            counted = takewhile(lambda item: not isinstance(item, Starred), items)
            yield from ((f"{place}[{index}]", item) for index, item in enumerate(counted))
        case Mapping(items=pairs):
            for key, item in pairs:
                if isinstance(key, Const):
                    yield f"{place}[{key.value!r}]", item
        case Call() if makes_dict(value) or _makes_namespace(value):
            for keyword in value.keywords:
                part = f"[{keyword.name!r}]" if makes_dict(value) else f".{keyword.name}"
                yield f"{place}{part}", keyword.value


def makes_dict(call: Call) -> bool:
    """Whether a call makes a dict whose items are its keywords, and nothing else."""
    return _last_name(call) in _DICTS and _is_written_down(call)


def _makes_namespace(call: Call) -> bool:
    return _last_name(call) in _NAMESPACES and _is_written_down(call)


def _is_written_down(call: Call) -> bool:
    return not call.args and all(keyword.name is not None for keyword in call.keywords)


def _last_name(call: Call) -> str:
    return (place_of(call.func) or "").rsplit(".", 1)[-1]


_DICTS = frozenset({"dict", "OrderedDict", "OptimWrapperDict"})
"""Names of classes whose objects have their keywords for items (mmengine 0.10 for the last)."""

_NAMESPACES = frozenset({"SimpleNamespace", "Namespace"})
"""Names of classes whose objects have their keywords for attributes (types, argparse)."""


def at(bindings: list[Binding], span: Span) -> list[Binding]:
    """Those of a place's bindings that it may have where a span stands.

    Inside of a loop its variable stands for the elements of that loop and of no other.
    """
    around = [
        b
        for b in bindings
        if b.within is not None and b.within.start <= span.start and span.end <= b.within.end
    ]
    if around:
        return [min(around, key=lambda b: b.within.end - b.within.start if b.within else 0)]
    elsewhere = [b for b in bindings if b.within is None]
    return elsewhere or bindings
