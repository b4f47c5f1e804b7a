"""What is known across a call: values and decided tests go in with it, and come out again."""

from collections.abc import Iterator
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


def entry_of(
    caller: FlowGraph, call: Call, called: FlowGraph, facts: Facts, state: State
) -> Entry[State]:
    """What a called graph is entered with."""
    values = dict(facts.values)
    inside: dict[str, Value] = {
        place: value for place, value in at_entry(called) if place in called.guards.entered
    }
    for place, name in call.link.outside:
        if place in called.guards.tracked and name in values:
            inside[place] = values[name]
    for place, expr in call.link.passed:
        known = evaluate(expr, values, caller.guards)
        if known is None or isinstance(known, int):
            inside[place] = known
    decisions = [(key, outcome) for key, outcome in facts.decisions if _shared(call, called, key)]
    return Entry(state, tuple(sorted(inside.items())), tuple(sorted(decisions)))


def after_call(
    paths: Paths, call: Call, called: FlowGraph, facts: Facts, left: Entry[State]
) -> Facts:
    """What the caller knows when a called graph has been left."""
    tracked = paths.graph.guards.tracked
    inside, after = dict(left.values), dict(facts.values)
    parameters = {place for place, _ in call.link.passed}
    kept = {
        name: inside.get(place)
        for place, name in call.link.outside
        if place in called.guards.tracked and place not in parameters and name in tracked
    }
    known = {name for place, name in call.link.outside if place in inside}
    for name in call.link.lost:
        if name not in kept:
            after.pop(name, None)
    for name, value in kept.items():
        if name in known:
            after[name] = value
        else:
            after.pop(name, None)
    decisions = dict(paths.undisturbed(facts.decisions, call.link.lost))
    for key, outcome in left.decisions:
        if key in paths.graph.guards.remembered and _shared(call, called, key):
            decisions[key] = outcome
    return Facts(facts.turns, tuple(sorted(after.items())), tuple(sorted(decisions.items())))


def _shared(call: Call, called: FlowGraph, key: str) -> bool:
    """Whether a test asks about the same things in the caller as in what it calls."""
    if key not in called.guards.remembered:
        return False
    names = dict(call.link.outside)
    for block in called.blocks:
        if isinstance(block.exit, Branch) and block.exit.key == key:
            roots = {m.split(".")[0].split("[")[0] for m in block.exit.mentions}
            return bool(roots) and all(names.get(root) == root for root in roots)
    return False
