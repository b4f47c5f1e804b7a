"""Which guards of a function can be decided by counting, and what for: its accumulation windows.

A guard such as `(i + 1) % n == 0` is decided by running the loop over a few concrete iterations.
Where `n` is not written down it stands for 3, and loops run a number of times that is no multiple
of it (7), so that windows, phase errors and partial windows are all seen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lintgrad.flow.graph import Counter, Guards
from lintgrad.flow.loops.computed import computed_from, made_of, places_in
from lintgrad.flow.loops.counting import WINDOW, counted_length
from lintgrad.flow.loops.headers import counters_of, names_in
from lintgrad.flow.lowering.relevance import Relevance, assigned
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import bound_once, from_caller, once, passed_for
from lintgrad.flow.names.callers import Callers
from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.flow.places.frames import constant_of
from lintgrad.syntax import nodes
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Binary,
    BoolOp,
    Compare,
    Const,
    Expr,
    IfExp,
    Name,
    Stmt,
    Unary,
)
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of


@dataclass(slots=True)
class _Found:
    tests: list[Expr] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)
    windows: set[str] = field(default_factory=set)
    lasts: set[str] = field(default_factory=set)
    moduli: set[int] = field(default_factory=set)
    limits: set[int] = field(default_factory=set)
    values: dict[str, list[Expr]] = field(default_factory=dict)


def guards_of(
    scope: Scope, callers: Callers, relevance: Relevance, around: tuple[Counter, ...]
) -> Guards:
    """The guards of a function's gradient events, ready to be decided; also by its own rounds."""
    body = scope.node.body
    values = _values(body)
    tests = _with_flags(list(_tests(body, relevance)), values)
    by_hand = {name for name, all_values in values.items() if _counts(name, all_values)}
    by_hand |= _counted_by_object(scope) | _parameters(scope) | _free_counters(scope, tests)
    counters = by_hand | {c.place for c in (*_counters(body), *around)}
    found = _Found(tests, values=values)
    for test in _atoms(list(_tests(body, relevance))):
        if isinstance(test, Binary):  # `if i % n:` and `if i + 1 % n:`
            _count(test, counters, found)
    reset = {name for name in by_hand if sum(map(_is_constant, values.get(name, ()))) > 1}
    found.windows.update(place for test in tests for place in _waited_for(test, reset))
    flags = {name for name, all_values in values.items() if all(map(_is_constant, all_values))}
    for test in tests:
        _read(test, counters, found)
        found.counted |= places_in(test) & flags
        found.counted |= {p for p in places_in(test) if constant_of(scope, p) is not None}
        if (place := place_of(_asked(test))) in counters and place is not None:
            found.counted.add(place)
    return _settled(scope, callers, found, counters)


def _settled(scope: Scope, callers: Callers, found: _Found, counters: set[str]) -> Guards:
    """What was found in the tests, with numbers for what is not written down."""
    numbers = {name: _number(scope, callers, name) for name in found.windows | found.lasts}
    unknown = {name for name, number in numbers.items() if number is None}
    found.moduli |= {n for name, n in numbers.items() if n is not None and name in found.windows}
    length = counted_length(found.moduli, found.limits)
    lasts = found.lasts - found.windows
    stand_ins = dict.fromkeys(found.windows & unknown, WINDOW)
    stand_ins |= dict.fromkeys((lasts & unknown) - counters - found.values.keys(), length)
    stand_ins |= {name: n for name, n in numbers.items() if n is not None}
    counted = found.counted | (found.windows & found.values.keys())
    relevant = computed_from(counted, found.values)
    return Guards(
        frozenset(relevant),
        stand_ins,
        frozenset(lasts & unknown & stand_ins.keys()),
        frozenset(found.moduli),
        frozenset(found.limits),
        length,
        starts=_starts(scope, relevant),
    )


def _values(body: tuple[Stmt, ...]) -> dict[str, list[Expr]]:
    """What plain assignments give to places."""
    values: dict[str, list[Expr]] = {}
    for target, value in assigned(body):
        for name in names_in(target):
            if value is not None and place_of(target) == name:
                values.setdefault(name, []).append(value)
    return values


def _starts(scope: Scope, places: set[str]) -> dict[str, Expr]:
    """The constants that an object's counters are made with."""
    init = scope.owner.method("__init__") if scope.owner is not None else None
    found: dict[str, Expr] = {}
    for place in places if init is not None else ():
        bindings = init.bindings.get(place, []) if init is not None else []
        if len(bindings) == 1 and isinstance(bindings[0].value, Const):
            found[place] = bindings[0].value
    return found


def _parameters(scope: Scope) -> set[str]:
    """The parameters of a frame that are not known to be constants: counters, perhaps."""
    return {
        name
        for name, passed in (scope.arguments or {}).items()
        if not isinstance(passed.expr, Const) and name != "self"
    }


def _free_counters(scope: Scope, tests: list[Expr]) -> set[str]:
    """The names of a scope around that tests read and that change there."""
    found = set()
    for name in {part.id for test in tests for part in parts_of(test) if isinstance(part, Name)}:
        around = scope.lookup(name) if name not in scope.bindings else None
        if around is not None and any(b.via in (Via.ELEMENT, Via.CHANGED) for b in around[1]):
            found.add(name)
    return found


