"""Generators that a function keeps in a place, and what runs through them."""

from collections.abc import Iterator

from lintgrad.flow.events import Consumed, Exhaustible
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.kinds import Kinds, is_builtin
from lintgrad.flow.places.module_classes import is_module
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    BoolOp,
    Break,
    Call,
    Compare,
    Comprehension,
    Expr,
    For,
    IfExp,
    Mapping,
    Name,
    Return,
    Sequence,
    Starred,
    Stmt,
    Unary,
    While,
)
from lintgrad.syntax.optimizers import LIBRARY_OPTIMIZERS
from lintgrad.syntax.walk import children, expressions_of, statements_of

_LAZY = frozenset({"filter", "map", "zip", "enumerate", "iter", "chain", "tqdm", "islice"})
_EAGER = frozenset({"list", "tuple", "set", "frozenset", "dict", "sum", "sorted", "max", "min"})
_HARMLESS = frozenset({"isinstance", "print", "type", "id", "repr", "str", "callable", "hasattr"})
_EAGER_FUNCTIONS = frozenset(
    # torch 2.13: they take an iterable of tensors and run through it.
    f"torch.nn.utils.{name}"
    for name in (
        "clip_grad_norm_",
        "clip_grad_norm",
        "clip_grad_value_",
        "parameters_to_vector",
    )
)
_GENERATORS = frozenset({"parameters", "named_parameters"})
_CHAINS = frozenset({"itertools.chain", "itertools.chain.from_iterable"})


class Consuming:
    """Turns the statements of one function into what they run through."""

    def __init__(self, scope: Scope, roles: Roles, kinds: Kinds) -> None:
        self._scope = scope
        self._roles = roles
        self._kinds = kinds
        self._consumers = Consumers(scope, roles)
        self._subjects: dict[str, Exhaustible] = {}
        self._events: dict[Stmt, tuple[Consumed, ...]] = {}
        self._read()

    def of(self, statement: Stmt) -> tuple[Consumed, ...]:
        """What a statement itself runs through, its blocks left aside."""
        return self._events.get(statement, ())

    def _read(self) -> None:
        for place in self._kept():
            subject = self._subject(place)
            if subject is None:
                continue
            found = {
                s: tuple(self._consumers.consumed(s, subject))
                for s in statements_of(self._scope.node.body)
            }
            told = {s: events for s, events in found.items() if events}
            if len(told) > 1 or subject.emptied or (told and self._repeats(next(iter(told)))):
                for statement, events in told.items():
                    self._events[statement] = (*self.of(statement), *events)

    def _kept(self) -> Iterator[str]:
        """The places that may hold a generator here."""
        yield from (p for p, bound in self._scope.bindings.items() if _makes_one(bound))
        owner = self._scope.owner
        if owner is not None and self._scope.name_alone != "__init__":
            for method in owner.methods.values():
                yield from (
                    place
                    for place, bound in method.bindings.items()
                    if place.startswith("self.")
                    and place not in self._scope.bindings
                    and _makes_one(bound)
                )

    def _repeats(self, statement: Stmt) -> bool:
        """Whether a statement stands in a loop of the function."""
        return any(
            inner is statement
            for loop in statements_of(self._scope.node.body)
            if isinstance(loop, For | While)
            for inner in statements_of(loop.body)
        )

    def _subject(self, place: str) -> Exhaustible | None:
        found = self._scope.lookup(place)
        if found is None or "[" in place:
            return None
        where, bindings = found
        values = [b.value for b in bindings if b.via is Via.VALUE]
        made = tuple(value for value in values if self._makes(where, value) is not None)
        if not made:
            return None
        basis = min(b for v in made if (b := self._makes(where, v)) is not None)
        if where is self._scope:
            return Exhaustible(place, made, basis)
        if len(bindings) > 1 or where.owner is None or where.name_alone != "__init__":
            return None
        if any(place_of(call.func) == f"self.{self._scope.name_alone}" for call in where.calls):
            return None  # it may run before the object is made
        emptied = _emptied_while_made(where, self._roles, Exhaustible(place, made, basis))
        return Exhaustible(place, made, basis, emptied)

    def _makes(self, scope: Scope, value: Expr) -> Basis | None:
        """The evidence that an expression makes a generator."""
        match value:
            case Comprehension(kind="GeneratorExp"):
                return Basis.BUILT
            case Call(func=Name(id="filter" | "map" as name), args=(_, _, *_)):
                return Basis.BUILT if is_builtin(scope, name) else None
            case Call(func=func, args=(_, *_)) if scope.dotted(func) in _CHAINS:
                return Basis.BUILT
            case Call(func=Attr(value=module, name=name)) if name in _GENERATORS:
                callee = self._roles.callees.of_call(scope, value)
                if callee is not None:
                    return Basis.BUILT if callee.scope.is_generator else None
                if place_of(module) == "self":
                    owned = scope.owner is not None and is_module(scope.owner)
                    return Basis.BUILT if owned else None
                return self._kinds.with_parameters(module)
        return None


def _emptied_while_made(made: Scope, roles: Roles, subject: Exhaustible) -> Span | None:
    """What has run through a generator for certain once the object is made."""
    consumers = Consumers(made, roles)
    straight = [e for s in made.node.body for e in consumers.consumed(s, subject)]
    everywhere = [e for s in statements_of(made.node.body) for e in consumers.consumed(s, subject)]
    if any(event.by is None for event in everywhere):
        return None
    return straight[0].span if straight else None


def keeps_generator(scope: Scope) -> bool:
    """Whether a function has the shape of one that keeps a generator in a place."""
    return any(map(_makes_one, scope.bindings.values()))


