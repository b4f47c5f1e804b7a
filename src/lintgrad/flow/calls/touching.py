"""Which functions of a file may clear, step or run backward when they are called."""

from lintgrad.flow.names import guesses
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.gradients_by_hand import grad_holder, writes_grad
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax import clipping
from lintgrad.syntax.frameworks import METHODS
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    AugAssign,
    Call,
    Const,
    Delete,
    Expr,
    Lambda,
    Name,
    Stmt,
)
from lintgrad.syntax.walk import expressions_of, handed_to, parts_of, statements_of

_FRAMEWORK_METHODS = frozenset(method for (_, method), row in METHODS.items() if row.effects)
_METHODS = frozenset({"backward", "zero_grad", "step", "first_step", "second_step"})


class Touching:
    """Answers whether calling a function of the project may change gradients."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._callees = roles.callees
        self._known: dict[Scope, bool] = {}
        self._asked: set[Scope] = set()
        """What was come to since the first question that is not answered yet."""
        self._of_class: dict[tuple[Scope, ClassScope], Scope] = {}
        self._cut = False

    def may_touch(self, scope: Scope) -> bool:
        """Whether a call of the function may clear, step or run backward."""
        made = scope.parent is not None and scope.parent.arguments is not None
        function = scope if made else scope.function_itself
        if scope.owner is not function.owner and scope.owner is not None:
            function = self._as_method_of(function, scope.owner)
        if function in self._known:
            return self._known[function]
        if function in self._asked:
            self._cut = True  # what is found without it is not final
            return False
        outermost, cut = not self._asked, self._cut
        self._asked.add(function)
        self._cut = False
        found = touches_itself(function) or any(
            self.call_may_touch(function, call) for call in function.calls
        )
        if found or not self._cut:
            self._known[function] = found
        self._cut |= cut
        if outermost:
            if not found:  # nor does anything that it leads to
                self._known |= dict.fromkeys(self._asked, False)
            self._asked.clear()
            self._cut = False
        return found

    def _as_method_of(self, function: Scope, owner: ClassScope) -> Scope:
        """A method as a class has it that derives from the one it stands in."""
        key = (function, owner)
        if key not in self._of_class:
            method = function.called_with({}, function.parent, owner)
            method.arguments = None
            self._of_class[key] = method
        return self._of_class[key]

    def runs_touching(self, callee: Callee) -> bool:
        """Whether what a call runs may clear, step or run backward."""
        scope = callee.scope
        if callee.owner is not None and callee.owner is not scope.owner:
            scope = self._as_method_of(scope, callee.owner)
        return self.may_touch(scope)

    def makes_touching(self, callee: Callee) -> bool:
        """Whether what a function returns may clear, step or run backward when it is called."""
        return self.runs_touching(callee) or any(
            isinstance(part, Attr) and part.name in _METHODS
            for statement in statements_of(callee.scope.node.body)
            for expr in expressions_of(statement)
            for part in parts_of(expr)
        )

    def call_may_touch(self, scope: Scope, call: Call) -> bool:
        """Whether a call runs a function of the project that may change gradients."""
        callee = self._callees.of_call(scope, call)
        if callee is not None and self.runs_touching(callee):
            return True
        chosen = self._roles.choices.of_call(scope, call) if callee is None else None
        if chosen is not None and any(map(self.runs_touching, chosen[1])):
            return True
        called = self._roles.of_expr(scope, call.func)
        if called is not None and (called.kind, "__call__") in METHODS:
            return True
        return any(self._touching_value(scope, argument) for argument in handed_to(call))

    def _touching_value(self, scope: Scope, argument: Expr) -> bool:
        """Whether a function is handed over that changes gradients when it is called."""
        if not isinstance(argument, Name | Attr | Lambda):
            return False
        passed = self._callees.of_value(scope, argument)
        return passed is not None and self.runs_touching(passed)


def touches_itself(scope: Scope) -> bool:
    """Whether a function's own statements may clear, step or run backward."""
    return (
        any(map(_touching_call, scope.calls))
        or _rebuilds(scope)
        or handles_gradients(scope)
        or any(
            writes_grad(target)
            for statement in statements_of(scope.node.body)
            if isinstance(statement, (Assign, Delete))
            for target in statement.targets
        )
    )


def handles_gradients(scope: Scope) -> bool:
    """Whether a function reads or writes gradients itself, in whatever way."""
    return any(
        (
            isinstance(part, Attr)
            and (part.name in ("grad", "zero_grad") or part.name.startswith("_foreach_"))
        )
        or (isinstance(part, Const) and part.value in ("grad", "zero_grad"))
        for statement in statements_of(scope.node.body)
        for expr in (*expressions_of(statement), *_targets(statement))
        for part in parts_of(expr)
    )


def _targets(statement: Stmt) -> tuple[Expr, ...]:
    return (statement.target,) if isinstance(statement, AugAssign) else ()


def _rebuilds(scope: Scope) -> bool:
    """Whether a method gives `self` an optimizer, but for the one that makes the object."""
    return not scope.name.endswith("__init__") and any(
        place.startswith("self.") and _is_built_on_parameters(binding.value)
        for place, bindings in scope.bindings.items()
        for binding in bindings
    )


def _is_built_on_parameters(value: Expr) -> bool:
    return isinstance(value, Call) and any(
        isinstance(arg, Call) and isinstance(arg.func, Attr) and arg.func.name == "parameters"
        for arg in value.args
    )


def _touching_call(call: Call) -> bool:
    func = call.func
    if isinstance(func, Call) and isinstance(func.func, Name) and func.func.id == "getattr":
        return True
    if place_of(func) is not None and (place_of(func) or "").rsplit(".", 1)[-1] in clipping.NAMES:
        return True
    if isinstance(func, Name):
        return guesses.changes_gradients(func.id)
    if not isinstance(func, Attr):
        return False
    if func.name in ("zero_", "fill_", "copy_"):
        return grad_holder(func.value) is not None
    if func.name == "step":
        place = place_of(func.value) or ""
        return guesses.named_like_scaler(place) or not guesses.not_an_optimizer(place)
    if func.name in ("update", "unscale_"):
        return guesses.named_like_scaler(place_of(func.value) or "")
    return (
        func.name in _METHODS
        or func.name in _FRAMEWORK_METHODS
        or guesses.changes_gradients(func.name)
    )
