"""Leaves that a function is passed, and gives back as something else."""

from collections.abc import Iterator

from lintgrad.flow.events import Slipped
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import from_caller
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.slips.backwards_run import BackwardsRun
from lintgrad.flow.slips.carried import own_statements
from lintgrad.flow.slips.updating import is_switched, is_update, makes_leaf
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Break, Call, For, Item, Raise, Return, Stmt, While
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of


def is_passed_leaf(frame: Scope, parameter: str) -> bool:
    """Whether a call passes a leaf that nothing but its own result may have taken the name of."""
    passed = (frame.arguments or {}).get(parameter)
    if passed is None:
        return False
    scope, expr = from_caller(*passed)
    place = place_of(expr)
    found = scope.lookup(place) if place is not None else None
    if found is None or place is None or is_switched(found[0], place):
        return False
    own = frame.call[1] if frame.call is not None else None
    values = [binding.value for binding in found[1] if binding.value is not own]
    plain = all(binding.via is Via.VALUE for binding in found[1])
    return plain and bool(values) and all(makes_leaf(found[0], value) for value in values)


class Rounds:
    """Finds leaves that a loop hands to a function, which gives back what is none."""

    def __init__(self, scope: Scope, roles: Roles) -> None:
        self._scope = scope
        self._ran = BackwardsRun(scope, roles)
        self._found: dict[Stmt, Slipped] = {}
        for loop in statements_of(scope.node.body):
            if isinstance(loop, For | While) and _repeats(loop):
                for statement in own_statements(loop.body):
                    for slipped in self._given_back(statement, loop):
                        self._found[statement] = slipped

    def of(self, statement: Stmt) -> Iterator[Slipped]:
        """The update by which a statement of a loop loses a leaf."""
        if statement in self._found:
            yield self._found[statement]

    def _given_back(self, statement: Stmt, loop: For | While) -> Iterator[Slipped]:
        match statement:
            case Assign(targets=(target,), value=Call() as call):
                frame = self._ran.frame(call)
                place = place_of(target)
                if frame is None or place is None or _is_handed_out(place, statement, loop):
                    return
                others = [b for b in self._scope.bindings.get(place, ()) if b.value != call]
                for name, passed in (frame.arguments or {}).items():
                    same = place_of(passed.expr) == place and len(others) == 1
                    if same and is_passed_leaf(frame, name):
                        yield from _lost(frame, name)


def _repeats(loop: For | While) -> bool:
    """Whether a loop is there for more than one round, as far as that shows."""
    ends = any(isinstance(statement, Break | Return | Raise) for statement in loop.body)
    return not ends and not (isinstance(loop, For) and isinstance(loop.iter, Item))


def _is_handed_out(place: str, own: Stmt, loop: For | While) -> bool:
    """Whether something else in a loop gets a place, which may make it a leaf again."""
    return any(
        isinstance(part, Call) and place in map(place_of, part.args)
        for statement in statements_of(loop.body)
        if statement is not own
        for expr in expressions_of(statement)
        for part in parts_of(expr)
    )


def _lost(frame: Scope, name: str) -> Iterator[Slipped]:
    """The only thing that a function does with a leaf's name, if it returns the outcome."""
    bound = frame.bindings.get(name, [])
    back = [place_of(value) for value in frame.returns()]
    if len(bound) != 1 or back != [name] or is_switched(frame, name):
        return
    value = bound[0].value
    for statement in frame.node.body if is_update(value, name) else ():
        if isinstance(statement, Assign) and statement.value is value:
            yield Slipped(statement.span, Slip.LEAF_LOST, name, Basis.USED)
