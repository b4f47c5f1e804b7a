"""Graphs and leaves in a bad state, in a function and in what it calls with them."""

from collections.abc import Iterator, Sequence

from lintgrad.dataflow.solution import events_of
from lintgrad.flow.events import GradRead, Graph, GraphUsed, Leaf
from lintgrad.flow.graph import FlowGraph, reachable
from lintgrad.rule.meeting import Met, met
from lintgrad.typestates.graphs import GRAPHS, Nodes, is_freed
from lintgrad.typestates.leaves import LEAVES, Holds, is_result


def freed(graphs: Sequence[FlowGraph], number: int) -> Iterator[tuple[Graph, Met]]:
    """The backward calls through graphs that are freed."""
    for at in reachable(graphs, number):
        used = [event for _, event in events_of(graphs[at]) if isinstance(event, GraphUsed)]
        for graph in dict.fromkeys(event.subject for event in used):
            start = Nodes.WHOLE if graph.passed else None
            for one in met(graphs, at, GRAPHS, graph, is_freed, start):
                if isinstance(one.event, GraphUsed) and one.event.frees is not None:
                    yield graph, one


def rebound(graphs: Sequence[FlowGraph], number: int) -> Iterator[tuple[Leaf, Met]]:
    """Where the gradient is read of what is no leaf any more."""
    for at in reachable(graphs, number):
        read = [event for _, event in events_of(graphs[at]) if isinstance(event, GradRead)]
        for leaf in dict.fromkeys(event.subject for event in read):
            start = Holds.LEAF if leaf.passed else None
            for one in met(graphs, at, LEAVES, leaf, is_result, start):
                if isinstance(one.event, GradRead):
                    yield leaf, one