def _counted_by_object(scope: Scope) -> set[str]:
    """The attributes that some method of the class counts by hand."""
    if scope.owner is None:
        return set()
    return {
        place
        for one in scope.owner.lineage()
        for method in one.methods.values()
        for place, bindings in method.bindings.items()
        if place.startswith("self.")
        and any(b.via is Via.CHANGED and isinstance(b.value, Const) for b in bindings)
    }


def _is_constant(value: Expr) -> bool:
    return isinstance(value, Const) and isinstance(value.value, int | None)


def _asked(test: Expr) -> Expr:
    return _asked(test.value) if isinstance(test, Unary) and test.op == "not" else test


def _atoms(tests: Iterable[Expr]) -> Iterator[Expr]:
    """What tests ask, `and`, `or` and `not` taken apart."""
    for test in map(_asked, tests):
        if isinstance(test, BoolOp):
            yield from _atoms(test.parts)
        else:
            yield test


def _tests(body: tuple[Stmt, ...], relevance: Relevance) -> Iterator[Expr]:
    for statement in statements_of(body):
        if (
            isinstance(statement, nodes.If)
            and relevance.guarded((*statement.body, *statement.orelse))
        ) or isinstance(statement, nodes.While):
            yield statement.test
        chooses = isinstance(statement, nodes.With | nodes.Assign)
        for expr in expressions_of(statement) if chooses else ():
            for part in parts_of(expr):
                if isinstance(part, IfExp) and relevance.holds_event(part):
                    yield part.test


def _with_flags(tests: list[Expr], values: dict[str, list[Expr]]) -> list[Expr]:
    """The tests, and what the flags that they name were computed from."""
    seen: set[str] = set()
    found = list(tests)
    for test in found:  # grows while it is read
        for part in parts_of(test):
            place = place_of(part)
            if place is not None and place not in seen:
                seen.add(place)
                found.extend(values.get(place, ()))
    return found


def _counters(body: tuple[Stmt, ...]) -> Iterator[Counter]:
    for statement in statements_of(body):
        if isinstance(statement, nodes.For):
            yield from counters_of(statement.target, statement.iter)


def _counts(name: str, values: list[Expr]) -> bool:
    """Whether a place is counted by hand: `n += 1`, and otherwise only set to numbers."""
    steps = [v for v in values if isinstance(v, Binary) and place_of(v.left) == name]
    starts = [v for v in values if v not in steps]
    return (
        bool(steps)
        and all(isinstance(v.right, Const) and v.op in "+-" for v in steps)
        and all(isinstance(v, Const) and isinstance(v.value, int) for v in starts)
    )


def _read(test: Expr, counters: set[str], found: _Found) -> None:
    """Note what the arithmetic in a test counts, and against what."""
    for part in parts_of(test):
        match part:
            case Binary(op="%", left=left, right=right):
                _count(left, counters, found)
                _modulus(right, found)
            case Compare(op=op, left=left, right=right) if counters & places_in(part):
                if _limit(op, left, right, counters, found):
                    _count(left, counters, found)
                    _count(right, counters, found)


def _waited_for(test: Expr, reset: set[str]) -> Iterator[str]:
    """What a counter that begins again and again is compared with: the length of a window."""
    for part in parts_of(test):
        if isinstance(part, Compare) and part.op not in ("is", "is not", "in", "not in"):
            for side, other in ((part.left, part.right), (part.right, part.left)):
                place = place_of(other)
                if place is not None and place_of(side) in reset and place not in reset:
                    yield place


def _modulus(expr: Expr, found: _Found) -> None:
    match expr:
        case Const(value=int() as n):
            found.moduli.add(n)
        case _ if (place := place_of(expr)) is not None:
            found.windows.add(place)


def _limit(op: str, left: Expr, right: Expr, counters: set[str], found: _Found) -> bool:
    """Note what a comparison holds a counter against; whether counting can decide it.

    `global_step >= args.max_steps` it cannot: how many steps that is, nothing says.
    """
    decidable = False
    for side, other in ((left, right), (right, left)):
        if not counters & places_in(side):
            continue
        match other:
            case Const():
                found.limits |= {other.value} if isinstance(other.value, int) else set()
                decidable = True
            case _:
                place = place_of(other.left) if isinstance(other, Binary) else place_of(other)
                before_last = isinstance(other, Binary) and other.op == "-" and op in ("<", ">=")
                if place is not None and (op in ("==", "!=") or before_last):
                    found.lasts.add(place)
                    decidable = True
                decidable |= place in found.windows or bool(counters & places_in(other))
    return decidable


def _count(expr: Expr, counters: set[str], found: _Found) -> None:
    found.counted |= made_of(expr, found.values) & counters


def _number(scope: Scope, callers: Callers, place: str) -> int | None:
    """The number a place is bound to, where it is bound once, or that all calls pass for it."""
    passed = passed_for(scope, place)
    if passed is not None:
        return _written(from_caller(*passed))
    if scope.arguments is None and scope.parameter(place) and not scope.bindings.get(place):
        numbers = {_written(one) for one in callers.passed(scope, place)}
        return numbers.pop() if len(numbers) == 1 else None
    return _int(once(scope.lookup(place)))


def _written(passed: Argument) -> int | None:
    """The number that is passed, itself or by the name of a place that is bound to it once."""
    return _int(bound_once(*passed) or passed)


def _int(bound: Argument | None) -> int | None:
    value = bound.expr.value if bound is not None and isinstance(bound.expr, Const) else None
    return value if isinstance(value, int) else None
