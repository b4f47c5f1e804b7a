"""Attributes set where nothing reads them, and clearing that never runs."""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names.bound_once import bound_once
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.gradients_by_hand import clears, grad_holder, is_nothing
from lintgrad.flow.places.kinds import Kinds, has_own_engine, is_built_module, is_builtin
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.usage import Usage
from lintgrad.source.text import Span, spelled
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Call,
    Comprehension,
    Const,
    Expr,
    ExprStmt,
    Item,
    Lambda,
    Mapping,
    Name,
    Sequence,
)
from lintgrad.syntax.walk import parts_of

MISSPELLED = frozenset(
    "require_grad require_grads requires_grads requires_gradient requiers_grad require_gradient "
    "requires_gard".split()
)
"""Attributes that torch has no use for, and that look like `requires_grad`."""
_COLLECTS = frozenset({"list", "tuple", "filter", "iter"})


class Ineffective:
    """Finds what one function sets or clears without effect."""

    def __init__(self, scope: Scope, places: Places, kinds: Kinds, usage: Usage) -> None:
        self._scope = scope
        self._places = places
        self._kinds = kinds
        self._usage = usage
        self._text = scope.source.text

    def assigned(self, statement: Assign) -> Iterator[Slipped]:
        """What an assignment to an attribute does wrong."""
        for target in statement.targets:
            if isinstance(target, Attr):
                if target.name == "grad":
                    yield from self._gradient(target, statement.value, statement.span)
                else:
                    yield from self._flag(target, statement.value, statement.span)

    def _gradient(self, target: Attr, value: Expr, span: Span) -> Iterator[Slipped]:
        holder = target.value
        text = spelled(self._text, holder.span)
        if self._is_collection(holder):
            yield Slipped(span, Slip.CLEAR_RAISES, text, Basis.BUILT, f"for p in {text}")
        elif is_nothing(value):
            basis = self._without_gradient(holder)
            if basis is not None:
                yield Slipped(span, Slip.CLEAR_ELSEWHERE, text, basis, f"{text}.zero_grad()")
                return
        basis = self._has_gradient(holder) if self._no_tensor(value) else None
        if basis is not None:
            yield Slipped(span, Slip.GRAD_NO_TENSOR, text, basis, f"{text}.grad = None")

    def overwritten(self, statement: ExprStmt) -> Iterator[Slipped]:
        """`model.parameters().grad[0].zero_()`: what has no gradient raises."""
        match statement.value:
            case Call(func=Attr(value=gradient, name="zero_" | "fill_")):
                while isinstance(gradient, Item):
                    gradient = gradient.value
                holder = grad_holder(gradient)
                if holder is None:
                    return
                span, text = statement.span, spelled(self._text, holder.span)
                if self._is_collection(holder):
                    yield Slipped(span, Slip.CLEAR_RAISES, text, Basis.BUILT, f"for p in {text}")
                elif is_built_module(self._scope, holder) and not self._is_given(holder):
                    call = f"{text}.zero_grad()"
                    yield Slipped(span, Slip.CLEAR_ELSEWHERE, text, Basis.BUILT, call)

    def _is_given(self, holder: Expr) -> bool:
        """Whether something is given a `.grad` of its own."""
        return self._scope.lookup(f"{place_of(holder)}.grad") is not None

    def _is_collection(self, holder: Expr) -> bool:
        """Whether an expression makes a generator or a list of parameters, or names one."""
        made = bound_once(self._scope, holder)
        return _makes_collection(holder if made is None else made.expr)

    def _without_gradient(self, holder: Expr) -> Basis | None:
        """The evidence that something is an optimizer or a module: those have no `.grad`."""
        place = place_of(holder)
        if place is None or self._usage.reads(f"{place}.grad"):
            return None
        if self._places.role(place) is Role.OPTIMIZER:
            return self._places.known(self._places.canonical(place)).basis
        return self._kinds.module(holder)

    def _no_tensor(self, value: Expr) -> bool:
        match value:
            case Const(value=constant):
                return constant is not None
            case Sequence() | Mapping():
                return True
            case Call(func=func):
                return (self._scope.dotted(func) or "").startswith("numpy.")
        return False

    def _has_gradient(self, holder: Expr) -> Basis | None:
        """The evidence that something is a torch tensor, and not another engine's."""
        if self._kinds.leaf_parameter(holder):
            return None if has_own_engine(self._scope.root) else Basis.BUILT
        return self._kinds.tensor(holder)

    def _flag(self, target: Attr, value: Expr, span: Span) -> Iterator[Slipped]:
        holder = target.value
        text = spelled(self._text, holder.span)
        if not (isinstance(value, Const) and isinstance(value.value, bool)):
            return
        if target.name in MISSPELLED:
            basis = self._has_gradient(holder) or self._kinds.module(holder)
            if basis is not None and not self._usage.reads(place_of(target) or ""):
                yield Slipped(
                    span, Slip.ATTRIBUTE_UNREAD, f"{text}.{target.name}", basis, "requires_grad"
                )
        elif target.name == "requires_grad":
            basis = self._kinds.module(holder)
            if basis is not None and not self._usage.reads(place_of(target) or ""):
                call = f"`{text}.requires_grad_({value.value})`"
                yield Slipped(span, Slip.ATTRIBUTE_UNREAD, f"{text}.requires_grad", basis, call)

    def lazy(self, statement: ExprStmt) -> Iterator[Slipped]:
        """Clearing in a `map`, a `filter` or a generator that nothing consumes."""
        value = statement.value
        cleared = False
        match value:
            case Call(func=Name(id="map" | "filter" as name), args=(function, *_)) if is_builtin(
                self._scope, name
            ):
                cleared = self._clears(function)
            case Comprehension(kind="GeneratorExp", element=element):
                cleared = _clears(element)
        if cleared:
            text = spelled(self._text, value.span)
            yield Slipped(statement.span, Slip.CLEAR_LAZY, text, Basis.BUILT)

    def _clears(self, function: Expr) -> bool:
        """Whether a function that is handed on would clear gradients."""
        body = self._body(function)
        if body is not None:
            return _clears(body)
        own = self._scope.function(function.id) if isinstance(function, Name) else None
        return clears(own) if own is not None else self._scope.dotted(function) == apis.ZERO_GRAD

    def _body(self, function: Expr) -> Expr | None:
        if isinstance(function, Lambda):
            return function.body
        bound = bound_once(self._scope, function) if isinstance(function, Name) else None
        return bound.expr.body if bound and isinstance(bound.expr, Lambda) else None


def _makes_collection(holder: Expr) -> bool:
    match holder:
        case Call(func=Attr(name="parameters" | "named_parameters"), args=()):
            return True
        case Call(func=Name(id=name), args=(inner, *_)) if name in _COLLECTS:
            return _makes_collection(inner)
    return False


def _clears(expr: Expr) -> bool:
    """Whether evaluating an expression clears gradients."""
    for part in parts_of(expr):
        if isinstance(part, Call) and isinstance(part.func, Attr):
            if part.func.name == "zero_grad":
                return True
            if part.func.name in ("zero_", "fill_") and grad_holder(part.func.value) is not None:
                return True
        if isinstance(part, Call) and isinstance(part.func, Name) and part.func.id == "setattr":
            return len(part.args) == 3 and _is_grad(part.args[1])
    return False


def _is_grad(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value == "grad"
