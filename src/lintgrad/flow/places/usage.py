"""What a file does with its places, wherever that is."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from lintgrad.flow.names import guesses
from lintgrad.flow.names.methods import trains
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.gradients_by_hand import clears
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, Call, Const, Expr, ExprStmt, Lambda, Name
from lintgrad.syntax.walk import children, expressions_of, handed_to, parts_of, statements_of

ANYWHERE = "*"
"""What is handed out when it cannot be told what is."""


_KNOWN_MODULES = apis.HARMLESS_MODULES | {"torch"}
"""Packages whose classes do not clear what they are given."""


class Usage:
    """Which methods a file calls on which places, and which optimizers it hands out.

    An optimizer is handed out if something else can clear it later, at a time that cannot be
    seen: its `zero_grad` is passed on as a value, a lambda or a hook clears it, or an object of an
    unknown class was built with it.
    """

    def __init__(self, scopes: Iterable[Scope]) -> None:
        self._methods: dict[str, set[str]] = {}
        self._called: set[str] = set()
        self._scopes = tuple(scopes)
        for scope in self._scopes:
            for call in scope.calls:
                self._note_call(call)

    @cached_property
    def _handed_out(self) -> set[str]:
        return {place for scope in self._scopes for place in _handed_out(scope)}

    @cached_property
    def keeps_scaled(self) -> bool:
        """Whether what a call of `scale` returns is kept anywhere, or passed on."""
        return any(map(_keeps_scaled, self._scopes))

    def _note_call(self, call: Call) -> None:
        if isinstance(call.func, Attr) and (place := place_of(call.func.value)):
            self._methods.setdefault(place, set()).add(call.func.name)
        if (place := place_of(call.func)) is not None:
            self._called.add(place)

    def methods(self, place: str) -> set[str]:
        """The methods called on a place."""
        return self._methods.get(place, set())

    def goes_beside(self, made: str, optimizer: str) -> bool:
        """Whether what was made of an optimizer is stepped beside it, never cleared: a schedule."""
        methods = self.methods(made)
        alone = {"zero_grad", "param_groups"}.isdisjoint(methods)
        return "step" in methods and alone and "step" in self.methods(optimizer)

    def reads(self, place: str) -> bool:
        """Whether the file reads an attribute, rather than just setting it."""
        return place in self._read

    @cached_property
    def _read(self) -> set[str]:
        return {
            place
            for scope in self._scopes
            for statement in statements_of(scope.node.body)
            for expr in expressions_of(statement)
            for part in parts_of(expr)
            if isinstance(part, Attr) and (place := place_of(part)) is not None
        }

    def is_called(self, place: str) -> bool:
        """Whether the place itself is called."""
        return place in self._called

    def is_handed_out(self, place: str) -> bool:
        """Whether something may clear the optimizer at a place at any time."""
        return place in self._handed_out or ANYWHERE in self._handed_out


def _handed_out(scope: Scope) -> Iterator[str]:
    """The places that something may clear at any time, by what one scope does with them."""
    for place in scope.bindings:
        head, _, last = place.rpartition(".")
        if last in ("step", "zero_grad"):  # replaced by something of the user's own
            yield head
    for call in scope.calls:
        yield from _given_away(scope, call)
    for statement in statements_of(scope.node.body):
        if (
            isinstance(statement, Assign)
            and _is_function(_without_partial(scope, statement.value))
            and all(isinstance(target, Name) for target in statement.targets)
        ):
            continue  # it is followed wherever it is called by its name
        for expr in expressions_of(statement):
            named = isinstance(statement, ExprStmt) and isinstance(expr, Attr)
            yield from () if named else _passed_on(expr)


def _keeps_scaled(scope: Scope) -> bool:
    """Whether a function does more with `scale(loss)` than to run backward on it."""
    scaled = {c.span for c in scope.calls if isinstance(c.func, Attr) and c.func.name == "scale"}
    if not scaled:
        return False
    used = {c.func.value.span for c in scope.calls if isinstance(c.func, Attr)}
    discarded = {s.value.span for s in statements_of(scope.node.body) if isinstance(s, ExprStmt)}
    return bool(scaled - used - discarded)


def _without_partial(scope: Scope, value: Expr) -> Expr:
    """What `functools.partial` makes the same function of: it is given no arguments."""
    match value:
        case Call(func=func, args=(function,), keywords=()) if (
            scope.dotted(func) == "functools.partial"
        ):
            return function
    return value


def _is_function(value: Expr) -> bool:
    """Whether a value is a function that clears, and that a name may be bound to."""
    return isinstance(value, Lambda) or (isinstance(value, Attr) and value.name == "zero_grad")


def _passed_on(expr: Expr) -> Iterator[str]:
    """The places whose `zero_grad` an expression names without calling it, or clears later."""
    if isinstance(expr, Lambda):
        for part in parts_of(expr.body):
            if isinstance(part, Attr) and part.name == "zero_grad":
                yield place_of(part.value) or ANYWHERE
            elif isinstance(part, Attr) and part.name in ("grad", "zero_"):
                yield ANYWHERE
        return
    if isinstance(expr, Attr) and expr.name == "zero_grad":
        yield _cleared(expr)
    if isinstance(expr, Call) and isinstance(expr.func, Attr):
        yield from _passed_on(expr.func.value)
        for part in children(expr)[1:]:
            yield from _passed_on(part)
        return
    for part in children(expr):
        yield from _passed_on(part)


def _cleared(expr: Attr) -> str:
    place = place_of(expr.value)
    is_class = place is not None and guesses.begins_like_class(place)
    return ANYWHERE if place is None or is_class else place


def _given_away(scope: Scope, call: Call) -> Iterator[str]:
    """The places that a call gives away for something to clear later."""
    match call.func:
        case Name(id="getattr") if len(call.args) > 1 and _is_clearing(call.args[1]):
            yield place_of(call.args[0]) or ANYWHERE
        case Attr(name=method) if method.startswith("register_") and (method.endswith("_hook")):
            yield from _hooked(scope, call, method)
        case Attr(name="step"):
            return
        case Name() | Attr():
            known = scope.dotted(call.func) or ""
            if _is_followed(scope, call, known):
                return
            for argument in call.args:
                if isinstance(argument, Name) and _clears_somewhere(argument, scope):
                    yield ANYWHERE
            name = (place_of(call.func) or "").rsplit(".", 1)[-1]
            top = known.split(".")[0]
            if (
                guesses.begins_like_class(name)
                and top != "torch"
                and top not in apis.HARMLESS_MODULES
            ):
                if guesses.leaves_optimizer_alone(name) or guesses.not_an_optimizer(name):
                    return
                if guesses.named_like_optimizer(name):
                    return  # a wrapper: it is stepped and cleared in the optimizer's place
                if scope.class_named(place_of(call.func) or "") is None:
                    yield from (p for arg in handed_to(call) if (p := place_of(arg)) is not None)


def _is_followed(scope: Scope, call: Call, known: str) -> bool:
    """Whether what a call does with the functions it is handed can be seen."""
    place = place_of(call.func)
    return known == "functools.partial" or (
        isinstance(call.func, Name)
        and place is not None
        and (scope.function(place) is not None or scope.class_named(place) is not None)
    )


def _hooked(scope: Scope, call: Call, method: str) -> Iterator[str]:
    """What a hook may clear; those run after the backward are there to step and clear."""
    if any(_clears_somewhere(argument, scope) for argument in call.args) or (
        "post_accumulate" in method and not all(_is_seen(a, scope) for a in call.args)
    ):
        yield ANYWHERE


def _is_seen(expr: Expr, scope: Scope) -> bool:
    """Whether a function value is one of the file's."""
    return isinstance(expr, Lambda) or (
        isinstance(expr, Name) and scope.function(expr.id) is not None
    )


def _is_clearing(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value in ("zero_grad", "grad")


def _clears_somewhere(expr: Expr, scope: Scope) -> bool:
    if isinstance(expr, Lambda):
        return any(isinstance(p, Attr) and p.name == "zero_grad" for p in parts_of(expr.body))
    if isinstance(expr, Attr):
        return expr.name == "zero_grad"
    if not isinstance(expr, Name):
        return False
    found = scope.lookup(expr.id)
    if found is not None and any(_is_function(b.value) for b in found[1]):
        return any(_clears_somewhere(b.value, found[0]) for b in found[1])
    known = scope.function(expr.id)
    return known is not None and clears(known) and not trains(known)
