"""One file to the flow graphs of its functions: pure, and all that the analysis keeps of a file."""

from collections.abc import Iterator

from lintgrad.flow.assignments import Assignments
from lintgrad.flow.calls import Calls
from lintgrad.flow.conditions import Conditions
from lintgrad.flow.events import Assign, Backward, Build, NamedOnly, Step, ZeroGrad
from lintgrad.flow.feeding import feeding_places
from lintgrad.flow.graph import Block, FlowGraph, Guards, Optimizer
from lintgrad.flow.guards import guards_of
from lintgrad.flow.lower import lower
from lintgrad.flow.lowering import Reading
from lintgrad.flow.places import Places
from lintgrad.flow.relevance import Relevance
from lintgrad.flow.role import Basis
from lintgrad.flow.roles import Roles
from lintgrad.flow.scopes import Scope, Via, root_of, scopes_of
from lintgrad.flow.touching import Touching, touches_itself
from lintgrad.flow.usage import Usage
from lintgrad.source.text import Source, Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Expr, Function, Module
from lintgrad.syntax.walk import parts_of, statements_of

_TORCH = ("torch", "accelerate", "lightning", "pytorch_lightning", "lightning_fabric", "apex")
_OTHER_ENGINES = ("tensorflow", "keras", "mxnet", "paddle", "jax", "tinygrad", "micrograd", "numpy")
_MOST_REMEMBERED = 8
"""How many tests are decided once, at most: each doubles the paths that are kept apart."""


def flow_graphs(module: Module, source: Source) -> tuple[FlowGraph, ...]:
    """The flow graphs of a file's functions and of its module body, where gradients are used."""
    scopes = scopes_of(module)
    strength = _strength(scopes)
    if strength is None:
        return ()
    roles = Roles(scopes)
    touching = Touching(scopes, roles)
    usage = Usage(scopes)
    return tuple(
        _lower(scope, Places(scope, roles, usage, strength), roles, touching, source)
        for scope in scopes
        if touches_itself(scope)
    )


def _strength(scopes: list[Scope]) -> Basis | None:
    """How far the file's imports can be trusted to make this torch code; None if not at all."""
    imported = {name.split(".")[0] for scope in scopes for name in scope.imports.values()}
    if imported & set(_TORCH):
        return Basis.BUILT
    return None if imported & set(_OTHER_ENGINES) else Basis.NAMED


def _lower(
    scope: Scope, places: Places, roles: Roles, touching: Touching, source: Source
) -> FlowGraph:
    calls = Calls(scope, roles, touching, places, source.text)
    relevance = Relevance(scope, roles, calls, places)
    assignments = Assignments(scope, roles, places, relevance)
    conditions = Conditions(scope, places, source.text)
    guards = guards_of(scope, relevance)
    followed = guards.tracked | feeding_places(scope, calls)
    reading = Reading(scope, places, calls, relevance, assignments, conditions, followed)
    places.optimizers.clear()  # until here loop variables did not stand for anything yet
    lowering = lower(reading)
    blocks = lowering.blocks.finish()
    remembered = conditions.remembered(_MOST_REMEMBERED)
    start = scope.node.span.start if isinstance(scope.node, Function) else 0
    end = max((s.span.end for s in statements_of(scope.node.body)), default=start)
    return FlowGraph(
        scope.name,
        Span(start, end, source.path),
        blocks,
        tuple(lowering.loops),
        _named_in(blocks, places.optimizers),
        Guards(guards.tracked, guards.stand_ins, guards.length, remembered),
        _outer_values(scope, blocks),
        {n: d for n, d in scope.imports.items() if not scope.binds(n)},
        tuple(lowering.notes),
    )


def _named_in(blocks: tuple[Block, ...], known: dict[str, Optimizer]) -> dict[str, Optimizer]:
    """The optimizers that events of the graph name."""
    named: dict[str, None] = {}
    for block in blocks:
        for event in block.events:
            if isinstance(event, Step | Build | NamedOnly | ZeroGrad) and event.optimizer:
                named[event.optimizer] = None
    return {place: known[place] for place in named if place in known}


def _outer_values(scope: Scope, blocks: tuple[Block, ...]) -> dict[str, Expr]:
    """The values of places that the function reads and that are bound once outside of it."""
    found: dict[str, Expr] = {}
    for place in dict.fromkeys(_read(blocks)):
        if place in scope.bindings or (
            scope.parameter(root_of(place)) and root_of(place) != "self"
        ):
            continue
        looked = scope.lookup(place)
        if looked is None or len(looked[1]) != 1 or looked[1][0].via is not Via.VALUE:
            continue
        if not any(other.startswith(f"{place}.") for other in looked[0].bindings):
            found[place] = looked[1][0].value
    return found


def _read(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        for event in block.events:
            value = (
                event.loss
                if isinstance(event, Backward)
                else event.value
                if isinstance(event, Assign)
                else None
            )
            for part in parts_of(value) if value is not None else ():
                if (place := place_of(part)) is not None:
                    yield place
