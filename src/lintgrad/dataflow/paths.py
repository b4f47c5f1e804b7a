"""What is known on one path through a flow graph, and where the path can go on.

Paths are kept apart by the iteration of each loop they are in (the first apart from the rest, or
every one where a guard counts them), by the values that guards read, and by the tests that were
decided and will be asked again. Everything else is merged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

from lintgrad.dataflow.arithmetic import UNKNOWN, Value, evaluate
from lintgrad.flow.events import Assign
from lintgrad.flow.graph import Branch, Enter, FlowGraph, Goto, Leave, Repeat
from lintgrad.flow.names.place_parts import is_within
from lintgrad.syntax.nodes import Call, Name
from lintgrad.syntax.walk import parts_of

K = TypeVar("K")
V = TypeVar("V")


_DEEPEST_APART = 6
"""Loops nested deeper than this do not keep their first iteration apart: that doubles paths."""


_FEW = 3
"""Loops around a counting one that are written to run more often than this are not unrolled."""


class Facts(NamedTuple):
    """What is known on a path: iterations of loops, values of places, outcomes of tests."""

    turns: tuple[tuple[int, int], ...] = ()
    values: tuple[tuple[str, Value], ...] = ()
    decisions: tuple[tuple[str, bool], ...] = ()

    def group(self) -> tuple[object, ...]:
        """The part that says when a place is reached, and not under which conditions."""
        return self.turns, tuple(v for v in self.values if not isinstance(v[1], bool))


class Choice(NamedTuple):
    """The outcome of a test that could not be decided."""

    test: str
    outcome: bool


class Onward(NamedTuple):
    """One way to go on: the facts there, the block, and the choice it took."""

    facts: Facts
    block: int
    choice: Choice | None


def test_name(block: int, branch: Branch) -> str:
    """What a branch's test is called when an outcome is forced on it."""
    return branch.key if branch.key is not None else f"#{block}"


