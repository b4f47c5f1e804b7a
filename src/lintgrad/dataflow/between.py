"""What lies between two events of a graph."""

from lintgrad.dataflow.solution import Point
from lintgrad.flow.graph import FlowGraph, Stop, targets_of


def through(graph: FlowGraph, start: Point, end: Point, marked: set[Point]) -> bool:
    """Whether some way from one event to the next occurrence of another passes a marked event."""
    todo = [((start[0], start[1] + 1), False)]
    seen: set[tuple[Point, bool]] = set()
    while todo:
        (block, index), passed = todo.pop()
        if ((block, index), passed) in seen:
            continue
        seen.add(((block, index), passed))
        if (block, index) == end:
            if passed:
                return True
            continue
        if index < len(graph.blocks[block].events):
            todo.append(((block, index + 1), passed or (block, index) in marked))
        else:
            todo.extend(((target, 0), passed) for target in targets_of(graph.blocks[block].exit))
    return False


def past(graph: FlowGraph, start: Point, ends: set[Point], avoided: set[Point]) -> bool:
    """Whether some way from one event to one of others passes none that is to be avoided."""
    todo = [(start[0], start[1] + 1)]
    seen: set[Point] = set()
    while todo:
        point = todo.pop()
        if point in seen or point in avoided:
            continue
        seen.add(point)
        if point in ends:
            return True
        block, index = point
        if index < len(graph.blocks[block].events):
            todo.append((block, index + 1))
        else:
            todo.extend((target, 0) for target in targets_of(graph.blocks[block].exit))
    return False


def ends_of(graph: FlowGraph) -> set[Point]:
    """The places where a graph ends without an exception."""
    return {
        (number, len(block.events))
        for number, block in enumerate(graph.blocks)
        if not targets_of(block.exit) and not (isinstance(block.exit, Stop) and block.exit.raises)
    }
