"""Lowering of what goes one way or another: `if`, `match`, `try`, `and`, `or`."""

from lintgrad.flow.events import Escape
from lintgrad.flow.graph import Branch
from lintgrad.flow.lowering.assignments import forget
from lintgrad.flow.lowering.exceptions import may_raise
from lintgrad.flow.lowering.ground import Final, Lowering, assigned_places
from lintgrad.source.text import Span
from lintgrad.syntax import nodes
from lintgrad.syntax.nodes import Expr


def lower_if(lowering: Lowering, statement: nodes.If) -> None:
    """Lower an `if`; one that holds nothing only forgets what it assigns."""
    inner = (*statement.body, *statement.orelse)
    if not lowering.is_relevant(inner):
        lowering.expression(statement.test)
        lowering.emit(forget(assigned_places(inner), statement.span))
        return
    before = lowering.some_only
    chosen = lowering.treats_elements and not lowering.reading.conditions.is_decided(statement.test)
    lowering.some_only = before or chosen
    _arms(lowering, statement)
    lowering.some_only = before
    if chosen and lowering.reading.relevance.changes(inner):
        # Whether it is one of those that matter is not known whichever way the test goes.
        lowering.emit([Escape(statement.span, None, "only some elements are treated here")])


def _arms(lowering: Lowering, statement: nodes.If) -> None:
    blocks = lowering.blocks
    yes, no, after = (blocks.new() for _ in range(3))
    strong = lowering.reading.relevance.guarded((*statement.body, *statement.orelse))
    lowering.test(statement.test, yes, no, strong=strong)
    blocks.jump_to(yes)
    lowering.body(statement.body)
    blocks.goto(after)
    blocks.jump_to(no)
    lowering.body(statement.orelse)
    blocks.move(after)


def lower_conditional(lowering: Lowering, expr: nodes.IfExp) -> None:
    """Lower `body if test else orelse` as the statement it abbreviates."""
    arms = [(nodes.ExprStmt(arm.span, arm),) for arm in (expr.body, expr.orelse)]
    lower_if(lowering, nodes.If(expr.span, expr.test, arms[0], arms[1]))


def lower_short_circuit(lowering: Lowering, expr: nodes.BoolOp) -> None:
    """Lower `and` and `or` whose later parts may not run."""
    blocks = lowering.blocks
    after = blocks.new()
    before = lowering.some_only
    if not all(map(lowering.reading.conditions.is_decided, expr.parts[:-1])):
        lowering.some_only = before or lowering.treats_elements
    for part in expr.parts[:-1]:
        then = blocks.new()
        yes, no = (then, after) if expr.op == "and" else (after, then)
        lowering.test(part, yes, no)
        blocks.jump_to(then)
    lowering.expression(expr.parts[-1])
    lowering.some_only = before
    blocks.move(after)


def lower_try(lowering: Lowering, statement: nodes.Try) -> None:
    """Lower a `try`: its handlers are reached from before each statement that may raise."""
    blocks = lowering.blocks
    if not blocks.in_loop and _shows_error(statement):
        # As for what is expected to raise.
        lowering.emit(forget(assigned_places((statement,)), statement.span))
        blocks.add(Escape(statement.span, None, "what raises here is shown"))
        return
    handlers = [blocks.new() for _ in statement.handlers]
    joined = blocks.new()
    if statement.final:
        final = Final(statement.final[0].span, lambda: lowering.body(statement.final))
        lowering.finals.append(final)
    for inner in statement.body:
        if may_raise(inner):
            _raise_maybe(lowering, inner.span, handlers)
        lowering.body((inner,))
    lowering.body(statement.orelse)
    blocks.goto(joined)
    for block, handler in zip(handlers, statement.handlers, strict=True):
        blocks.jump_to(block)
        lowering.body(handler.body)
        blocks.goto(joined)
    if statement.final:
        lowering.finals.pop()
    blocks.jump_to(joined)
    lowering.body(statement.final)


_SHORT = 3
"""How many statements lead up to an error that is only shown, at most."""


def _shows_error(statement: nodes.Try) -> bool:
    """Whether all there is to a `try` is a backward whose error is printed or passed over."""
    if len(statement.body) > _SHORT or statement.orelse or statement.final:
        return False
    match statement.body[-1:]:
        case (nodes.ExprStmt(value=nodes.Call(func=nodes.Attr(name="backward"))),):
            simple = nodes.ExprStmt | nodes.Assert
            caught = [inner for handler in statement.handlers for inner in handler.body]
            return bool(statement.handlers) and all(isinstance(s, simple) for s in caught)
    return False


def _raise_maybe(lowering: Lowering, span: Span, handlers: list[int]) -> None:
    """Branch to each handler on a test that nobody can decide."""
    for handler in handlers:
        calm = lowering.blocks.new()
        key = f"exception at {span.start} to {handler}"
        lowering.blocks.leave(Branch(None, key, frozenset(), handler, calm, span))
        lowering.blocks.jump_to(calm)


def lower_match(lowering: Lowering, statement: nodes.Match) -> None:
    """Lower a `match` as a chain of tests."""
    blocks = lowering.blocks
    lowering.expression(statement.subject)
    after = blocks.new()
    before = lowering.some_only
    lowering.some_only = before or lowering.treats_elements
    for case in statement.cases:
        body, following = blocks.new(), blocks.new()
        _case(lowering, statement.subject, case, body, following)
        blocks.jump_to(body)
        lowering.emit(forget(case.captures, case.span))
        lowering.body(case.body)
        blocks.goto(after)
        blocks.jump_to(following)
    lowering.some_only = before
    blocks.move(after)


def _case(lowering: Lowering, subject: Expr, case: nodes.Case, body: int, following: int) -> None:
    if case.irrefutable:
        lowering.blocks.goto(body)
    elif case.literal is None:
        lowering.blocks.leave(Branch(None, None, frozenset(), body, following, case.span))
    else:
        test: Expr = nodes.Compare(case.span, "==", subject, case.literal)
        if case.guard is not None:
            test = nodes.BoolOp(case.span, "and", (test, case.guard))
        strong = lowering.reading.relevance.guarded(case.body)
        lowering.test(test, body, following, strong=strong)
