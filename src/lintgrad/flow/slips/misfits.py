"""Arguments that `backward` does not take."""

from collections.abc import Iterator
from difflib import get_close_matches

from lintgrad.flow.events import Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.kinds import Kinds
from lintgrad.flow.places.of_function import Places
from lintgrad.source.text import spelled
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, Call, Const, Expr, ExprStmt, Sequence, Starred
from lintgrad.syntax.tensors import BACKWARD_KEYWORDS

_REMOVED = {"retain_variables": "retain_graph"}
"""Keywords of old releases with what they are called now."""


class Misfits:
    """Finds the `backward` calls of one function whose arguments raise."""

    def __init__(self, scope: Scope, places: Places, kinds: Kinds) -> None:
        self._scope = scope
        self._places = places
        self._kinds = kinds
        self._text = scope.source.text

    def of(self, statement: ExprStmt | Assign) -> Iterator[Slipped]:
        """What is wrong with the arguments of a `backward` call."""
        match statement:
            case ExprStmt(value=Call(func=Attr(value=receiver, name="backward")) as call):
                if not self._is_own(receiver):
                    yield from self._gradient(call, receiver)
                    yield from self._keywords(call, receiver)

    def _is_own(self, receiver: Expr) -> bool:
        """Whether `backward` is a method of something that is no tensor."""
        place = place_of(receiver)
        if self._scope.dotted(receiver) is not None or place in ("self", "super()"):
            return True
        if isinstance(receiver, Call) and place_of(receiver.func) == "super":
            return True
        return place is not None and (
            self._places.role(place) is not None or self._kinds.module(receiver) is not None
        )

    def _gradient(self, call: Call, receiver: Expr) -> Iterator[Slipped]:
        given = call.argument(0, "gradient")
        basis = self._kinds.tensor(receiver)
        if given is None or basis is None or not _is_no_tensor(given):
            return
        text = spelled(self._text, given.span)
        is_flag = isinstance(given, Const) and isinstance(given.value, bool)
        instead = f"retain_graph={text}" if is_flag else f"gradient=torch.tensor({text})"
        yield Slipped(call.span, Slip.BACKWARD_GRADIENT, text, basis, instead)

    def _keywords(self, call: Call, receiver: Expr) -> Iterator[Slipped]:
        if any(isinstance(arg, Starred) for arg in call.args):
            return
        basis = self._kinds.tensor(receiver)
        for keyword in call.keywords:
            if keyword.name is None or keyword.name in BACKWARD_KEYWORDS:
                continue
            near = _meant(keyword.name)
            if basis is None and (near is None or call.args):
                continue
            sure = Basis.USED if basis is None else basis
            yield Slipped(call.span, Slip.BACKWARD_KEYWORD, keyword.name, sure, near or "")


def _meant(name: str) -> str | None:
    if name in _REMOVED:
        return _REMOVED[name]
    return next(iter(get_close_matches(name, BACKWARD_KEYWORDS, 1, 0.8)), None)


def _is_no_tensor(given: Expr) -> bool:
    """Whether something is written down that is no tensor."""
    if isinstance(given, Const):
        return given.value is not None
    return (
        isinstance(given, Sequence)
        and bool(given.items)
        and all(isinstance(item, Const) for item in given.items)
    )
