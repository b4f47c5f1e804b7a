"""Tests broken down to atoms: what is asked, and whether it is the same question as before."""

from collections import Counter
from dataclasses import dataclass

from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.names.settled import settled
from lintgrad.flow.places.gradients_by_hand import grad_holder
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.source.text import spelled
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    BoolOp,
    Call,
    Compare,
    Const,
    Expr,
    Item,
    Name,
    Unary,
    Walrus,
)
from lintgrad.syntax.walk import parts_of

_OPPOSITE = {"is not": "is", "!=": "==", "not in": "in"}


@dataclass(frozen=True, slots=True)
class Atom:
    """One test without `and`, `or`, `not`.

    The outcome is known for tests that only ask whether there is something to work on. Negated
    means that the key asks the opposite question.
    """

    asked: Expr
    """The test, or its opposite if negated."""
    key: str | None
    mentions: frozenset[str]
    negated: bool = False
    outcome: bool | None = None


class Conditions:
    """Makes atoms of one function's tests, and counts how often each guards gradients."""

    def __init__(self, scope: Scope, places: Places, text: str) -> None:
        self._scope = scope
        self._places = places
        self._text = text
        self.sites: Counter[str] = Counter()
        """How many places whose gradients matter ask each test."""

    def atom(self, test: Expr, *, strong: bool) -> Atom:
        """The atom of a test; strong if gradient events depend on it."""
        outcome = self._presence(test)
        if outcome is not None:
            return Atom(test, None, frozenset(), outcome=outcome)
        asked, negated = _positive(settled(self._scope, test))
        key = self._key(asked)
        if key is not None and strong:
            self.sites[key] += 1
        return Atom(asked, key, frozenset(_mentions(asked)), negated)

    def ask_again(self, atom: Atom) -> None:
        """Note that gradient events depend on a test that is not written down where it is asked."""
        if atom.key is not None:
            self.sites[atom.key] += 1

    def is_of_class(self, place: str, name: str) -> str:
        """The key of the question whether an object is of a class; noted as asked for gradients."""
        key = f"{place}.__class__ is {name}"
        self.sites[key] += 1
        return key

    def is_decided(self, test: Expr) -> bool:
        """Whether a test only asks for what has to be there."""
        match test:
            case BoolOp(parts=parts):
                return all(map(self.is_decided, parts))
            case Unary(op="not", value=value):
                return self.is_decided(value)
        return self._presence(test) is not None

    def _presence(self, test: Expr) -> bool | None:
        """The outcome of asking whether an optimizer, a scaler or a gradient is there at all.

        Where it is not there, nothing of what is analysed happens.
        """
        match test:
            case Const(value=value):
                return bool(value)
            case Compare(op="is" | "is not" as op, left=left, right=Const(value=None)):
                return op == "is not" if self._is_worked_on(left) else None
            case Attr(name="requires_grad"):
                return True  # what needs no gradient has none to be cleared
            case Call(func=func) if self._scope.dotted(func) == "torch.is_grad_enabled":
                return True  # where gradients are off, there are none either
            case Name() | Attr() | Item():
                return True if self._is_worked_on(test) else None
        return None

    def _is_worked_on(self, expr: Expr) -> bool:
        if grad_holder(expr) is not None:
            return True
        place = place_of(expr)
        found = self._scope.lookup(place) if place is not None else None
        if found is not None and all(grad_holder(b.value) is not None for b in found[1]):
            return True
        if place is None:
            return False
        role = self._places.role(place)
        return role is Role.OPTIMIZER or (role is Role.SCHEDULER and _is_built(found))

    def _key(self, asked: Expr) -> str | None:
        if any(map(self._changes, parts_of(asked))):
            return None
        if isinstance(asked, Compare):
            return f"{self._spelled(asked.left)} {asked.op} {self._spelled(asked.right)}"
        return self._spelled(asked)

    def _changes(self, part: Expr) -> bool:
        """Whether an expression may answer differently though nothing is assigned between."""
        if isinstance(part, Walrus):
            return True
        if not isinstance(part, Call):
            return False
        name = self._scope.dotted(part.func) or ""
        is_next = isinstance(part.func, Name) and part.func.id in ("next", "input")
        return is_next or name.startswith(apis.UNREPEATABLE)

    def _spelled(self, expr: Expr) -> str:
        return spelled(self._text, expr.span).replace('"', "'")


def _is_built(found: tuple[Scope, list[Binding]] | None) -> bool:
    """Whether a place is bound to nothing but what calls return."""
    return found is not None and all(
        binding.via is Via.VALUE and isinstance(binding.value, Call) for binding in found[1]
    )


def _positive(test: Expr) -> tuple[Expr, bool]:
    """A test without negation, and whether one was taken off it."""
    if isinstance(test, Compare) and test.op in _OPPOSITE:
        return Compare(test.span, _OPPOSITE[test.op], test.left, test.right), True
    if isinstance(test, Unary) and test.op == "not":
        asked, negated = _positive(test.value)
        return asked, not negated
    return test, False


def _mentions(test: Expr) -> set[str]:
    """The places that a test reads, with all that they begin with."""
    return {place for part in parts_of(test) if (place := place_of(part)) is not None}
