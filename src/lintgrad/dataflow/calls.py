"""What is known across a call: values and decided tests go in with it, and come out again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple

from lintgrad.dataflow.arithmetic import Value, evaluate
from lintgrad.dataflow.paths import Facts, Paths
from lintgrad.dataflow.typestate import State
from lintgrad.flow.graph import Branch, Call, FlowGraph


class Entry(NamedTuple, Generic[State]):
    """What a graph is entered or left with."""

    state: State
    values: tuple[tuple[str, Value], ...]
    decisions: tuple[tuple[str, bool], ...]


def at_entry(graph: FlowGraph) -> Iterator[tuple[str, Value]]:
    """What tracked places hold where nothing says who calls: an object's counters as made."""
    for place, expr in sorted({**graph.guards.starts, **graph.guards.entered}.items()):
        if place in graph.guards.tracked:
            known = evaluate(expr, {}, graph.guards)
            if known is None or isinstance(known, int):
                yield place, known


@dataclass(frozen=True, slots=True)
class Passage:
    """One call of a graph by another: which places and tests both of them know."""

    call: Call
    called: FlowGraph
    inward: tuple[tuple[str, str], ...]
    """Places that the called graph tracks, with what the caller calls them."""
    outward: tuple[tuple[str, str], ...]
    """Those of them that the caller tracks too and that are no parameters."""
    shared: tuple[tuple[str, str], ...]
    """The keys of the tests that ask about the same things: the called graph's, the caller's."""


def passage(caller: FlowGraph, call: Call, called: FlowGraph) -> Passage:
    """What is known on both sides of a call."""
    tracked = called.guards.tracked
    parameters = {place for place, _ in call.link.passed}
    inward = tuple(pair for pair in call.link.outside if pair[0] in tracked)
    outward = tuple(
        (place, name)
        for place, name in inward
        if place not in parameters and name in caller.guards.tracked
    )
    flags = (pair for pair in call.link.flags if pair[0] in called.guards.remembered)
    shared = dict.fromkeys((*((key, key) for key in _shared(call, called)), *flags))
    return Passage(call, called, inward, outward, tuple(shared))


def entry_of(caller: FlowGraph, passage: Passage, facts: Facts, state: State) -> Entry[State]:
    """What a called graph is entered with."""
    values = dict(facts.values)
    entered = passage.called.guards.entered
    inside: dict[str, Value] = {
        place: value for place, value in at_entry(passage.called) if place in entered
    }
    inside |= {place: values[name] for place, name in passage.inward if name in values}
    for place, expr in passage.call.link.passed:
        known = evaluate(expr, values, caller.guards)
        if known is None or isinstance(known, int):
            inside[place] = known
    decided = dict(facts.decisions)
    decisions = sorted(
        {inner: decided[outer] for inner, outer in passage.shared if outer in decided}.items()
    )
    return Entry(state, tuple(sorted(inside.items())), tuple(decisions))


def after_call(paths: Paths, passage: Passage, facts: Facts, left: Entry[State]) -> Facts:
    """What the caller knows when a called graph has been left."""
    lost = passage.call.link.lost
    values, decisions = facts.values, paths.undisturbed(facts.decisions, lost)
    if passage.outward or not {name for name, _ in values}.isdisjoint(lost):
        values = _after(passage, dict(values), dict(left.values))
    found = dict(left.decisions)
    told = {
        outer: found[inner]
        for inner, outer in passage.shared
        if inner in found and outer in paths.graph.guards.remembered
    }
    if told:
        decisions = tuple(sorted({**dict(decisions), **told}.items()))
    return Facts(facts.turns, values, decisions)


def _after(
    passage: Passage, after: dict[str, Value], inside: dict[str, Value]
) -> tuple[tuple[str, Value], ...]:
    """The values of the caller's places, given those of the called graph when it is left."""
    kept = {name for _, name in passage.outward}
    for name in passage.call.link.lost:
        if name not in kept:
            after.pop(name, None)
    known = {name for place, name in passage.call.link.outside if place in inside}
    for place, name in passage.outward:
        if name in known:
            after[name] = inside.get(place)
        else:
            after.pop(name, None)
    return tuple(sorted(after.items()))


def _shared(call: Call, called: FlowGraph) -> Iterator[str]:
    """The keys of the tests that ask about the same things in the caller as in what it calls."""
    names = dict(call.link.outside)
    seen = set()
    for block in called.blocks:
        test = block.exit
        if not isinstance(test, Branch) or test.key is None or test.key in seen:
            continue
        seen.add(test.key)
        roots = {m.split(".")[0].split("[")[0] for m in test.mentions}
        alike = bool(roots) and all(names.get(root) == root for root in roots)
        if alike and test.key in called.guards.remembered:
            yield test.key
