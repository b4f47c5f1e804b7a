"""Which blocks of a graph run again together."""

from collections.abc import Iterable

from lintgrad.flow.graph import FlowGraph, targets_of


def cycle_of(graph: FlowGraph, block: int) -> set[int]:
    """The blocks that can be reached from a block and lead back to it; none outside of loops."""
    return {
        b
        for b in _reachable(graph, targets_of(graph.blocks[block].exit))
        if _leads(graph, b, block)
    }


def _leads(graph: FlowGraph, start: int, end: int) -> bool:
    return start == end or end in _reachable(graph, targets_of(graph.blocks[start].exit))


def _reachable(graph: FlowGraph, start: Iterable[int]) -> set[int]:
    seen: set[int] = set()
    todo = list(start)
    while todo:
        block = todo.pop()
        if block not in seen:
            seen.add(block)
            todo.extend(targets_of(graph.blocks[block].exit))
    return seen
