"""Statements to blocks of events."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lintgrad.flow.assignments import Assignments, forget
from lintgrad.flow.blocks import Blocks
from lintgrad.flow.calls import Calls
from lintgrad.flow.conditions import Atom, Conditions
from lintgrad.flow.events import Escape, Event, GradAssign, MayBackward, Step, ZeroGrad
from lintgrad.flow.exceptions import may_raise
from lintgrad.flow.graph import Branch, Enter, Leave, Loop, LoopTest, Note, Repeat, Stop
from lintgrad.flow.loops import counters_of, elements_of, length_of, names_in
from lintgrad.flow.places import Places
from lintgrad.flow.relevance import Relevance, assigned, evaluated
from lintgrad.flow.scopes import Scope, root_of
from lintgrad.source.text import Span
from lintgrad.syntax import nodes
from lintgrad.syntax.nodes import Expr, Stmt


@dataclass(frozen=True, slots=True)
class _Target:
    """Where `break` and `continue` go, and how many `finally` bodies stand outside the loop.

    `remade` are the names that the loop assigns; None if it only treats elements one by one.
    """

    head: int
    after: int
    finals: int
    remade: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one function before it is lowered."""

    scope: Scope
    places: Places
    calls: Calls
    relevance: Relevance
    assignments: Assignments
    conditions: Conditions
    tracked: frozenset[str]


