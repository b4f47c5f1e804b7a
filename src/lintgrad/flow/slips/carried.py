"""What a loop carries from one round to the next with its graph: states, and running sums."""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.slips.carrying import Carrying, names_read
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.graphs_used import backward_of, loss_of
from lintgrad.flow.slips.running import Running, assigned
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Call,
    Const,
    Expr,
    ExprStmt,
    For,
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
        self._running = Running(scope, self._carrying, self._modes)
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
            values = [v for s in body if (v := assigned(s, loss)) is not None]
            if len(values) != 1:
                continue  # it may have been cut in between
            self._sums(body, loss, Basis.USED)
            self._state(body, loop, values[0], call)
        for loss, basis in self._running.evaluated(body):
            self._sums(body, loss, basis)

    def _sums(self, body: list[Stmt], loss: str, basis: Basis) -> None:
        for one in body:
            summed = self._running.summed(one, loss)
            if summed is not None:
                self._found[one] = (Slipped(one.span, Slip.RUNNING_SUM, summed, basis, loss),)

    def _state(self, body: list[Stmt], loop: For | While, value: Expr, backward: Call) -> None:
        """A state that goes into a trained module, and comes out of it for the next round."""
        for statement in body:
            if not isinstance(statement, Assign) or not isinstance(statement.value, Call):
                continue
            made = {name for target in statement.targets for name in names_in(target)}
            given = {name for a in statement.value.args for name in names_in(a)}
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
            if _hands_out(statement, state):
                return True  # what it is given to may cut it in place
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
                values = [v for s in body if (v := assigned(s, name)) is not None]
                if len(values) == 1:
                    todo.extend(names_read(values[0], self._carrying))
        return False


def _hands_out(statement: Stmt, state: str) -> bool:
    """Whether a statement gives a state, or each part of it, another name, or to a function."""
    match statement:
        case Assign(value=value) | For(iter=value) if place_of(value) == state:
            return True
        case For(iter=Call(args=args)) | ExprStmt(value=Call(args=args)):
            return state in map(place_of, args)
    return False


def _own_statements(body: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """The statements of a loop that no loop in it repeats."""
    for statement in body:
        yield statement
        if not isinstance(statement, For | While):
            for block in children_of(statement):
                yield from _own_statements(block)


def _retains(backward: Call) -> bool:
    given = backward.argument(1, "retain_graph")
    return isinstance(given, Const) and given.value is True


def _retains_by_choice(backward: Call) -> bool:
    """Whether it is not written down if a backward keeps its graph."""
    given = backward.argument(1, "retain_graph")
    return given is not None and not isinstance(given, Const)