@dataclass(frozen=True, eq=False)
class Paths:
    """Moves facts through one flow graph; outcomes of tests can be forced."""

    graph: FlowGraph
    forced: Mapping[str, bool]

    @cached_property
    def _mentions(self) -> dict[str, frozenset[str]]:
        branches = [b.exit for b in self.graph.blocks if isinstance(b.exit, Branch)]
        return {b.key: b.mentions for b in branches if b.key is not None}

    @cached_property
    def _counted(self) -> frozenset[int]:
        tracked = self.graph.guards.tracked
        return frozenset(
            number
            for number, loop in enumerate(self.graph.loops)
            if any(counter.place in tracked for counter in loop.counters)
        )

    @cached_property
    def _counted_by_hand(self) -> Mapping[int, bool]:
        """The loops that change what guards count; whether they do so in every round."""
        tracked = self.graph.guards.tracked
        found: dict[int, bool] = {}
        for block in self.graph.blocks:
            if not self._counted.isdisjoint(block.loops):
                found |= {loop: found.get(loop, False) for loop in block.loops}
            for event in block.events:
                if isinstance(event, Assign) and not tracked.isdisjoint(event.places):
                    for loop in block.loops:
                        found[loop] = found.get(loop, False) or loop == block.loops[-1]
        return found

    def _unrolled(self, loop: int, length: object) -> bool:
        """Whether every round of a loop is kept apart: a guard counts them, and they are few."""
        if loop in self._counted:
            return True
        by_hand = self._counted_by_hand.get(loop)
        if by_hand is None or not isinstance(length, int):
            return False
        return length <= (2 * self.graph.guards.length if by_hand else _FEW)

    @cached_property
    def _asks_lengths(self) -> bool:
        return self.graph.guards.measured or asks_lengths(self.graph)

    @cached_property
    def _horizon(self) -> int:
        return max(3 * self.graph.guards.length, 24)

    def through(self, facts: Facts, event: object) -> Facts | None:
        """The facts after an event; None past the horizon, where counting stops."""
        match event:
            case Assign(places=places, value=value):
                known = evaluate(value, dict(facts.values), self.graph.guards)
                return self._assign(facts, places, known)
            case Enter(loop=loop) | Leave(loop=loop):
                return facts._replace(turns=_without(facts.turns, loop))
        return facts

    def _assign(self, facts: Facts, places: Iterable[str], known: object) -> Facts | None:
        decisions = self.undisturbed(facts.decisions, tuple(places))
        values = facts.values
        for place in places:
            if place not in self.graph.guards.tracked:
                continue
            values = _without(values, place)
            if known is None or isinstance(known, int):
                if not isinstance(known, bool) and known is not None and known > self._horizon:
                    return None
                values = tuple(sorted((*values, (place, known)), key=lambda item: item[0]))
        return Facts(facts.turns, values, decisions)

    def undisturbed(
        self, decisions: tuple[tuple[str, bool], ...], changed: tuple[str, ...]
    ) -> tuple[tuple[str, bool], ...]:
        """The decided tests that do not ask about places which have changed."""
        return tuple(
            d for d in decisions if not _touched(self._mentions.get(d[0], frozenset()), changed)
        )

    def onward(self, facts: Facts, block: int) -> list[Onward]:
        """The ways to go on from the end of a block."""
        match self.graph.blocks[block].exit:
            case Goto(target=target):
                return [Onward(facts, target, None)]
            case Branch() as branch:
                return self._branch(facts, block, branch)
            case Repeat() as repeat:
                return self._repeat(facts, block, repeat)
        return []

    def _branch(self, facts: Facts, block: int, branch: Branch) -> list[Onward]:
        outcome = self._outcome(facts, block, branch)
        if outcome is not None:
            return [Onward(facts, branch.if_true if outcome else branch.if_false, None)]
        ways = []
        for choice, target in ((True, branch.if_true), (False, branch.if_false)):
            if (
                branch.loop is not None
                and target == branch.loop.done
                and self._first(facts, branch)
            ):
                continue  # a loop is taken to run at least once
            after = facts
            if branch.key in self.graph.guards.remembered and branch.key is not None:
                after = facts._replace(
                    decisions=tuple(sorted((*facts.decisions, (branch.key, choice))))
                )
            ways.append(Onward(after, target, Choice(test_name(block, branch), choice)))
        return ways

    def _first(self, facts: Facts, branch: Branch) -> bool:
        return branch.loop is not None and dict(facts.turns).get(branch.loop.loop) == 0

    def _outcome(self, facts: Facts, block: int, branch: Branch) -> bool | None:
        decided = evaluate(branch.test, dict(facts.values), self.graph.guards)
        if decided is not UNKNOWN:
            return bool(decided)
        if branch.key is not None:
            for key, outcome in facts.decisions:
                if key == branch.key:
                    return outcome
        return self.forced.get(test_name(block, branch))

    def _repeat(self, facts: Facts, block: int, repeat: Repeat) -> list[Onward]:
        if len(self.graph.blocks[block].loops) > _DEEPEST_APART:
            targets = (repeat.body,) if repeat.done is None else (repeat.body, repeat.done)
            return [Onward(facts, target, None) for target in targets]
        before = dict(facts.turns).get(repeat.loop)
        length = evaluate(
            self.graph.loops[repeat.loop].length, dict(facts.values), self.graph.guards
        )
        counted = self._unrolled(repeat.loop, length)
        ways = []
        if before is None:
            empty = isinstance(length, int) and length <= 0
            following: int | None = None if empty else 0
        elif counted:
            total = self.graph.guards.length
            if isinstance(length, int):
                longest = total if self._asks_lengths else 2 * total
                total = length if length <= longest else total
            following = before + 1 if before + 1 < total else None
        else:
            following = None if length == 1 else 1
        if following is not None:
            turned = self._turn(facts, repeat.loop, following, counted)
            if turned is not None:
                ways.append(Onward(turned, repeat.body, None))
        may_end = following is None if counted or before is None else True
        if repeat.done is not None and may_end:
            ways.append(Onward(facts, repeat.done, None))
        return ways

    def _turn(self, facts: Facts, number: int, turn: int, counted: bool) -> Facts | None:  # noqa: FBT001
        """The facts at the start of a loop's given iteration."""
        loop = self.graph.loops[number]
        turns = tuple(sorted((*_without(facts.turns, number), (number, turn))))
        turned: Facts | None = facts._replace(turns=turns)
        if turned is not None:
            turned = self._assign(turned, loop.targets, UNKNOWN)
        for counter in loop.counters if counted else ():
            start = 0
            if counter.start is not None:
                first = evaluate(counter.start, dict(facts.values), self.graph.guards)
                if not isinstance(first, int):
                    continue
                start = first
            if turned is not None:
                turned = self._assign(turned, (counter.place,), start + counter.step * turn)
        return turned


def _touched(mentions: frozenset[str], changed: tuple[str, ...]) -> bool:
    return any(is_within(mention, place) for place in changed for mention in mentions)


def _without(items: tuple[tuple[K, V], ...], key: K) -> tuple[tuple[K, V], ...]:
    return tuple(item for item in items if item[0] != key)


def asks_lengths(graph: FlowGraph) -> bool:
    """Whether a test asks for a length: what is counted then has that many rounds."""
    tests = (block.exit.test for block in graph.blocks if isinstance(block.exit, Branch))
    return bool(graph.guards.lasts) or any(
        isinstance(part, Call) and isinstance(part.func, Name) and part.func.id == "len"
        for test in tests
        if test is not None
        for part in parts_of(test)
    )
