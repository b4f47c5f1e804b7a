"""What `optimizer.step(...)` is called with: a function, what calling one gave, a tensor."""

from collections.abc import Iterator

from lintgrad.flow.calls.touching import Touching
from lintgrad.flow.events import Given, StepCall
from lintgrad.flow.names.bindings import Via, at
from lintgrad.flow.names.bound_once import bound_once, once
from lintgrad.flow.names.elements import element_source, items_of
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.module_classes import builds_module
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.role import Found
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax import apis
from lintgrad.syntax.grad_modes import SWITCHES
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, AugAssign, Call, Const, Expr, Function, Name, Stmt
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

_OF_TENSORS = frozenset(
    # Methods of tensors that a loss is made with and that run no code of anybody else's.
    "abs add div exp flatten item log log_softmax mean mul norm pow reshape size softmax sqrt "
    "square squeeze sub sum t to unsqueeze view zero_grad clamp clamp_ detach append float".split()
)


class Closures:
    """Looks at what the steps of one function are called with."""

    def __init__(self, scope: Scope, places: Places, roles: Roles, touching: Touching) -> None:
        self._scope = scope
        self._places = places
        self._roles = roles
        self._touching = touching

    def events(self, call: Call, receiver: str) -> tuple[StepCall, ...]:
        """What a step of one of torch's optimizers is called with, where that says something."""
        place = self._places.canonical(receiver)
        kind = self._kind(place)
        if kind is None:
            return ()
        if not call.args and not call.keywords:
            return (StepCall(call.span, place, kind, Given.NOTHING),)
        argument = call.argument(0, "closure")
        if argument is None:
            return ()
        callee = self._roles.callees.of_value(self._scope, argument)
        if callee is not None:
            return tuple(self._of_function(call, place, kind, callee))
        given = self._given(argument)
        return () if given is None else (StepCall(call.span, place, kind, given),)

    def _kind(self, place: str) -> str | None:
        """The class of torch that an optimizer is of, if it is one and shows."""
        found = self._places.found(place)
        made = [found] if found is not None and found.build is not None else self._elements(place)
        names = {m.scope.dotted(m.build.func) if m and m.scope and m.build else None for m in made}
        name = names.pop() if len(names) == 1 else None
        return name if name in apis.TORCH_OPTIMIZERS else None

    def _elements(self, place: str) -> list[Found | None]:
        """What those elements of a display hold that a caller's loop passes for a place."""
        passed = (self._scope.arguments or {}).get(place)
        given = place_of(passed.expr) if passed is not None else None
        if passed is None or given is None:
            return []
        bound = at(passed.scope.bindings.get(given, []), passed.expr.span)
        if len(bound) != 1 or bound[0].via is not Via.ELEMENT:
            return []
        source = element_source(bound[0].value, bound[0].index, bound[0].parts)
        shown = bound_once(passed.scope, source) if source is not None else None
        items = items_of(shown.expr) if shown is not None else ()
        return [self._roles.of_expr(shown.scope, item) for item in items] if shown else []

    def _of_function(self, call: Call, place: str, kind: str, callee: Callee) -> Iterator[StepCall]:
        scope = callee.scope
        node = scope.node
        decorators = node.decorators if isinstance(node, Function) else ()
        names = {scope.dotted(d.func if isinstance(d, Call) else d) for d in decorators}
        if scope.is_generator or not names <= SWITCHES.keys():
            return
        returns = any(not _is_none(value) for value in scope.returns())
        loud = [each for each in scope.calls if not self._is_quiet(scope, each, place)]
        plain = not _names_gradients(scope)
        clears = self._clears(scope, place)
        idle = plain and not loud
        silent = not any(_is_method(each, "zero_grad") for each in scope.calls)
        gathers = plain and silent and bool(loud) and all(_is_method(e, "backward") for e in loud)
        again = gathers and self._evaluates_again(place)
        yield StepCall(call.span, place, kind, Given.FUNCTION, returns, idle, clears, again)

    def _evaluates_again(self, place: str) -> bool:
        """Whether nothing says that a step is content with the first loss (`max_iter=1`)."""
        found = self._roles.of_place(self._scope, place)
        build = found.build if found is not None else None
        most = build.argument(2, "max_iter") if build is not None else None
        return build is not None and not (isinstance(most, Const) and most.value == 1)

    def _clears(self, scope: Scope, optimizer: str) -> bool:
        """Whether a closure clears what the optimizer is to apply, by `zero_grad()`."""
        cleared = {optimizer, *self._places.known(optimizer).owners.places}
        return any(
            isinstance(call.func, Attr)
            and call.func.name == "zero_grad"
            and place_of(call.func.value) in cleared
            for call in scope.calls
        )

    def _is_quiet(self, scope: Scope, call: Call, optimizer: str) -> bool:
        """Whether a call in a closure is sure to run no backward."""
        name = scope.dotted(call.func)
        if name is not None:
            return name.startswith("torch.") and not name.startswith("torch.autograd")
        if isinstance(call.func, Attr) and call.func.name in _OF_TENSORS:
            return True
        callee = self._roles.callees.of_call(scope, call)
        if callee is not None:
            return not self._touching.runs_touching(callee)
        place = place_of(call.func)
        if place is None:
            return False
        if place in apis.HARMLESS_BUILTINS:
            return place not in ("map", "getattr")
        return place in self._places.known(optimizer).owners.places or _is_of_torch(scope, place)

    def _given(self, argument: Expr) -> Given | None:
        if isinstance(argument, Call):
            ran = self._roles.callees.of_call(self._scope, argument)
            if ran is None or ran.scope.is_generator:
                return None
            returned = list(ran.scope.returns())
            is_loss = bool(returned) and all(_is_loss(ran.scope, value) for value in returned)
            return Given.RESULT if is_loss else None
        return Given.TENSOR if _is_loss(self._scope, argument) else None


def _is_method(call: Call, name: str) -> bool:
    return isinstance(call.func, Attr) and call.func.name == name


def _names_gradients(scope: Scope) -> bool:
    """Whether a function reads or writes a `.grad` itself."""
    return any(
        isinstance(part, Attr) and part.name == "grad"
        for statement in statements_of(scope.node.body)
        for expr in (*expressions_of(statement), *targets_of(statement))
        for part in parts_of(expr)
    )


def targets_of(statement: Stmt) -> tuple[Expr, ...]:
    """What a statement assigns to."""
    match statement:
        case Assign():
            return statement.targets
        case AugAssign():
            return (statement.target,)
    return ()


def _is_none(value: Expr) -> bool:
    return isinstance(value, Const) and value.value is None


def _is_of_torch(scope: Scope, place: str) -> bool:
    """Whether a place is bound once, to a module of torch's own."""
    made = once(scope.lookup(place))
    return made is not None and isinstance(made.expr, Call) and builds_module(made.scope, made.expr)


def _is_loss(scope: Scope, value: Expr) -> bool:
    """Whether a name is only ever bound in a function that runs backward on it: a tensor."""
    if not isinstance(value, Name) or value.id not in scope.bindings:
        return False
    values = [b.value for b in scope.bindings[value.id]]
    if any(isinstance(v, Const | Name | Attr) for v in values):
        return False
    return scope.parameter(value.id) is None and any(
        isinstance(call.func, Attr)
        and call.func.name == "backward"
        and place_of(call.func.value) == value.id
        and not _takes_item(values)
        for call in scope.calls
    )


def _takes_item(values: list[Expr]) -> bool:
    return any(
        isinstance(v, Call) and isinstance(v.func, Attr) and v.func.name in ("item", "tolist")
        for v in values
    )