def _makes_one(bound: list[Binding]) -> bool:
    return any(binding.via is Via.VALUE and _is_maker(binding.value) for binding in bound)


def _is_maker(value: Expr) -> bool:
    match value:
        case Comprehension(kind=kind):
            return kind == "GeneratorExp"
        case Call(func=Name(id=name) | Attr(name=name)):
            return name in _MAKERS
    return False


_MAKERS = _GENERATORS | {"filter", "map", "chain", "from_iterable"}


class Consumers:
    """Tells what runs through a generator in the statements of one function."""

    def __init__(self, scope: Scope, roles: Roles) -> None:
        self._scope = scope
        self._roles = roles
        self._known: dict[str, list[str]] = {}

    def consumed(self, statement: Stmt, subject: Exhaustible) -> Iterator[Consumed]:
        """Where a statement itself reads a generator's place."""
        outermost = "the loop" if isinstance(statement, For) and not _leaves(statement) else None
        names = self._known.setdefault(subject.place, [])
        if not names:
            names += self._names(subject.place)
        if isinstance(statement, Assign) and place_of(statement.targets[0]) in names[1:]:
            return
        for expr in expressions_of(statement):
            for name in names:
                for span, by in self._reads(expr, name, outermost):
                    yield Consumed(span, subject, by)

    def _names(self, place: str) -> list[str]:
        """A place, and the other names that its generator is given and nothing else has."""
        others = (
            name
            for name, bound in self._scope.bindings.items()
            if len(bound) == 1 and bound[0].via is Via.VALUE and place_of(bound[0].value) == place
        )
        return [place, *others]

    def _reads(self, expr: Expr, place: str, by: str | None) -> Iterator[tuple[Span, str | None]]:
        """Where an expression reads a place, and what runs through it there."""
        if place_of(expr) == place:
            yield expr.span, by
            return
        if isinstance(expr, IfExp):
            yield from self._chosen(expr, place, by)
            return
        for part, inner in self._parts(expr, by):
            yield from self._reads(part, place, inner)

    def _chosen(self, expr: IfExp, place: str, by: str | None) -> Iterator[tuple[Span, str | None]]:
        """What one of two arms reads: for sure only if both run through it."""
        yield from self._reads(expr.test, place, None)
        arms = [list(self._reads(arm, place, by)) for arm in (expr.body, expr.orelse)]
        first = next((read for arm in arms for read in arm), None)
        if first is not None:
            sure = all(len(arm) == 1 and arm[0][1] is not None for arm in arms)
            yield first[0], first[1] if sure else None

    def _parts(self, expr: Expr, by: str | None) -> Iterator[tuple[Expr, str | None]]:
        """The parts of an expression, each with what runs through it if it is a generator."""
        match expr:
            case Call(func=func):
                arguments = (*expr.args, *(k.value for k in expr.keywords))
                last = (place_of(func) or "").rpartition(".")[2]
                inner = by if last in _LAZY else self._consumer(expr)
                yield func, None
                for argument in arguments:
                    if last not in _HARMLESS or place_of(argument) is None:
                        yield argument, inner
            case Comprehension(kind=kind):
                inner = by if kind == "GeneratorExp" else "a comprehension"
                for clause in expr.clauses:
                    yield clause.iter, inner
                    yield from ((test, None) for test in clause.tests)
                yield expr.element, None
            case Sequence() | Mapping() if by == _OPTIMIZER:
                yield from ((part, by) for part in children(expr))
            case Starred(value=value):
                yield value, "unpacking"
            case Compare() | BoolOp() | Unary(op="not"):
                plain = [part for part in children(expr) if place_of(part) is None]
                yield from ((part, None) for part in plain)
            case _:
                yield from ((part, None) for part in children(expr))

    def _consumer(self, call: Call) -> str | None:
        """What runs through its arguments as soon as it is called; None if that is not known."""
        name = self._scope.dotted(call.func) or ""
        if name in _EAGER_FUNCTIONS or self._clips(call.func):
            return f"`{(place_of(call.func) or name).rpartition('.')[2]}`"
        if isinstance(call.func, Name) and call.func.id in _EAGER:
            return f"`{call.func.id}`"
        found = self._roles.of_expr(self._scope, call)
        if found is None or found.role is not Role.OPTIMIZER or found.build is not call:
            return None
        kinds = [name] if _is_optimizer(name) else self._classes(call.func)
        return _OPTIMIZER if kinds and all(map(_is_optimizer, kinds)) else None

    def _classes(self, func: Expr) -> list[str]:
        """The classes that a name may stand for."""
        found = self._scope.lookup(func.id) if isinstance(func, Name) else None
        return [found[0].dotted(b.value) or "" for b in found[1]] if found is not None else []

    def _clips(self, func: Expr) -> bool:
        """Whether an accelerator clips (accelerate 1.15: it hands what it is given to torch)."""
        if not isinstance(func, Attr) or func.name not in ("clip_grad_norm_", "clip_grad_value_"):
            return False
        found = self._roles.of_expr(self._scope, func.value)
        return found is not None and found.kind == "accelerator"


_OPTIMIZER = "the optimizer"


def _is_optimizer(name: str) -> bool:
    """Whether a class makes a list of the parameters it is given, as torch's base class does."""
    return name.startswith("torch.optim.") or name in LIBRARY_OPTIMIZERS


def _leaves(loop: For) -> bool:
    """Whether a loop may end before it has run through everything."""
    return any(isinstance(s, Break | Return) for s in statements_of(loop.body))
