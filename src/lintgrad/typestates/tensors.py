"""The shapes of a function's tensors at each backward, joined over all paths."""

from collections import deque
from dataclasses import dataclass

from lintgrad.dataflow.solve import Point
from lintgrad.flow.events import Assign, Backward
from lintgrad.flow.graph import FlowGraph, Repeat, targets_of
from lintgrad.syntax.nodes import Expr
from lintgrad.typestates.evaluate import Surroundings, shapes_of
from lintgrad.typestates.possible import ANYTHING, Shapes, limited

_MOST_VISITS = 6
"""How often a block is read before its shapes count as not known (they may grow for ever)."""

Env = dict[str, Shapes]


@dataclass(frozen=True, slots=True)
class Loss:
    """A backward with the shapes its loss may have."""

    event: Backward
    shapes: Shapes


def losses_of(graph: FlowGraph) -> dict[Point, Loss]:
    """Every backward of a graph with the shapes that can reach it."""
    start: Env = {}
    for place, value in graph.outer.items():
        start[place] = shapes_of(value, Surroundings({}, graph.dotted))
    before: dict[int, Env] = {0: start}
    visits = [0] * len(graph.blocks)
    queue = deque([0])
    while queue:
        block = queue.popleft()
        visits[block] += 1
        env = _after(graph, block, dict(before[block]))
        for target in targets_of(graph.blocks[block].exit):
            joined = _joined(before.get(target), env, settle=visits[target] > _MOST_VISITS)
            if joined != before.get(target):
                before[target] = joined
                queue.append(target)
    return {
        point: loss
        for block, env in before.items()
        for point, loss in _losses(graph, block, dict(env))
    }


def _joined(known: Env | None, env: Env, *, settle: bool) -> Env:
    """The places of either environment; what only one of them binds may be unbound: as bound."""
    if known is None:
        return env
    found = dict(known)
    for place, shapes in env.items():
        there = known.get(place, shapes)
        found[place] = there if shapes <= there else ANYTHING if settle else limited(there | shapes)
    return found


def _after(graph: FlowGraph, block: int, env: Env) -> Env:
    for event in graph.blocks[block].events:
        if isinstance(event, Assign):
            _assign(graph, event, env)
    exit_ = graph.blocks[block].exit
    if isinstance(exit_, Repeat):
        for place in graph.loops[exit_.loop].targets:
            env[place] = ANYTHING
    return env


def _assign(graph: FlowGraph, event: Assign, env: Env) -> None:
    shapes = ANYTHING if event.value is None else _value(graph, event.value, env)
    for place in event.places:
        for above in [p for p in env if place.startswith(f"{p}.")]:
            env[above] = ANYTHING  # `criterion.reduction = "mean"` changes the criterion
        for below in [p for p in env if p.startswith((f"{place}.", f"{place}["))]:
            del env[below]
        env[place] = shapes


def _value(graph: FlowGraph, value: Expr, env: Env) -> Shapes:
    imports = {name: full for name, full in graph.dotted.items() if name not in env}
    return shapes_of(value, Surroundings(env, imports))


def _losses(graph: FlowGraph, block: int, env: Env) -> list[tuple[Point, Loss]]:
    found: list[tuple[Point, Loss]] = []
    for index, event in enumerate(graph.blocks[block].events):
        if isinstance(event, Assign):
            _assign(graph, event, env)
        elif isinstance(event, Backward) and event.loss is not None:
            found.append(((block, index), Loss(event, _value(graph, event.loss, env))))
    return found
