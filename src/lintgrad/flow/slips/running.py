"""Running sums and lists of losses, and whether anything but their numbers is used."""

from collections.abc import Iterator

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.slips import totals
from lintgrad.flow.slips.carrying import Carrying, names_read
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    AugAssign,
    Binary,
    Call,
    Const,
    Expr,
    ExprStmt,
    For,
    Item,
    Name,
    Sequence,
    Stmt,
)
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

_SHOWS = frozenset(
    # Functions and methods that show, keep or reduce what they get, by their last names.
    "print len float item info debug append add_scalar mean sum max min stack cat tensor array "
    "average std median format str list tuple range enumerate zip plot save dump write".split()
)


class Running:
    """Finds what one function adds losses to."""

    def __init__(self, scope: Scope, carrying: Carrying, modes: GradModes) -> None:
        self._scope = scope
        self._carrying = carrying
        self._modes = modes

    def summed(self, statement: Stmt, loss: str) -> str | None:
        """The running sum or list that a statement adds a loss to, its graph with it."""
        found = totals.added(statement)
        if found is None or self._modes.may_be_off(statement.span):
            return None
        total, added = found
        if loss not in names_read(added, self._carrying) or total == loss:
            return None
        return total if self._starts_empty(total) and not self._is_used(total) else None

    def evaluated(self, body: list[Stmt]) -> Iterator[tuple[str, Basis]]:
        """The losses that a loop only evaluates: of a module that is told so by `eval()`.

        Where other code of the file turns gradients off, it may be what calls this.
        """
        modules = _told_to_evaluate(self._scope)
        if not modules:
            return
        text = self._scope.root.source.text
        if "requires_grad" in text:
            return  # nothing may be left that gradients are recorded for
        guarded = any(word in text for word in ("no_grad", "inference_mode", "set_grad_enabled"))
        outputs = {
            name
            for statement in body
            if isinstance(statement, Assign) and isinstance(statement.value, Call)
            if place_of(statement.value.func) in modules
            for target in statement.targets
            for name in names_in(target)
        }
        for statement in body:
            match statement:
                case Assign(targets=(Name(id=loss),), value=Call() as made):
                    hangs = outputs.intersection(names_read(made, self._carrying))
                    once = [s for s in body if assigned(s, loss) is not None]
                    if hangs and loss not in outputs and len(once) == 1:
                        yield loss, Basis.NAMED if guarded else Basis.USED

    def _starts_empty(self, total: str) -> bool:
        bound = self._scope.bindings.get(total, [])
        return any(
            b.via is Via.VALUE
            and (isinstance(b.value, Const | Sequence) or place_of(b.value) is None)
            and not isinstance(b.value, Binary)
            for b in bound
        )

    def _is_used(self, total: str) -> bool:
        """Whether backward runs through a sum or list, or may run through what is made of it."""
        made_of = self._made_of(total)
        for statement in statements_of(self._scope.node.body):
            for expr in expressions_of(statement):
                for part in parts_of(expr):
                    match part:
                        case Call(func=Attr(value=receiver, name="backward")):
                            if made_of.intersection(names_read(receiver, lambda _: True)):
                                return True
                        case Item(value=collection) if place_of(collection) == total:
                            return True  # an element is used by itself
                        case Call(args=args) if not _only_shows(part):
                            if any(place_of(argument) in made_of for argument in args):
                                return True
        return False

    def _made_of(self, total: str) -> set[str]:
        """The names of what is computed from a sum or list without being cut off."""
        found, before = {total}, 0
        while len(found) > before:
            before = len(found)
            for statement in statements_of(self._scope.node.body):
                match statement:
                    case Assign(targets=targets, value=value):
                        into = targets
                    case For(target=target, iter=value):
                        into = (target,)
                    case _:
                        continue
                if found.intersection(names_read(value, _keeps)):
                    found.update(name for target in into for name in names_in(target))
        return found


def evaluates(scope: Scope) -> bool:
    """Whether a function evaluates a module in a loop, and adds up what comes out."""
    return bool(_told_to_evaluate(scope)) and any(
        isinstance(loop, For) and any(map(_adds, statements_of(loop.body)))
        for loop in statements_of(scope.node.body)
    )


def _adds(statement: Stmt) -> bool:
    return isinstance(statement, AugAssign) or (
        isinstance(statement, ExprStmt)
        and isinstance(statement.value, Call)
        and isinstance(statement.value.func, Attr)
        and statement.value.func.name == "append"
    )


def _told_to_evaluate(scope: Scope) -> set[str]:
    """The places that `eval()` is called on, in a function that runs no backward."""
    methods = [
        (place_of(call.func.value), call.func.name)
        for call in scope.calls
        if isinstance(call.func, Attr)
    ]
    if any(name == "backward" for _, name in methods):
        return set()
    return {place for place, name in methods if name == "eval" and place is not None}


def assigned(statement: Stmt, place: str) -> Expr | None:
    """What a statement gives a place."""
    match statement:
        case Assign(targets=targets, value=value):
            names = {name for target in targets for name in names_in(target)}
            return value if place in names else None
        case AugAssign(target=target, value=value):
            return value if place_of(target) == place else None
    return None


def _keeps(call: Call) -> bool:
    return place_of(call.func) != "float"


def _only_shows(call: Call) -> bool:
    return (place_of(call.func) or "").rpartition(".")[2] in _SHOWS
