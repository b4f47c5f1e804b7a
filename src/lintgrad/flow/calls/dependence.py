"""Whose parameters each backward of a function reaches, followed statement by statement."""

import re
from collections.abc import Iterable, Iterator

from lintgrad.flow.calls.reaching import Env, Reaching, Surroundings
from lintgrad.flow.events.reach import NOTHING, UNKNOWN, Reach, either, together
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.names import guesses
from lintgrad.flow.names.place_parts import is_part
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.grad_modes import TURNING_OFF
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    AugAssign,
    Call,
    Expr,
    ExprStmt,
    For,
    If,
    Match,
    Sequence,
    Stmt,
    Try,
    While,
    With,
)
from lintgrad.syntax.walk import expressions_of, parts_of

_TOGGLES = re.compile(
    # What switches gradients of parameters off and on again, or turns them round.
    r"\.requires_grad\s*=|requires_grad_\(\s*[^)\s]|freeze|set_grad_enabled|autograd\.Function"
    r"|register_\w*hook|toggle_optimizer|inputs="
)


class Dependence:
    """Answers what the losses of one function reach; remembers its answers."""

    def __init__(self, scope: Scope, places: Places, roles: Roles) -> None:
        self._scope = scope
        self._reaching = Reaching(places, roles, self._returned)
        self._found: dict[Call, Reach] | None = None

    def of(self, call: Call) -> Reach | None:
        """What a backward reaches; None if that was not asked, or is not understood."""
        if self._found is None:
            self._found = {}
            if _is_worth_it(self._scope):
                self._body(self._scope.node.body, Surroundings(self._scope, {}))
                if self._reaching.exhausted:
                    self._found = {}
        return self._found.get(call)

    def _returned(self, frame: Scope, around: Surroundings) -> Reach:
        """What a function returns."""
        node_decorators = getattr(frame.node, "decorators", ())
        names = {frame.dotted(d.func if isinstance(d, Call) else d) for d in node_decorators}
        if not names <= TURNING_OFF or _TOGGLES.search(frame.source.text):
            return UNKNOWN
        kept = self._found
        self._found = {}  # the backwards of other functions are not asked about
        self._body(frame.node.body, around)
        self._found = kept
        returned = [self._reaching.of(value, around) for value in frame.returns()]
        found = returned[0] if len(returned) == 1 else together(returned).partly_known
        return found.cut_off if names else found

    def _body(self, statements: Iterable[Stmt], around: Surroundings) -> None:
        for statement in statements:
            if self._reaching.exhausted:
                return
            self._statement(statement, around)

    def _statement(self, statement: Stmt, around: Surroundings) -> None:
        for expr in expressions_of(statement):
            self._note(expr, around)
        match statement:
            case Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, around)
            case AugAssign(target=target, value=value):
                place = place_of(target)
                if place is not None:
                    parts = (self._reaching.of(target, around), self._reaching.of(value, around))
                    around.env[place] = together(parts)
            case ExprStmt(value=Call() as call):
                self._changed(call, around)
            case If(body=body, orelse=orelse):
                self._branches((body, orelse), around)
            case Try(body=body, handlers=handlers, orelse=orelse, final=final):
                self._branches((body, *(h.body for h in handlers)), around)
                self._body((*orelse, *final), around)
            case For(target=target, body=body, orelse=orelse):
                self._loop(names_in(target), body, around)
                self._body(orelse, around)
            case While(body=body, orelse=orelse):
                self._loop((), body, around)
                self._body(orelse, around)
            case With():
                self._with(statement, around)
            case Match(cases=cases):
                none = () if any(c.irrefutable and c.guard is None for c in cases) else ((),)
                self._branches((*(case.body for case in cases), *none), around)

    def _note(self, expr: Expr, around: Surroundings) -> None:
        """Remember what the backwards in an expression reach, at every time they are come to."""
        if around.depth or self._found is None:
            return
        for part in parts_of(expr):
            if not isinstance(part, Call) or not isinstance(part.func, Attr):
                continue
            if part.func.name != "backward" or any(k.name == "inputs" for k in part.keywords):
                continue
            loss = part.func.value
            now = self._reaching.of(_unscaled(loss), around)
            before = self._found.get(part)
            self._found[part] = now if before is None else either(before, now)

    def _assign(self, target: Expr, value: Expr, around: Surroundings) -> None:
        place = place_of(target)
        if place is not None:
            for below in [p for p in around.env if is_part(p, place)]:
                del around.env[below]
            around.env[place] = self._reaching.assigned(place, value, around)
        elif isinstance(target, Sequence):
            same = isinstance(value, Sequence) and len(value.items) == len(target.items)
            if same and isinstance(value, Sequence):
                now = [self._reaching.of(item, around) for item in value.items]
            else:
                now = [self._reaching.of(value, around).doubtful] * len(target.items)
            for part, reached in zip(target.items, now, strict=True):
                for name in names_in(part):
                    around.env[name] = reached

    def _changed(self, call: Call, around: Surroundings) -> None:
        """`x.detach_()`, `losses.append(x)`: what a call makes of the place it is a method of."""
        place = place_of(call.func.value) if isinstance(call.func, Attr) else None
        if place is None or not isinstance(call.func, Attr) or place not in around.env:
            return
        if call.func.name == "detach_":
            around.env[place] = around.env[place].cut_off
        elif call.func.name in ("append", "extend", "add_", "copy_", "mul_"):
            more = (self._reaching.of(arg, around) for arg in call.args)
            around.env[place] = together((around.env[place], *more))

    def _branches(self, bodies: Iterable[tuple[Stmt, ...]], around: Surroundings) -> None:
        before = dict(around.env)
        ends: list[Env] = []
        for body in bodies:
            around.env.clear()
            around.env.update(before)
            self._body(body, around)
            ends.append(dict(around.env))
        around.env.clear()
        around.env.update(_joined(ends))

    def _loop(self, names: tuple[str, ...], body: tuple[Stmt, ...], around: Surroundings) -> None:
        for _ in range(2):
            before = dict(around.env)
            around.env.update(dict.fromkeys(names, NOTHING))
            self._body(body, around)
            after = dict(around.env)
            around.env.clear()
            around.env.update(_joined([{**after, **before}, after]))

    def _with(self, statement: With, around: Surroundings) -> None:
        managers = [item.value for item in statement.items]
        names = {around.scope.dotted(m.func) for m in managers if isinstance(m, Call)}
        before = dict(around.env)
        for item in statement.items:
            if item.target is not None:
                around.env.update(dict.fromkeys(names_in(item.target), UNKNOWN))
        self._body(statement.body, around)
        if names & TURNING_OFF:
            for place, now in list(around.env.items()):
                if before.get(place) is not now:
                    around.env[place] = now.cut_off


def _joined(ends: list[Env]) -> Env:
    places = {place for env in ends for place in env}
    found: Env = {}
    for place in places:
        now = [env[place] for env in ends if place in env]
        joined = now[0]
        for other in now[1:]:
            joined = either(joined, other)
        found[place] = joined if len(now) == len(ends) else joined.doubtful
    return found


def _unscaled(loss: Expr) -> Expr:
    """The loss in `scaler.scale(loss)`."""
    match loss:
        case Call(func=Attr(name="scale"), args=(inner,)):
            return inner
    return loss


def _is_worth_it(scope: Scope) -> bool:
    """Whether a function steps several things and runs backward more than once."""
    if _TOGGLES.search(scope.source.text):
        return False
    stepped = {p for p in _receivers(scope, "step") if not guesses.not_an_optimizer(p)}
    return len(stepped) > 1 and len(list(_receivers(scope, "backward"))) > 1


def _receivers(scope: Scope, method: str) -> Iterator[str]:
    """What a method is called on, or what it is handed: `scaler.step(optimizer)`."""
    for call in scope.calls:
        if isinstance(call.func, Attr) and call.func.name == method:
            handed = place_of(call.args[0]) if call.args else None
            yield handed or place_of(call.func.value) or "?"
