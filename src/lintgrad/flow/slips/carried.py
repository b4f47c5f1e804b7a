"""What a loop carries from one round to the next with its graph: states, and running sums."""

from collections.abc import Iterator
from dataclasses import dataclass

from lintgrad.flow.events import Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bound_once import definition
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.module_classes import lets_through
from lintgrad.flow.places.origins import Origins
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.slips.backwards_run import BackwardsRun, Ran
from lintgrad.flow.slips.carrying import Carrying, names_read
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.flow.slips.running import Running, assigned
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    Call,
    Comprehension,
    Const,
    Expr,
    For,
    Sequence,
    Stmt,
    While,
)
from lintgrad.syntax.walk import children_of, expressions_of, parts_of, statements_of


@dataclass(frozen=True, slots=True)
class _Round:
    """What runs again and again: statements, and the names that each round draws."""

    body: tuple[Stmt, ...]
    drawn: frozenset[str]


class Carried:
    """Finds what the loops of one function carry on with its graph."""

    def __init__(self, scope: Scope, roles: Roles, origins: Origins) -> None:
        self._scope = scope
        self._roles = roles
        self._origins = origins
        self._ran = BackwardsRun(scope, roles)
        self._modes = GradModes(scope)
        self._carrying = Carrying(scope, origins)
        self._running = Running(scope, self._carrying, self._modes)
        self._found: dict[Stmt, tuple[Slipped, ...]] = {}
        for loop in statements_of(scope.node.body):
            if isinstance(loop, For | While):
                self._read(loop)

    def of(self, statement: Stmt) -> tuple[Slipped, ...]:
        """What a statement carries on."""
        return self._found.get(statement, ())

    def _read(self, loop: For | While) -> None:
        body = list(own_statements(loop.body))
        drawn = names_in(loop.target) if isinstance(loop, For) else ()
        around = _Round(loop.body, frozenset(drawn))
        for value, ran in self._losses(body):
            self._sums(body, ran.loss, Basis.USED)
            for carries, slip in self._states(body, around, value, ran.call):
                self._found[carries] = (slip,)
        for statement in body:
            if isinstance(statement, Assign) and isinstance(statement.value, Call):
                for slip in self._through(statement, statement.value, around):
                    self._found[statement] = (slip,)
        for loss, basis in self._running.evaluated(body):
            self._sums(body, loss, basis)

    def _losses(self, body: list[Stmt]) -> Iterator[tuple[Expr, Ran]]:
        """The backward calls that some statements run, with what each loss is given there."""
        for statement in body:
            ran = self._ran.of(statement)
            values = [v for s in body if ran and (v := assigned(s, ran.loss)) is not None]
            if ran is not None and len(values) == 1:  # otherwise it may be cut in between
                yield values[0], ran

    def _through(self, statement: Assign, call: Call, around: "_Round") -> Iterator[Slipped]:
        """A state that goes through a function which does all of a round, and comes back."""
        frame = self._ran.frame(call)
        returned = list(frame.returns()) if frame is not None else []
        if frame is None or len(returned) != 1 or len(statement.targets) != 1:
            return
        inner = Carried(frame, self._roles, self._origins)
        body = list(own_statements(frame.node.body))
        whole = _Round(frame.node.body, frozenset())
        back = dict(zip(_items(returned[0]), _items(statement.targets[0]), strict=False))
        for value, ran in inner._losses(body):
            for _, slip in inner._states(body, whole, value, ran.call):
                passed = (frame.arguments or {}).get(slip.subject)
                given = place_of(passed.expr) if passed is not None else None
                same = given is not None and back.get(slip.subject) == given
                if same and given and not self._is_renewed(given, statement, around):
                    yield slip

    def _sums(self, body: list[Stmt], loss: str, basis: Basis) -> None:
        for one in body:
            summed = self._running.summed(one, loss)
            if summed is not None:
                self._found[one] = (Slipped(one.span, Slip.RUNNING_SUM, summed, basis, loss),)

    def _states(
        self, body: list[Stmt], around: "_Round", value: Expr, backward: Call
    ) -> Iterator[tuple[Assign, Slipped]]:
        """A state that goes into a trained module, and comes out of it for the next round."""
        for statement in body:
            if not isinstance(statement, Assign) or not isinstance(statement.value, Call):
                continue
            made = {name for target in statement.targets for name in names_in(target)}
            given = {name for a in statement.value.args for name in names_in(a)}
            for state in made & given:
                if (
                    self._carrying.trains(place_of(statement.value.func))
                    and not self._may_cut(statement.value.func)
                    and not self._is_renewed(state, statement, around)
                    and self._leads_to(made, value, body)
                    and not self._modes.may_be_off(statement.span)
                    and not _retains_by_choice(backward)
                ):
                    retained = "retain_graph" if _retains(backward) else ""
                    kind = Slip.GRAPH_CARRIED
                    yield statement, Slipped(statement.span, kind, state, Basis.USED, retained)

    def _is_renewed(self, state: str, own: Assign, around: "_Round") -> bool:
        """Whether anything else in the round may give a state a new value, or cut it."""
        if "." in state or "[" in state:
            return True
        for statement in statements_of(around.body):
            if statement is own:
                continue
            if isinstance(statement, For) and state in names_in(statement.target):
                return True
            if self._hands_out(statement, state):
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
        return state in around.drawn

    def _hands_out(self, statement: Stmt, state: str) -> bool:
        """Whether a statement gives a state, or each part of it, another name, or to a function."""
        match statement:
            case Assign(value=value) | For(iter=value) if state in _items(value):
                return True
        for expr in expressions_of(statement):
            for part in parts_of(expr):
                match part:
                    case Comprehension(clauses=clauses):
                        if any(state in _items(clause.iter) for clause in clauses):
                            return True
                    case Call(args=args, keywords=keywords) if not self._only_reads(part):
                        handed = (*args, *(keyword.value for keyword in keywords))
                        if any(state in _items(one) for one in handed):
                            return True
        return False

    def _only_reads(self, call: Call) -> bool:
        """Whether a call leaves what it is given as it is: torch's, a module's, or a loss's."""
        name = self._scope.dotted(call.func)
        if name is not None:
            return name.startswith("torch.")
        place = place_of(call.func)
        made = definition(self._scope, place) if place is not None else None
        if made is not None and isinstance(made.expr, Call):
            built = made.scope.dotted(made.expr.func) or ""
            if built.startswith("torch."):
                return True
        followed = self._roles.callees.of_call(self._scope, call) is not None
        named = place is not None and guesses.named_like_loss(place) and not followed
        return named or self._carrying.trains(place)

    def _may_cut(self, module: Expr) -> bool:
        """Whether a module of the project may cut what it is given, or what it gives back."""
        place = place_of(module)
        made = definition(self._scope, place) if place is not None else None
        if made is None or not isinstance(made.expr, Call):
            return False
        own = made.scope.class_named(place_of(made.expr.func) or "")
        return own is not None and not lets_through(own)

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


def _items(expr: Expr) -> list[str | None]:
    """The places that an expression consists of."""
    return [place_of(item) for item in (expr.items if isinstance(expr, Sequence) else (expr,))]


def own_statements(body: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """The statements of a loop that no loop in it repeats."""
    for statement in body:
        yield statement
        if not isinstance(statement, For | While):
            for block in children_of(statement):
                yield from own_statements(block)


def _retains(backward: Call) -> bool:
    given = backward.argument(1, "retain_graph")
    return isinstance(given, Const) and given.value is True


def _retains_by_choice(backward: Call) -> bool:
    """Whether it is not written down if a backward keeps its graph."""
    given = backward.argument(1, "retain_graph")
    return given is not None and not isinstance(given, Const)
