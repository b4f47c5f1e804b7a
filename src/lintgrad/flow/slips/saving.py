"""Whether the graph of a value holds tensors, which the first backward through it frees."""

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.kinds import Kinds
from lintgrad.flow.places.origins import Origins
from lintgrad.flow.places.usage import Usage
from lintgrad.flow.slips.carrying import CUTS, Carrying, kept
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Binary, Call, Expr, Name, Unary

_SAVES_NOTHING = frozenset(
    # torch 2.13: a second backward through these alone passes.
    "sum mean stack cat view reshape flatten squeeze unsqueeze transpose permute expand t clone "
    "contiguous add sub neg to float double cuda cpu requires_grad_".split()
)


class Saving:
    """Tells of the values of one function what their graphs hold."""

    def __init__(self, scope: Scope, origins: Origins, usage: Usage) -> None:
        self._scope = scope
        self._kinds = Kinds(scope, usage)
        self.carrying = Carrying(scope, origins)
        self._saved: dict[str, Basis | None] = {}

    def of(self, value: Expr) -> Basis | None:
        """The evidence that a graph holds tensors which the first backward frees."""
        match value:
            case Binary(op="+" | "-", left=left, right=right):
                found = (self.of(left), self.of(right))
                return max((b for b in found if b is not None), default=None)
            case Binary(op=op, left=left, right=right):
                known = self._kinds.tensor(left) or self._kinds.tensor(right)
                inner = known or self.of(left) or self.of(right)
                return inner or (Basis.USED if op == "**" else None)
            case Unary(op="-", value=inner):
                return self.of(inner)
            case Call(func=func):
                return self._returned(value, func)
            case Name(id=name):
                return self._saved_by(name)
        return None

    def _saved_by(self, name: str) -> Basis | None:
        """What the graph of a name holds that is bound once."""
        if name not in self._saved:
            self._saved[name] = None  # it may be made of itself
            bound = self._scope.bindings.get(name, [])
            if len(bound) == 1 and bound[0].via is Via.VALUE:
                self._saved[name] = self.of(bound[0].value)
        return self._saved[name]

    def _returned(self, call: Call, func: Expr) -> Basis | None:
        name = self._scope.dotted(func) or ""
        last = func.name if isinstance(func, Attr) else name.rpartition(".")[2]
        if name in tensors.TENSOR_CLASSES or (name == f"torch.{last}" and last in tensors.MAKES):
            return None
        if last in _SAVES_NOTHING:
            inner = (*call.args[:1], *((func.value,) if isinstance(func, Attr) else ()))
            found = [b for part in inner if (b := self.of(part)) is not None]
            return max(found, default=None)
        if self._kinds.tensor(call) is not None and last not in CUTS:
            return self._kinds.tensor(call)
        if self.carrying(call):
            calls = (p for p in kept(call, self.carrying) if isinstance(p, Call))
            found = [b for c in calls if (b := self._trained(c.func)) is not None]
            return max(found, default=None) or self._looks_saving(call, last)
        return self._trained(func) or self._looks_saving(call, last)

    def _looks_saving(self, call: Call, last: str) -> Basis | None:
        """The evidence of a name: a power of something, or a loss of what another call made."""
        place = place_of(call.func)
        if isinstance(call.func, Attr) and last in ("pow", "square"):
            return Basis.USED
        if place is None or self._scope.dotted(call.func) is not None:
            return None
        compared = bool(call.args) and isinstance(call.args[0], Call | Name) and len(call.args) > 1
        return Basis.USED if compared and guesses.named_like_loss(place) else None

    def _trained(self, func: Expr) -> Basis | None:
        """The evidence that what is called is a module whose parameters are trained here."""
        place = place_of(func)
        if place is None or self._scope.dotted(func) is not None:
            return None
        return Basis.USED if self.carrying.trains(place) else None
