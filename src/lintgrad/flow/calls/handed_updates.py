"""Updates by hand of leaves that a function of the project is handed in a list."""

from collections.abc import Iterator

from lintgrad.flow.events import Step
from lintgrad.flow.names.bindings import Via, at
from lintgrad.flow.names.elements import element_source
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.gradients_by_hand import updated, updated_in_place
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.parameters import Parameters
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, AugAssign, Call, Expr, ExprStmt, Name, Stmt
from lintgrad.syntax.walk import statements_of


class HandedUpdates:
    """Tells of the calls of one function which leaves they update, as that function names them."""

    def __init__(self, scope: Scope, places: Places, roles: Roles) -> None:
        self._scope = scope
        self._roles = roles
        self._parameters = Parameters(scope, places)

    def of(self, call: Call) -> Iterator[Step]:
        """What a call applies of the gradients of what it is handed.

        A function that runs backward as well does so in an order of its own.
        """
        callee = self._roles.callees.of_call(self._scope, call)
        if callee is None or ".grad" not in callee.scope.source.text:
            return
        if _runs_backward(callee.scope):
            return
        names = set(_updated_parameters(callee.scope))
        frame = self._roles.frames.of_call(self._scope, call, callee) if names else None
        for name in sorted(names):
            handed = (frame.arguments or {}).get(name) if frame is not None else None
            if handed is not None and handed.scope is self._scope:
                place = self._parameters.updated_elements(handed.expr)
                if place is not None:
                    yield Step(call.span, place)


def _runs_backward(scope: Scope) -> bool:
    calls = (call.func for call in scope.calls)
    return any(isinstance(func, Attr) and func.name == "backward" for func in calls)


def _updated_parameters(scope: Scope) -> Iterator[str]:
    """The parameters whose elements a function updates by their gradients."""
    for statement in statements_of(scope.node.body):
        leaf = _updated(statement)
        if not isinstance(leaf, Name):
            continue
        for binding in at(scope.bindings.get(leaf.id, []), leaf.span):
            if binding.via is not Via.ELEMENT:
                continue
            source = element_source(binding.value, binding.index, binding.parts)
            name = place_of(source) if source is not None else None
            if name is not None and scope.parameter(name) and name not in scope.bindings:
                yield name


def _updated(statement: Stmt) -> Expr | None:
    """The leaf that a statement updates by its gradient."""
    match statement:
        case AugAssign(target=target, op="+" | "-", value=value):
            return updated(target, value)
        case Assign(targets=(Attr(name="data") as target,), value=value):
            return updated(target, value)
        case ExprStmt(value=Call() as call):
            return updated_in_place(call)
    return None
