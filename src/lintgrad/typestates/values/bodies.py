"""What a function of the project returns, found by going through its body."""

from collections.abc import Iterable

from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.lowering.changes import change_of
from lintgrad.flow.lowering.slices import Slice
from lintgrad.syntax import nodes
from lintgrad.syntax.nodes import Expr, Stmt
from lintgrad.typestates.values.decisions import is_of_type, outcome
from lintgrad.typestates.values.environment import Env, assign, change, iterated, join, store
from lintgrad.typestates.values.evaluate import Surroundings, values_of
from lintgrad.typestates.values.possible import ANYTHING, Values, joined
from lintgrad.typestates.values.value import UNKNOWN, constant

_MOST_ROUNDS = 4
"""How often a loop is gone through before what still changes in it counts as not known."""


class Body:
    """One pass through a function's statements, from what its parameters hold."""

    def __init__(self, around: Surroundings, needed: Slice) -> None:
        self._around = around
        self._needed = needed
        self.returned: list[Values] = []
        self._jumps: list[list[Env]] = []
        """Where `break` and `continue` leave each loop that is open."""

    def run(self, statements: Iterable[Stmt], env: Env) -> Env | None:
        """The environment after some statements; None if control does not get there."""
        for statement in statements:
            after = self._statement(statement, env)
            if after is None:
                return None
            env = after
        return env

    def _statement(self, statement: Stmt, env: Env) -> Env | None:
        match statement:
            case nodes.Assign():
                for target in filter(self._is_needed, statement.targets):
                    assign(target, statement.value, self._in(env), env)
            case nodes.AugAssign() if self._is_needed(statement.target):
                span, target = statement.span, statement.target
                changed = nodes.Binary(span, statement.op, target, statement.value)
                assign(target, changed, self._in(env), env)
            case nodes.ExprStmt():
                self._expression(statement, env)
            case nodes.Return():
                value = statement.value
                none = frozenset({constant(None)})
                self.returned.append(none if value is None else values_of(value, self._in(env)))
                return None
            case nodes.Raise():
                return None
            case nodes.Break() | nodes.Continue():
                if self._jumps:
                    self._jumps[-1].append(dict(env))
                return None
            case _:
                return self._compound(statement, env)
        return env

    def _compound(self, statement: Stmt, env: Env) -> Env | None:
        match statement:
            case nodes.If():
                return self._if(statement, env)
            case nodes.For():
                return self._loop(statement.body, statement.orelse, env, statement)
            case nodes.While():
                return self._loop(statement.body, statement.orelse, env, None)
            case nodes.With():
                for item in statement.items:
                    for name in names_in(item.target) if item.target is not None else ():
                        env[name] = ANYTHING
                return self.run(statement.body, env)
            case nodes.Try():
                return self._try(statement, env)
            case nodes.Match():
                return self._match(statement, env)
            case nodes.Function() | nodes.Class():
                env.pop(statement.name, None)
        return env

    def _is_needed(self, target: Expr) -> bool:
        """Whether what is returned depends on a target."""
        names = names_in(target)
        return not names or any(name in self._needed for name in names)

    def _in(self, env: Env) -> Surroundings:
        around = self._around
        return Surroundings(env, around.meaning, around.around, around.interpreter)

    def _expression(self, statement: nodes.ExprStmt, env: Env) -> None:
        changed = change_of(statement)
        if changed is not None and changed.place in self._needed:
            change(changed.place, changed.call, self._in(env), env)
        elif isinstance(statement.value, nodes.Call):
            self._around.interpreter.ran(statement.value, self._in(env), env)

    def _if(self, statement: nodes.If, env: Env) -> Env | None:
        known = _answer(statement.test, self._in(env))
        if known is not None:
            return self.run(statement.body if known else statement.orelse, env)
        asks_for_type = is_of_type(statement.test)
        then = (self._for_type if asks_for_type else self.run)(statement.body, dict(env))
        return _either(then, self.run(statement.orelse, dict(env)))

    def _for_type(self, statements: Iterable[Stmt], env: Env) -> Env | None:
        """What comes of statements for one type: a list that is made there, if a list came in."""
        before, known = dict(env), len(self.returned)
        after = self.run(statements, env)
        self.returned[known:] = map(_of_that_type, self.returned[known:])
        if after is None:
            return None
        return {p: v if before.get(p) == v else _of_that_type(v) for p, v in after.items()}

    def _loop(
        self, body: tuple[Stmt, ...], orelse: tuple[Stmt, ...], env: Env, loop: nodes.For | None
    ) -> Env | None:
        head = env
        drawn = ANYTHING
        if loop is not None and self._is_needed(loop.target):
            drawn = values_of(loop.iter, self._in(env))
        self._jumps.append([])
        for turn in range(_MOST_ROUNDS + 1):
            inner = dict(head)
            if loop is not None and self._is_needed(loop.target):
                iterated(loop.target, drawn, inner)
            after = self.run(body, inner)
            known = head
            for left in ([] if after is None else [after]) + self._jumps[-1]:
                known = join(known, left, settle=turn + 1 >= _MOST_ROUNDS)
            if known == head:
                break
            head = known
        self._jumps.pop()
        return self.run(orelse, dict(head))

    def _try(self, statement: nodes.Try, env: Env) -> Env | None:
        before = dict(env)
        after = self.run(statement.body, dict(env))
        raised = join(before, after) if after is not None else before
        ends = [None if after is None else self.run(statement.orelse, after)]
        ends += [self.run(handler.body, dict(raised)) for handler in statement.handlers]
        found: Env | None = None
        for end in ends:
            found = _either(found, end)
        return None if found is None else self.run(statement.final, found)

    def _match(self, statement: nodes.Match, env: Env) -> Env | None:
        found: Env | None = None
        falls_through = True
        for case in statement.cases:
            inner = dict(env)
            store(inner, case.captures, ANYTHING)
            test = _test_of(statement.subject, case)
            around = self._in(inner)
            known = None if test is None else _answer(test, around)
            if known is False:
                continue
            found = _either(found, self.run(case.body, inner))
            if known or (case.irrefutable and case.guard is None):
                falls_through = False
                break
        return _either(found, env) if falls_through else found


def _answer(test: Expr, around: Surroundings) -> bool | None:
    return outcome(test, lambda part: values_of(part, around))


def _test_of(subject: Expr, case: nodes.Case) -> Expr | None:
    if case.literal is None or case.guard is not None:
        return None
    return nodes.Compare(case.span, "==", subject, case.literal)


def _of_that_type(values: Values) -> Values:
    return frozenset(UNKNOWN if value.is_collection else value for value in values)


def _either(one: Env | None, other: Env | None) -> Env | None:
    if one is None or other is None:
        return other if one is None else one
    return join(one, other)


def result_of(body: Body, end: Env | None) -> Values:
    """The values that a function returns, having come to its end or not."""
    none = [] if end is None else [frozenset({constant(None)})]
    return joined([*body.returned, *none]) if body.returned or none else ANYTHING