class Lowering:
    """Lowers the body of one function, block by block."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._relevance = reading.relevance
        self._targets: list[_Target] = []
        self._finals: list[tuple[Stmt, ...]] = []
        self._some_only = False
        self.blocks = Blocks()
        self.loops: list[Loop] = []
        self.notes: list[Note] = []

    def body(self, statements: Iterable[Stmt]) -> None:
        """Lower statements one after another."""
        for statement in statements:
            _LOWERED[type(statement)](self, statement)

    def expression(self, expr: Expr) -> None:
        """Emit the events of an expression in evaluation order."""
        match expr:
            case nodes.Comprehension():
                if self._relevance.holds_event(expr):
                    self._comprehension(expr)
            case nodes.BoolOp() | nodes.IfExp() if self._relevance.holds_event(expr):
                self._conditional(expr)
            case _:
                for part in evaluated(expr):
                    self.expression(part)
                if isinstance(expr, nodes.Call):
                    self._emit(self._reading.calls.events(expr))
                    if self._relevance.ends(expr):
                        self._stop()
                elif isinstance(expr, nodes.Walrus):
                    self._assign_to((expr.target,), expr.value, expr.span)

    def _emit(self, events: Iterable[Event]) -> None:
        for event in map(_of_some, events) if self._some_only else events:
            if isinstance(event, Escape | MayBackward):
                self.notes.append(Note(event.span, event.reason))
            self.blocks.add(event)

    def _comprehension(self, expr: nodes.Comprehension) -> None:
        if expr.kind == "GeneratorExp":
            reason = "a generator runs only as far as something consumes it"
            self._emit([Escape(expr.span, None, reason)])
            return
        inner: tuple[Stmt, ...] = (nodes.ExprStmt(expr.element.span, expr.element),)
        for clause in reversed(expr.clauses):
            for test in reversed(clause.tests):
                inner = (nodes.If(test.span, test, inner, ()),)
            inner = (nodes.For(expr.span, clause.target, clause.iter, inner, ()),)
        self.body(inner)

    def _conditional(self, expr: nodes.BoolOp | nodes.IfExp) -> None:
        if isinstance(expr, nodes.IfExp):
            arms = [(nodes.ExprStmt(arm.span, arm),) for arm in (expr.body, expr.orelse)]
            self._if(nodes.If(expr.span, expr.test, arms[0], arms[1]))
            return
        after = self.blocks.new()
        for part in expr.parts[:-1]:
            then = self.blocks.new()
            yes, no = (then, after) if expr.op == "and" else (after, then)
            self._test(part, yes, no)
            self.blocks.jump_to(then)
        self.expression(expr.parts[-1])
        self.blocks.move(after)

    def _expression_statement(self, statement: nodes.ExprStmt) -> None:
        self.expression(statement.value)
        named = self._relevance.named_only(statement)
        if named is not None:
            self.blocks.add(named)

    def _assign(self, statement: nodes.Assign) -> None:
        self.expression(statement.value)
        for target in statement.targets:
            write = self._reading.calls.grad_write(target, statement.value, statement.span)
            self._emit(write)
        self._assign_to(statement.targets, statement.value, statement.span)

    def _assign_to(self, targets: Iterable[Expr], value: Expr, span: Span) -> None:
        remade = self._targets[-1].remade if self._targets else None
        self._emit(self._reading.assignments.events(targets, value, span, remade))

    def _augmented(self, statement: nodes.AugAssign) -> None:
        self.expression(statement.value)
        span, target = statement.span, statement.target
        value = nodes.Binary(span, statement.op, target, statement.value)
        self._assign_to((target,), value, span)

    def _delete(self, statement: nodes.Delete) -> None:
        for target in statement.targets:
            self._emit(self._reading.calls.grad_write(target, None, statement.span))

    def _definition(self, statement: nodes.Function | nodes.Class) -> None:
        self._emit(forget((statement.name,), statement.span))

    def _if(self, statement: nodes.If) -> None:
        inner = (*statement.body, *statement.orelse)
        if not self._is_relevant(inner):
            self.expression(statement.test)
            self._skip(inner, statement.span)
            return
        treats_elements = bool(self._targets) and self._targets[-1].remade is None
        before = self._some_only
        if treats_elements and not self._reading.conditions.is_decided(statement.test):
            self._some_only = True
        self._arms(statement)
        self._some_only = before

    def _arms(self, statement: nodes.If) -> None:
        inner = (*statement.body, *statement.orelse)
        yes, no, after = (self.blocks.new() for _ in range(3))
        self._test(statement.test, yes, no, strong=self._relevance.guarded(inner))
        self.blocks.jump_to(yes)
        self.body(statement.body)
        self.blocks.goto(after)
        self.blocks.jump_to(no)
        self.body(statement.orelse)
        self.blocks.move(after)

    def _is_relevant(self, statements: tuple[Stmt, ...]) -> bool:
        return any(map(self._relevance.matters, statements)) or not (
            self._reading.tracked.isdisjoint(_assigned_places(statements))
        )

    def _skip(self, statements: tuple[Stmt, ...], span: Span) -> None:
        """Pass over statements that hold nothing but values that are not followed."""
        self._emit(forget(_assigned_places(statements), span))

    def _test(
        self, test: Expr, yes: int, no: int, *, strong: bool = False, loop: LoopTest | None = None
    ) -> None:
        """Leave the current block for one of two, by short-circuit evaluation of a test."""
        match test:
            case nodes.Unary(op="not", value=value):
                self._test(value, no, yes, strong=strong, loop=loop)
            case nodes.BoolOp(op=op, parts=parts):
                for part in parts[:-1]:
                    then = self.blocks.new()
                    first = (then, no) if op == "and" else (yes, then)
                    self._test(part, *first, strong=strong, loop=loop)
                    self.blocks.jump_to(then)
                self._test(parts[-1], yes, no, strong=strong, loop=loop)
            case _:
                self.expression(test)
                self._ask(test, yes, no, self._reading.conditions.atom(test, strong), loop)

    def _ask(self, test: Expr, yes: int, no: int, atom: Atom, loop: LoopTest | None) -> None:
        if atom.outcome is not None:
            self.blocks.goto(yes if atom.outcome else no)
            return
        if atom.negated:
            yes, no = no, yes
        ends = loop if loop is not None and loop.done in (yes, no) else None
        self.blocks.leave(Branch(atom.asked, atom.key, atom.mentions, yes, no, test.span, ends))

    def _for(self, statement: nodes.For) -> None:
        self.expression(statement.iter)
        elements = elements_of(statement, self._reading.scope, self._reading.places)
        if elements is not None:
            self._each(statement, elements)
        elif self._is_relevant(statement.body):
            self._for_loop(statement)
        else:
            self._emit(forget(names_in(statement.target), statement.span))
            self._skip(statement.body, statement.span)
            self.body(statement.orelse)

    def _each(self, statement: nodes.For, elements: list[dict[str, str | None]]) -> None:
        places = self._reading.places
        after = self.blocks.new()
        for renaming in elements:
            before = {name: places.rename(name, to) for name, to in renaming.items()}
            following = self.blocks.new()
            self._targets.append(_Target(following, after, len(self._finals), None))
            self.body(statement.body)
            self._targets.pop()
            self.blocks.move(following)
            for name, place in before.items():
                places.rename(name, place)
        self.blocks.move(after)

    def _for_loop(self, statement: nodes.For) -> None:
        targets = names_in(statement.target)
        counters = counters_of(statement.target, statement.iter)
        loop = Loop(statement.span, counters, length_of(statement.iter), targets)
        with self._loop(statement, loop) as number:
            body, done = self.blocks.new(), self.blocks.new()
            self.blocks.leave(Repeat(number, body, done))
            self.blocks.jump_to(body)
            self.body(statement.body)
            self.blocks.goto(self._targets[-1].head)
            self.blocks.jump_to(done)

    def _while(self, statement: nodes.While) -> None:
        with self._loop(statement, Loop(statement.span, (), None, ())) as number:
            test, body, done = (self.blocks.new() for _ in range(3))
            self.blocks.leave(Repeat(number, test, None))
            self.blocks.jump_to(test)
            self._test(statement.test, body, done, loop=LoopTest(number, done))
            self.blocks.jump_to(body)
            self.body(statement.body)
            self.blocks.goto(self._targets[-1].head)
            self.blocks.jump_to(done)

    @contextmanager
    def _loop(self, statement: nodes.For | nodes.While, loop: Loop) -> Iterator[int]:
        """Enter a loop, let it be lowered from its head, then lower its `else` and leave it."""
        number = len(self.loops)
        self.loops.append(loop)
        head, after = self.blocks.new(), self.blocks.new()
        remade = frozenset(map(root_of, (*_assigned_places(statement.body), *loop.targets)))
        self.blocks.add(Enter(number))
        self.blocks.move(head)
        self._targets.append(_Target(head, after, len(self._finals), remade))
        yield number
        self._targets.pop()
        self.body(statement.orelse)
        self.blocks.move(after)
        self.blocks.add(Leave(number))

    def _with(self, statement: nodes.With) -> None:
        if any(self._reading.calls.expects_error(item.value) for item in statement.items):
            reason = "what raises here is expected to, and how far it gets is not known"
            self._emit([Escape(statement.span, None, reason)])
            return
        for item in statement.items:
            self.expression(item.value)
            if item.target is not None:
                self._assign_to((item.target,), item.value, item.value.span)
        self.body(statement.body)

    def _try(self, statement: nodes.Try) -> None:
        handlers = [self.blocks.new() for _ in statement.handlers]
        joined = self.blocks.new()
        if statement.final:
            self._finals.append(statement.final)
        for inner in statement.body:
            if may_raise(inner):
                self._raise_maybe(inner.span, handlers)
            self.body((inner,))
        self.body(statement.orelse)
        self.blocks.goto(joined)
        for block, handler in zip(handlers, statement.handlers, strict=True):
            self.blocks.jump_to(block)
            self.body(handler.body)
            self.blocks.goto(joined)
        if statement.final:
            self._finals.pop()
        self.blocks.jump_to(joined)
        self.body(statement.final)

    def _raise_maybe(self, span: Span, handlers: list[int]) -> None:
        """An exception here, as one test for each handler that nobody can decide."""
        for handler in handlers:
            calm = self.blocks.new()
            key = f"exception at {span.start} to {handler}"
            self.blocks.leave(Branch(None, key, frozenset(), handler, calm, span))
            self.blocks.jump_to(calm)

    def _match(self, statement: nodes.Match) -> None:
        self.expression(statement.subject)
        after = self.blocks.new()
        for case in statement.cases:
            body, following = self.blocks.new(), self.blocks.new()
            self._case(statement.subject, case, body, following)
            self.blocks.jump_to(body)
            self._emit(forget(case.captures, case.span))
            self.body(case.body)
            self.blocks.goto(after)
            self.blocks.jump_to(following)
        self.blocks.move(after)

    def _case(self, subject: Expr, case: nodes.Case, body: int, following: int) -> None:
        if case.irrefutable:
            self.blocks.goto(body)
        elif case.literal is None:
            self.blocks.leave(Branch(None, None, frozenset(), body, following, case.span))
        else:
            test: Expr = nodes.Compare(case.span, "==", subject, case.literal)
            if case.guard is not None:
                test = nodes.BoolOp(case.span, "and", (test, case.guard))
            self._test(test, body, following, strong=self._relevance.guarded(case.body))

    def _return(self, statement: nodes.Return | nodes.Raise) -> None:
        if statement.value is not None:
            self.expression(statement.value)
        self._stop()

    def _assert(self, statement: nodes.Assert) -> None:
        self.expression(statement.test)

    def _stop(self) -> None:
        self._run_finals(0)
        self.blocks.leave(Stop())

    def _break(self, _: nodes.Break) -> None:
        if self._targets:
            self._run_finals(self._targets[-1].finals)
            self.blocks.goto(self._targets[-1].after)

    def _continue(self, _: nodes.Continue) -> None:
        if self._targets:
            self._run_finals(self._targets[-1].finals)
            self.blocks.goto(self._targets[-1].head)

    def _run_finals(self, down_to: int) -> None:
        """The `finally` bodies that a jump runs on its way out."""
        kept = self._finals
        for index in range(len(kept) - 1, down_to - 1, -1):
            self._finals = kept[:index]
            self.body(kept[index])
        self._finals = kept

    def _nothing(self, statement: Stmt) -> None:
        """Imports and declarations make no events."""


def _of_some(event: Event) -> Event:
    """What an event is if it happens to some elements of a collection only."""
    if not isinstance(event, ZeroGrad | GradAssign | Step):
        return event
    place = None if isinstance(event, GradAssign) else event.optimizer
    places = None if place is None else frozenset({place})
    return Escape(event.span, places, "only some elements of a collection are treated here")


_LOWERED: dict[type, Callable[[Lowering, Any], None]] = {
    nodes.ExprStmt: Lowering._expression_statement,
    nodes.Assign: Lowering._assign,
    nodes.AugAssign: Lowering._augmented,
    nodes.Delete: Lowering._delete,
    nodes.If: Lowering._if,
    nodes.For: Lowering._for,
    nodes.While: Lowering._while,
    nodes.With: Lowering._with,
    nodes.Try: Lowering._try,
    nodes.Match: Lowering._match,
    nodes.Return: Lowering._return,
    nodes.Raise: Lowering._return,
    nodes.Assert: Lowering._assert,
    nodes.Break: Lowering._break,
    nodes.Continue: Lowering._continue,
    nodes.Function: Lowering._definition,
    nodes.Class: Lowering._definition,
    nodes.Import: Lowering._nothing,
    nodes.Global: Lowering._nothing,
}


def _assigned_places(statements: Iterable[Stmt]) -> tuple[str, ...]:
    return tuple({name: None for target, _ in assigned(statements) for name in names_in(target)})
