"""Statements to blocks of events: the table of what each kind lowers to, and the simple ones."""

from lintgrad.flow.events import Change, Escape
from lintgrad.flow.graph import Stop
from lintgrad.flow.lowering import branching, repetition
from lintgrad.flow.lowering.assignments import forget
from lintgrad.flow.lowering.changes import change_of
from lintgrad.flow.lowering.ground import Final, Lowered, Lowering, Reading
from lintgrad.flow.lowering.relevance import evaluated
from lintgrad.syntax import nodes
from lintgrad.syntax.nodes import Stmt


def lower(reading: Reading) -> Lowering:
    """Lower the body of a function."""
    lowering = Lowering(reading, _LOWERED)
    lowering.body(reading.scope.node.body)
    return lowering


def _expression_statement(lowering: Lowering, statement: nodes.ExprStmt) -> None:
    lowering.expression(statement.value)
    named = lowering.reading.relevance.named_only(statement)
    if named is not None:
        lowering.emit([named])
    changed = change_of(statement)
    if changed is not None:
        lowering.emit([Change(statement.span, *changed)])


def _assign(lowering: Lowering, statement: nodes.Assign) -> None:
    lowering.expression(statement.value)
    calls = lowering.reading.calls
    for target in statement.targets:
        lowering.emit(calls.writes.assigned(target, statement.value, statement.span))
    lowering.assign(statement.targets, statement.value, statement.span)


def _augmented(lowering: Lowering, statement: nodes.AugAssign) -> None:
    lowering.expression(statement.value)
    span, target = statement.span, statement.target
    value = nodes.Binary(span, statement.op, target, statement.value)
    lowering.emit(
        lowering.reading.calls.writes.changed(target, statement.op, statement.value, span)
    )
    lowering.assign((target,), value, span)


def _delete(lowering: Lowering, statement: nodes.Delete) -> None:
    for target in statement.targets:
        lowering.emit(lowering.reading.calls.writes.assigned(target, None, statement.span))


def _definition(lowering: Lowering, statement: nodes.Function | nodes.Class) -> None:
    lowering.emit(forget((statement.name,), statement.span))


def _with(lowering: Lowering, statement: nodes.With) -> None:
    if any(lowering.reading.calls.expects_error(item.value) for item in statement.items):
        # How far it gets before it raises is not known: that much is, so it is no gap.
        reason = "what raises here is expected to"
        lowering.blocks.add(Escape(statement.span, None, reason))
        return
    calls = lowering.reading.calls
    for item in statement.items:
        inside = (item.value,) if calls.driving.managed(item.value) is None else ()
        for part in inside or evaluated(item.value):
            lowering.expression(part)
        lowering.emit(calls.enters(item.value))
        if item.target is not None:
            lowering.assign((item.target,), item.value, item.value.span)
    leaving = tuple(e for item in reversed(statement.items) for e in calls.leaves(item.value))
    if leaving:
        lowering.finals.append(Final(statement.span, lambda: lowering.emit(leaving)))
    lowering.body(statement.body)
    if leaving:
        lowering.finals.pop()
        lowering.emit(leaving)


def _yield(lowering: Lowering, expr: nodes.Yield) -> None:
    for part in evaluated(expr):
        lowering.expression(part)
    if lowering.reading.calls.driving.shares:
        # What is done with the value is known where somebody goes through the generator.
        reason = "whoever goes through the generator may do anything"
        lowering.blocks.add(Escape(expr.span, None, reason))


def _return(lowering: Lowering, statement: nodes.Return | nodes.Raise) -> None:
    if statement.value is not None:
        lowering.expression(statement.value)
    lowering.stop(Stop(raises=isinstance(statement, nodes.Raise)))


def _assert(lowering: Lowering, statement: nodes.Assert) -> None:
    lowering.expression(statement.test)


def _nothing(_: Lowering, __: Stmt) -> None:
    """Imports and declarations make no events."""


_LOWERED: Lowered = {
    nodes.BoolOp: branching.lower_short_circuit,
    nodes.IfExp: branching.lower_conditional,
    nodes.Comprehension: repetition.lower_comprehension,
    nodes.Yield: _yield,
    nodes.ExprStmt: _expression_statement,
    nodes.Assign: _assign,
    nodes.AugAssign: _augmented,
    nodes.Declare: _nothing,
    nodes.Delete: _delete,
    nodes.If: branching.lower_if,
    nodes.For: repetition.lower_for,
    nodes.While: repetition.lower_while,
    nodes.With: _with,
    nodes.Try: branching.lower_try,
    nodes.Match: branching.lower_match,
    nodes.Return: _return,
    nodes.Raise: _return,
    nodes.Assert: _assert,
    nodes.Break: repetition.lower_break,
    nodes.Continue: repetition.lower_continue,
    nodes.Function: _definition,
    nodes.Class: _definition,
    nodes.Import: _nothing,
    nodes.Global: _nothing,
}
