"""Pure calls and arithmetic as statements: what they give is dropped."""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names import guesses
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.gradients_by_hand import grad_holder
from lintgrad.flow.places.kinds import Kinds
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Role
from lintgrad.source.text import spelled
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Const, Expr, ExprStmt, Name, Starred
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**", "@"})

_PURE = tensors.CHANGED_IN_PLACE | tensors.MOVES | tensors.REARRANGES
_OFTEN_ELSE = frozenset({"add", "put", "t", "sub", "pow", "round"})
"""Method names that sets, queues and regular expressions have as well."""
_MODE_NAMES = frozenset(name.rpartition(".")[2] for name in tensors.MODES)
_MEASURES = ("time.", "timeit.", "torch.profiler.", "torch.autograd.profiler.", "torch.cuda.Event")


def may_be_dropped(call: Call) -> bool:
    """Whether a call, as a statement, has a name that some pure function has."""
    if not isinstance(call.func, Attr):
        return isinstance(call.func, Name) and call.func.id in _MODE_NAMES
    name = call.func.name
    if name in _OFTEN_ELSE:
        return isinstance(call.func.value, Attr) and call.func.value.name in ("grad", "data")
    return name in _PURE or name in _MODE_NAMES or name in ("scale", *tensors.FUNCTIONALS)


class Discarded:
    """Finds the statements of one function whose result is all that they have."""

    def __init__(self, scope: Scope, places: Places, kinds: Kinds) -> None:
        self._scope = scope
        self._places = places
        self._kinds = kinds
        self._text = scope.source.text

    def of(self, statement: ExprStmt) -> Iterator[Slipped]:
        """What a statement computes and drops."""
        found: tuple[Basis | None, str] = (None, "")
        match statement.value:
            case Binary(op=op, left=left) if op in ARITHMETIC:
                found = self._arithmetic(left), f"`{op}=`, or a name for the result"
            case Call(func=Attr() | Name()) as call if may_be_dropped(call):
                found = self._call(call)
        basis, instead = found
        if basis is not None and not self._shown(statement):
            text = spelled(self._text, statement.value.span)
            yield Slipped(statement.span, Slip.RESULT_DROPPED, text, basis, instead)

    def _shown(self, statement: ExprStmt) -> bool:
        """Whether a cell of a notebook, or an interactive session, may show what is computed."""
        return self._scope.parent is None and statement in self._scope.node.body

    def _arithmetic(self, left: Expr) -> Basis | None:
        basis = self._kinds.tensor(left) or self._kinds.runs_backward(left)
        return None if basis is None or self._tried_out() else basis

    def _call(self, call: Call) -> tuple[Basis | None, str]:
        name = self._scope.dotted(call.func)
        if name in tensors.MODES:
            return Basis.BUILT, f"`with {spelled(self._text, call.span)}:`"
        if name is not None:
            return self._function(call, name), "what it returns"
        if not isinstance(call.func, Attr):
            return None, ""
        receiver, method = call.func.value, call.func.name
        if method == "scale":
            return self._scaled(call, receiver), "what it returns, for `backward()`"
        if method not in _PURE or any(k.name in ("out", None) for k in call.keywords):
            return None, ""
        basis = self._tensor(receiver, method)
        if basis is None or self._tried_out():
            return None, ""
        text = spelled(self._text, receiver.span)
        if method in tensors.CHANGED_IN_PLACE:
            return basis, f"`{text}.{method}_(...)`, or the result"
        return basis, f"`{text} = {text}.{method}(...)`"

    def _tensor(self, receiver: Expr, method: str) -> Basis | None:
        """The evidence that a method's receiver is a tensor, strong enough for what it does."""
        basis = self._kinds.tensor(receiver)
        if method in tensors.MOVES:
            # A module is moved in place, and so is what some libraries make batches of.
            return basis if basis is not None and basis > Basis.USED else None
        if basis is None and method not in _OFTEN_ELSE and grad_holder(receiver) is not None:
            return Basis.USED
        return basis

    def _function(self, call: Call, name: str) -> Basis | None:
        module, _, last = name.rpartition(".")
        pure = (module == "torch.nn.functional" and last in tensors.FUNCTIONALS) or (
            module == "torch" and last in tensors.FUNCTIONALS
        )
        if not pure or any(k.name in ("inplace", "out", None) for k in call.keywords):
            return None
        if len(call.args) > 1 and isinstance(call.args[-1], Const | Starred):
            last_value = call.args[-1].value
            if last_value is True or isinstance(call.args[-1], Starred):
                return None  # `F.relu(x, True)` works in place
        for_use = self._trains() or any(map(self._kinds.leaf_parameter, call.args[:1]))
        return Basis.USED if for_use and not self._tried_out() else None

    def _scaled(self, call: Call, receiver: Expr) -> Basis | None:
        place = place_of(receiver)
        if place is None or len(call.args) != 1:
            return None
        role = self._places.role(place)
        if role is Role.SCALER:
            return Basis.BUILT
        guessed = role is None and guesses.named_like_scaler(place)
        scaled = self._kinds.tensor(call.args[0]) or self._kinds.runs_backward(call.args[0])
        return Basis.USED if guessed and scaled is not None else None

    def _trains(self) -> bool:
        return any(
            isinstance(c.func, Attr) and c.func.name == "backward" for c in self._scope.calls
        )

    def _tried_out(self) -> bool:
        """Whether the function only tries or measures what it calls."""
        if guesses.tries_out(self._scope.name_alone):
            return True
        owner = self._scope.owner
        if owner is not None and guesses.tries_out(owner.name):
            return True
        return any(
            (self._scope.dotted(part.func) or "").startswith(_MEASURES)
            for statement in statements_of(self._scope.node.body)
            for expr in expressions_of(statement)
            for part in parts_of(expr)
            if isinstance(part, Call)
        )
