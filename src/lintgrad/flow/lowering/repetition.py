"""Lowering of what runs again: loops, comprehensions, `break` and `continue`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from lintgrad.flow.events import Escape, Rebind
from lintgrad.flow.graph import Enter, Leave, Loop, LoopTest, Repeat
from lintgrad.flow.loops.headers import counters_of, elements_of, length_of, names_in
from lintgrad.flow.lowering.assignments import forget
from lintgrad.flow.lowering.ground import Lowering, Target, assigned_places
from lintgrad.flow.lowering.relevance import evaluated
from lintgrad.flow.names.scopes import root_of
from lintgrad.flow.places.generators import Driven
from lintgrad.syntax import nodes
from lintgrad.syntax.nodes import Stmt
from lintgrad.syntax.walk import children_of


def lower_for(lowering: Lowering, statement: nodes.For) -> None:
    """Lower a `for`; one over optimizers, modules or parameters treats each element once."""
    reading = lowering.reading
    driven = reading.calls.driving.looped(statement.iter)
    if driven is not None:
        _driven(lowering, statement, driven)
        return
    lowering.expression(statement.iter)
    elements = elements_of(statement, reading.scope, reading.places, reading.calls.is_followed)
    if elements is not None:
        _each(lowering, statement, elements)
    elif lowering.is_relevant(statement.body):
        _for_loop(lowering, statement)
    else:
        written = (*names_in(statement.target), *assigned_places(statement.body))
        lowering.emit(forget(written, statement.span))
        lowering.body(statement.orelse)


def _each(lowering: Lowering, statement: nodes.For, elements: list[dict[str, str | None]]) -> None:
    places, blocks = lowering.reading.places, lowering.blocks
    after = blocks.new()
    for renaming in elements:
        before = {name: places.rename(name, to) for name, to in renaming.items()}
        following = blocks.new()
        lowering.targets.append(Target(following, after, len(lowering.finals), None))
        some_only = lowering.some_only
        lowering.some_only = some_only or _may_skip(lowering, statement.body)
        lowering.body(statement.body)
        lowering.some_only = some_only
        lowering.targets.pop()
        blocks.move(following)
        for name, place in before.items():
            places.rename(name, place)
    blocks.move(after)


def _may_skip(lowering: Lowering, statements: tuple[Stmt, ...]) -> bool:
    """Whether some elements may be passed over: a jump under a test that nobody can decide."""
    for statement in statements:
        match statement:
            case nodes.Break() | nodes.Continue() | nodes.Return():
                return True
            case nodes.If():
                inner = (*statement.body, *statement.orelse)
                decided = lowering.reading.conditions.is_decided(statement.test)
                if not decided and _may_skip(lowering, inner):
                    return True
            case nodes.Match() | nodes.Try() | nodes.With():
                if any(_may_skip(lowering, block) for block in children_of(statement)):
                    return True
    return False


def _for_loop(lowering: Lowering, statement: nodes.For) -> None:
    counters = counters_of(statement.target, statement.iter)
    length, targets = length_of(statement.iter), names_in(statement.target)
    drawn = statement.target, statement.iter
    loop = Loop(statement.span, counters, length, targets, drawn)
    with _loop(lowering, statement, loop) as number:
        blocks = lowering.blocks
        body, done = blocks.new(), blocks.new()
        blocks.leave(Repeat(number, body, done))
        blocks.jump_to(body)
        if targets:
            lowering.emit([Rebind(statement.span, targets)])
        if lowering.reading.relevance.holds_event(statement.iter):
            lowering.expression(statement.iter)  # a generator's body runs in between
        lowering.body(statement.body)
        blocks.goto(lowering.targets[-1].head)
        blocks.jump_to(done)


def _driven(lowering: Lowering, statement: nodes.For, driven: Driven) -> None:
    """A loop that goes through a generator of the project, piece by piece."""
    driving, blocks, pieces = lowering.reading.calls.driving, lowering.blocks, driven.segments
    for part in evaluated(driven.call):
        lowering.expression(part)
    lowering.emit(driving.piece(driven, pieces.first))
    drawn = statement.target, statement.iter
    counters, targets = counters_of(statement.target, statement.iter), names_in(statement.target)
    with _loop(lowering, statement, Loop(statement.span, counters, None, targets, drawn)) as number:
        body, done, resumed = (blocks.new() for _ in range(3))
        blocks.leave(Repeat(number, body, done))
        blocks.jump_to(body)
        lowering.emit(driving.piece(driven, pieces.before))
        if targets:
            lowering.emit([Rebind(statement.span, targets)])
        head = lowering.targets[-1].head
        lowering.targets[-1] = replace(lowering.targets[-1], head=resumed)
        lowering.body(statement.body)
        blocks.move(resumed)
        lowering.emit(driving.piece(driven, pieces.after))
        blocks.goto(head)
        blocks.jump_to(done)
        lowering.emit(driving.piece(driven, pieces.last))


def lower_while(lowering: Lowering, statement: nodes.While) -> None:
    """Lower a `while`."""
    with _loop(lowering, statement, Loop(statement.span, (), None, ())) as number:
        blocks = lowering.blocks
        test, body, done = (blocks.new() for _ in range(3))
        blocks.leave(Repeat(number, test, None))
        blocks.jump_to(test)
        lowering.test(statement.test, body, done, loop=LoopTest(number, done))
        blocks.jump_to(body)
        lowering.body(statement.body)
        blocks.goto(lowering.targets[-1].head)
        blocks.jump_to(done)


@contextmanager
def _loop(lowering: Lowering, statement: nodes.For | nodes.While, loop: Loop) -> Iterator[int]:
    """Enter a loop, let it be lowered from its head, then lower its `else` and leave it."""
    blocks = lowering.blocks
    number = len(lowering.loops)
    lowering.loops.append(loop)
    after = blocks.new()
    blocks.add(Enter(number))
    blocks.enter_loop(number)
    head = blocks.new()
    blocks.move(head)
    remade = frozenset(map(root_of, (*assigned_places(statement.body), *loop.targets)))
    lowering.targets.append(Target(head, after, len(lowering.finals), remade))
    yield number
    lowering.targets.pop()
    blocks.leave_loop()
    lowering.body(statement.orelse)
    blocks.move(after)
    blocks.add(Leave(number))


def lower_comprehension(lowering: Lowering, expr: nodes.Comprehension) -> None:
    """Lower a comprehension as the loops it abbreviates."""
    if expr.kind == "GeneratorExp" and lowering.reading.relevance.changes_gradients(expr):
        reason = "a generator runs only as far as something consumes it"
        lowering.emit([Escape(expr.span, None, reason)])
        return
    inner: tuple[Stmt, ...] = (nodes.ExprStmt(expr.element.span, expr.element),)
    for clause in reversed(expr.clauses):
        for test in reversed(clause.tests):
            inner = (nodes.If(test.span, test, inner, ()),)
        inner = (nodes.For(expr.span, clause.target, clause.iter, inner, ()),)
    lowering.body(inner)


def lower_break(lowering: Lowering, _: nodes.Break) -> None:
    """Lower `break`."""
    if lowering.targets:
        target = lowering.targets[-1]
        lowering.run_finals(target.finals)
        lowering.blocks.goto(target.after)


def lower_continue(lowering: Lowering, _: nodes.Continue) -> None:
    """Lower `continue`."""
    if lowering.targets:
        target = lowering.targets[-1]
        lowering.run_finals(target.finals)
        lowering.blocks.goto(target.head)
