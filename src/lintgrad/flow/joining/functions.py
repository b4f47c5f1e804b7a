"""One frame to its flow graph, and to what it takes to join the graph with those it calls."""

from collections import Counter
from dataclasses import dataclass

from lintgrad.flow.calls.events_of import Calls
from lintgrad.flow.calls.followed import Followed
from lintgrad.flow.events import (
    Build,
    Clip,
    GradAssign,
    NamedOnly,
    SchedulerStep,
    Step,
    Unscale,
    ZeroGrad,
)
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.graph import Block, FlowGraph
from lintgrad.flow.joining.program import Program
from lintgrad.flow.loops.conditions import Conditions
from lintgrad.flow.loops.rounds import Rounds, rounds_of
from lintgrad.flow.lowering.assignments import Assignments
from lintgrad.flow.lowering.feeding import feeding_places
from lintgrad.flow.lowering.ground import Reading
from lintgrad.flow.lowering.guards import guards_of
from lintgrad.flow.lowering.relevance import Relevance
from lintgrad.flow.lowering.statements import lower
from lintgrad.flow.meaning import Meaning
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.crossing import Crossing
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.slips.of_function import Slips
from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Function
from lintgrad.syntax.walk import statements_of


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """A frame's graph, with what it names and asks, as far as other frames may share it."""

    scope: Scope
    graph: FlowGraph
    places: Places
    sites: Counter[str]
    """How many places guarded by gradient events ask each test."""
    rounds: Rounds | None


def lower_frame(program: Program, crossing: Crossing, frame: Scope) -> Lowered:
    """Lower the body of a function in one kind of call, or of a module."""
    file = program.files[frame.source.path]
    strength = program.strength(frame)
    if strength is None:
        strength = Basis.NAMED
    places = Places(frame, program.roles, crossing, file.usage, strength)
    followed = Followed(program.roles, program.touching, program.number)
    calls = Calls(frame, program.roles, places, followed)
    slips = Slips(frame, program.roles, places, file.usage, strength)
    relevance = Relevance(frame, program.roles, calls, places, slips)
    assignments = Assignments(frame, program.roles, places, relevance)
    conditions = Conditions(frame, places, frame.source.text)
    rounds = rounds_of(frame)
    counters = rounds.counters if rounds else ()
    guards = calls.counting(guards_of(frame, program.roles.callers, relevance, counters))
    watched = guards.tracked | feeding_places(frame, calls)
    reading = Reading(frame, places, calls, relevance, assignments, conditions, slips, watched)
    places.optimizers.clear()  # until here loop variables did not stand for anything yet
    lowering = lower(reading)
    blocks = lowering.blocks.finish()
    start = frame.node.span.start if isinstance(frame.node, Function) else 0
    end = max((s.span.end for s in statements_of(frame.node.body)), default=start)
    graph = FlowGraph(
        frame.name,
        Span(start, end, frame.source.path),
        blocks,
        tuple(lowering.loops),
        _named_in(blocks, places.optimizers),
        guards,
        tuple(lowering.notes),
        Meaning(frame, program.roles),
    )
    return Lowered(frame, graph, places, conditions.sites, rounds)


_NAMING = (Step, Build, NamedOnly, ZeroGrad, Unscale, Clip)
"""The events that name an optimizer."""


def _named_in(blocks: tuple[Block, ...], known: dict[str, Optimizer]) -> dict[str, Optimizer]:
    """The optimizers that events of the graph name."""
    named: dict[str, None] = {}
    for block in blocks:
        for event in block.events:
            if isinstance(event, _NAMING) and event.optimizer:
                named[event.optimizer] = None
    return {place: known[place] for place in named if place in known}


def places_in(lowered: Lowered) -> frozenset[str]:
    """The places that a graph's events, owners and guards name."""
    graph = lowered.graph
    found = set(graph.optimizers) | set(graph.guards.tracked)
    for optimizer in graph.optimizers.values():
        found |= optimizer.owners.places | optimizer.owners.related
    for block in graph.blocks:
        for event in block.events:
            if isinstance(event, ZeroGrad | GradAssign | Clip):
                found |= event.owners.places | event.owners.related
            if (
                isinstance(event, Step | ZeroGrad | Unscale | Clip | SchedulerStep)
                and event.optimizer is not None
            ):
                found.add(event.optimizer)
    return frozenset(found)


def owners_in(lowered: Lowered) -> frozenset[str]:
    """The owners whose gradients a graph's events change."""
    return frozenset(
        place
        for block in lowered.graph.blocks
        for event in block.events
        if isinstance(event, ZeroGrad | GradAssign)
        for place in event.owners.places
    )
