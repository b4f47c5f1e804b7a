"""Lowering's common ground: where events go, how tests branch, where jumps lead.

What a kind of statement lowers to is said in `lower`, `branching` and `repetition`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lintgrad.flow.calls.events_of import Calls
from lintgrad.flow.events import (
    Awaited,
    Called,
    Dispatched,
    Escape,
    Event,
    GradAssign,
    Step,
    ZeroGrad,
)
from lintgrad.flow.graph import Branch, Call, Loop, LoopTest, Note, Stop
from lintgrad.flow.loops.conditions import Atom, Conditions
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.lowering.assignments import Assignments, forget
from lintgrad.flow.lowering.blocks import Blocks
from lintgrad.flow.lowering.changes import changes_in
from lintgrad.flow.lowering.relevance import Relevance, assigned, evaluated
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.slips.of_function import Slips
from lintgrad.source.text import Span
from lintgrad.syntax import nodes
from lintgrad.syntax.nodes import Expr, Stmt
from lintgrad.syntax.walk import parts_of


@dataclass(frozen=True, slots=True)
class Target:
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
    slips: Slips
    followed: frozenset[str]
    """Places whose values matter: guards read them, or losses are computed from them."""


class Final(NamedTuple):
    """What runs whichever way a block is left, and where it is written."""

    span: Span
    lower: Callable[[], None]


_DEEPEST_FINALLY = 4
"""Each level of `finally` doubles the statements that are lowered."""

Lowered = Mapping[type, Callable[["Lowering", Any], None]]
"""How each kind of statement and expression is lowered, where it is not just its parts."""


class Lowering:
    """The lowering of one function while it goes on."""

    def __init__(self, reading: Reading, lowered: Lowered) -> None:
        self.reading = reading
        self._lowered = lowered
        self.blocks = Blocks()
        self.loops: list[Loop] = []
        self.notes: list[Note] = []
        self.targets: list[Target] = []
        self.finals: list[Final] = []
        self.some_only = False
        """Whether what happens now happens to some elements of a collection only."""

    @property
    def treats_elements(self) -> bool:
        """Whether the innermost loop does one thing to each element of a collection."""
        return bool(self.targets) and self.targets[-1].remade is None

    def body(self, statements: Iterable[Stmt]) -> None:
        """Lower statements one after another."""
        for statement in statements:
            self.emit(self.reading.slips.of(statement))
            self._lowered[type(statement)](self, statement)

    def expression(self, expr: Expr) -> None:
        """Emit the events of an expression in evaluation order."""
        special = self._lowered.get(type(expr))
        if special is not None:
            if self.reading.relevance.holds_event(expr):
                special(self, expr)
            return
        if isinstance(expr, nodes.Call) and self.reading.calls.driving.consumes(expr):
            self._consume(expr.args[0])
            return
        for part in evaluated(expr):
            self.expression(part)
        if isinstance(expr, nodes.Call):
            waited_for = self.reading.calls.micro_batches.waited_for(expr)
            after = None if waited_for is None else self._wait(waited_for, expr.span)
            self._run(self.reading.calls.events(expr), self.reading.calls.rebinds(expr), expr.span)
            if after is not None:
                self.blocks.move(after)
            if self.reading.relevance.ends(expr):
                self.stop(Stop(raises=True))
        elif isinstance(expr, nodes.Attr):
            self.emit(self.reading.calls.named(expr))
        elif isinstance(expr, nodes.Walrus):
            self.assign((expr.target,), expr.value, expr.span)

    def _consume(self, given: Expr) -> None:
        """Go through all that something gives, one after another."""
        at = given.span
        if isinstance(given, nodes.Comprehension):
            self.expression(replace(given, kind="ListComp"))
        else:
            self.body((nodes.For(at, nodes.Name(at, "_"), given, (), ()),))

    def _wait(self, test: Atom, span: Span) -> int:
        """Go on only if a test holds; returns the block where it does not matter any more."""
        then, after = self.blocks.new(), self.blocks.new()
        self.reading.conditions.ask_again(test)
        self._ask(test, then, after, span, None)
        self.blocks.jump_to(then)
        return after

    def _run(self, events: Iterable[Event], lost: tuple[str, ...], span: Span) -> None:
        """Emit what a call does, and forget what the called function gives new values."""
        called, after = False, None
        for event in events:
            if isinstance(event, Called):
                called = True
                self.call(event, lost)
            elif isinstance(event, Dispatched):
                called = True
                self._dispatch(event, lost)
            elif isinstance(event, Awaited):
                test = Atom(event.asked, event.flag, frozenset({event.flag}))
                after = self._wait(test, event.span)
            else:
                self.emit([event])
        if after is not None:
            self.blocks.move(after)
        if not called:
            self.emit(forget(lost, span))

    def call(self, event: Called, lost: tuple[str, ...] = ()) -> None:
        """Go through another graph."""
        if self.some_only:
            reason = "only some elements of a collection are treated here"
            self.emit([Escape(event.span, None, reason)])
            return
        following = self.blocks.new()
        renamed = tuple(self.reading.places.renamed.items())
        self.blocks.leave(Call(event.span, event.callee, following, lost, renamed))
        self.blocks.jump_to(following)

    def _dispatch(self, event: Dispatched, lost: tuple[str, ...]) -> None:
        """Go through one of several graphs: the same one as long as the object is the same."""
        after = self.blocks.new()
        *first, (_, last) = event.callees
        for name, callee in first:
            is_it, is_other = self.blocks.new(), self.blocks.new()
            key = self.reading.conditions.is_of_class(event.receiver, name)
            mentions = frozenset({event.receiver})
            self.blocks.leave(Branch(None, key, mentions, is_it, is_other, event.span))
            self.blocks.jump_to(is_it)
            self._call_if_any(event.span, callee, lost)
            self.blocks.goto(after)
            self.blocks.jump_to(is_other)
        self._call_if_any(event.span, last, lost)
        self.blocks.move(after)

    def _call_if_any(self, span: Span, callee: int | None, lost: tuple[str, ...]) -> None:
        if callee is None:
            self.emit(forget(lost, span))
        else:
            self.call(Called(span, callee), lost)

    def emit(self, events: Iterable[Event]) -> None:
        """Add events to the current block, and note those that say something is not understood."""
        for event in map(_of_some, events) if self.some_only else events:
            if isinstance(event, Called):
                self.call(event)
                continue
            if isinstance(event, Dispatched):
                self._dispatch(event, ())
                continue
            if isinstance(event, Escape):
                self.notes.append(Note(event.span, event.reason))
            self.blocks.add(event)

    def assign(self, targets: Iterable[Expr], value: Expr, span: Span) -> None:
        """Lower an assignment."""
        remade = self.targets[-1].remade if self.targets else None
        self.emit(self.reading.assignments.events(targets, value, span, remade))

    def test(
        self, test: Expr, yes: int, no: int, *, strong: bool = False, loop: LoopTest | None = None
    ) -> None:
        """Leave the current block for one of two, by short-circuit evaluation of a test.

        Strong if gradient events depend on the test.
        """
        match test:
            case nodes.Unary(op="not", value=value):
                self.test(value, no, yes, strong=strong, loop=loop)
            case nodes.BoolOp(op=op, parts=parts):
                for part in parts[:-1]:
                    then = self.blocks.new()
                    first = (then, no) if op == "and" else (yes, then)
                    self.test(part, *first, strong=strong, loop=loop)
                    self.blocks.jump_to(then)
                self.test(parts[-1], yes, no, strong=strong, loop=loop)
            case _:
                self.expression(test)
                atom = self.reading.conditions.atom(test, strong=strong)
                self._ask(atom, yes, no, test.span, loop)

    def _ask(self, atom: Atom, yes: int, no: int, span: Span, loop: LoopTest | None) -> None:
        if atom.outcome is not None:
            self.blocks.goto(yes if atom.outcome else no)
            return
        if atom.negated:
            yes, no = no, yes
        if self._answers_for_a_call(atom.asked):
            # What it answers may go with what the called function did to the gradients.
            atom = replace(atom, key=atom.key or f"what is answered at {span.start}")
            self.blocks.leave(Branch(None, atom.key, atom.mentions, yes, no, span))
            return
        ends = loop if loop is not None and loop.done in (yes, no) else None
        self.blocks.leave(Branch(atom.asked, atom.key, atom.mentions, yes, no, span, ends))

    def _answers_for_a_call(self, test: Expr) -> bool:
        """Whether a test asks what a followed call returned."""
        calls = [part for part in parts_of(test) if isinstance(part, nodes.Call)]
        for part in parts_of(test):
            found = self.reading.scope.lookup(part.id) if isinstance(part, nodes.Name) else None
            calls += [b.value for b in found[1] if isinstance(b.value, nodes.Call)] if found else []
        return any(map(self.reading.calls.is_followed, calls))

    def is_relevant(self, statements: Iterable[Stmt]) -> bool:
        """Whether statements hold an event, a jump, or give a value to a place that matters."""
        inner = tuple(statements)
        written = (*assigned_places(inner), *(change.place for change in changes_in(inner)))
        return any(map(self.reading.relevance.matters, inner)) or not (
            self.reading.followed.isdisjoint(written)
        )

    def stop(self, end: Stop = Stop()) -> None:  # noqa: B008  # a frozen value
        """End the function here."""
        self.run_finals(0)
        self.blocks.leave(end)

    def run_finals(self, down_to: int) -> None:
        """Lower the `finally` bodies that a jump runs on its way out."""
        kept = self.finals
        if len(kept) > _DEEPEST_FINALLY:
            reason = "`finally` is nested too deeply to be followed"
            self.emit([Escape(kept[-1].span, None, reason)])
            return
        for index in range(len(kept) - 1, down_to - 1, -1):
            self.finals = kept[:index]
            kept[index].lower()
        self.finals = kept


def assigned_places(statements: Iterable[Stmt]) -> tuple[str, ...]:
    """The places that statements assign."""
    return tuple({name: None for target, _ in assigned(statements) for name in names_in(target)})


def _of_some(event: Event) -> Event:
    """What an event is if it happens to some elements of a collection only."""
    if not isinstance(event, ZeroGrad | GradAssign | Step):
        return event
    place = None if isinstance(event, GradAssign) else event.optimizer
    places = None if place is None else frozenset({place})
    return Escape(event.span, places, "only some elements of a collection are treated here")
