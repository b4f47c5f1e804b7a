"""What a loop carries from one round to the next with its graph: states, and running sums."""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.slips.carrying import Carrying, names_read
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.graphs_used import backward_of, loss_of
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
    Name,
    Stmt,
    While,
)
from lintgrad.syntax.walk import children_of, expressions_of, parts_of, statements_of


class Carried:
    """Finds what the loops of one function carry on with its graph."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._modes = GradModes(scope)
        self._carrying = Carrying(scope)
        self._found: dict[Stmt, tuple[Slipped, ...]] = {}
        for loop in statements_of(scope.node.body):
            if isinstance(loop, For | While):
                self._read(loop)

    def of(self, statement: Stmt) -> tuple[Slipped, ...]:
        """What a statement carries on."""
        return self._found.get(statement, ())

    def _read(self, loop: For | While) -> None:
        body = list(_own_statements(loop.body))
        for statement in body:
            call = backward_of(statement)
            loss = loss_of(call) if call is not None else None
            if loss is None or call is None:
                continue
            values = [v for s in body if (v := _assigned(s, loss)) is not None]
            if len(values) != 1:
                continue  # it may have been cut in between
            for one in body:
                summed = self._summed(one, loss)
                if summed is not None:
                    slip = Slipped(one.span, Slip.RUNNING_SUM, summed, Basis.USED, loss)
                    self._found[one] = (slip,)
            self._state(body, loop, values[0], call)

    def _summed(self, statement: Stmt, loss: str) -> str | None:
        """The running sum or list that a statement adds a loss to, its graph with it."""
        if self._modes.may_be_off(statement.span):
            return None
        match statement:
            case AugAssign(target=Name(id=total), op="+", value=value):
                added: Expr = value
            case Assign(targets=(Name(id=total),), value=Binary(op="+", left=left, right=right)):
                if place_of(left) != total:
                    return None
                added = right
            case ExprStmt(
                value=Call(func=Attr(value=Name(id=total), name="append"), args=(value,))
            ):
                added = value
            case _:
                return None
        if (
            loss not in names_read(added, self._carrying)
            or total == loss
            or not self._starts_empty(total)
        ):
            return None
        return None if self._is_used(total) else total

    def _starts_empty(self, total: str) -> bool:
        bound = self._scope.bindings.get(total, [])
        return any(
            b.via is Via.VALUE
            and (isinstance(b.value, Const) or place_of(b.value) is None)
            and not isinstance(b.value, Binary)
            for b in bound
        )

    def _is_used(self, total: str) -> bool:
        """Whether backward runs through a sum, or something is computed of it that it may."""
        for statement in statements_of(self._scope.node.body):
            for expr in expressions_of(statement):
                for part in parts_of(expr):
                    match part:
                        case Call(func=Attr(value=receiver, name="backward")):
                            if total in names_read(receiver, lambda _: True):
                                return True
                        case Call(args=args) if any(place_of(a) == total for a in args):
                            if not _only_shows(part):
                                return True
        return False

    def _state(self, body: list[Stmt], loop: For | While, value: Expr, backward: Call) -> None:
        """A state that goes into a trained module, and comes out of it for the next round."""
        for statement in body:
            if not isinstance(statement, Assign) or not isinstance(statement.value, Call):
                continue
            made = {name for target in statement.targets for name in names_in(target)}
            given = {p for a in statement.value.args if (p := place_of(a)) is not None}
            for state in made & given:
                if (
                    place_of(statement.value.func) in self._carrying.trained
                    and not self._is_renewed(state, statement, loop)
                    and self._leads_to(made, value, body)
                    and not self._modes.may_be_off(statement.span)
                    and not _retains_by_choice(backward)
                ):
                    retained = "retain_graph" if _retains(backward) else ""
                    slip = Slipped(statement.span, Slip.GRAPH_CARRIED, state, Basis.USED, retained)
                    self._found[statement] = (slip,)

    def _is_renewed(self, state: str, own: Assign, loop: For | While) -> bool:
        """Whether anything else in the loop may give a state a new value, or cut it."""
        if "." in state or "[" in state:
            return True
        for statement in statements_of(loop.body):
            if statement is own:
                continue
            if isinstance(statement, For) and state in names_in(statement.target):
                return True
            if isinstance(statement, Assign) and any(
                name.split(".")[0].split("[")[0] == state
                for target in statement.targets
                for name in names_in(target)
            ):
                return True
            for expr in expressions_of(statement):
                for part in parts_of(expr):
                    if isinstance(part, Attr) and place_of(part.value) == state:
                        return True
        return state in names_in(loop.target) if isinstance(loop, For) else False

    def _leads_to(self, made: set[str], value: Expr, body: list[Stmt]) -> bool:
        """Whether a loss is computed from what the module gave, by names of the same loop."""
        todo, seen = list(names_read(value, self._carrying)), set[str]()
        while todo:
            name = todo.pop()
            if name in made:
                return True
            if name not in seen:
                seen.add(name)
                values = [v for s in body if (v := _assigned(s, name)) is not None]
                if len(values) == 1:
                    todo.extend(names_read(values[0], self._carrying))
        return False


def _own_statements(body: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """The statements of a loop that no loop in it repeats."""
    for statement in body:
        yield statement
        if not isinstance(statement, For | While):
            for block in children_of(statement):
                yield from _own_statements(block)


def _assigned(statement: Stmt, place: str) -> Expr | None:
    """What a statement gives a place."""
    match statement:
        case Assign(targets=targets, value=value):
            names = {name for target in targets for name in names_in(target)}
            return value if place in names else None
        case AugAssign(target=target, value=value):
            return value if place_of(target) == place else None
    return None


def _retains(backward: Call) -> bool:
    given = backward.argument(1, "retain_graph")
    return isinstance(given, Const) and given.value is True


def _retains_by_choice(backward: Call) -> bool:
    """Whether it is not written down if a backward keeps its graph."""
    given = backward.argument(1, "retain_graph")
    return given is not None and not isinstance(given, Const)


def _only_shows(call: Call) -> bool:
    last = (place_of(call.func) or "").rpartition(".")[2]
    return last in ("print", "len", "float", "item", "info", "append", "add_scalar", "mean", "sum")
