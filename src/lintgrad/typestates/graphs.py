"""Whether the graph that a name hangs on can be gone through once more."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Assign, Event, Graph, GraphUsed, Rebind
from lintgrad.flow.graph import FlowGraph, Link


class Nodes(Enum):
    """What is there of a graph."""

    UNKNOWN = auto()
    EMPTY = auto()
    WHOLE = auto()
    FREED = auto()
    """A backward has freed the tensors that were saved for it."""


class GraphAct(Enum):
    """What an event does to a graph."""

    MAKE = auto()
    ADD = auto()
    CLEAR = auto()
    FREE = auto()
    KEEP = auto()
    LOSE = auto()


def is_freed(nodes: Nodes) -> bool:
    """Whether another backward raises."""
    return nodes is Nodes.FREED


def act(event: Event, graph: Graph) -> GraphAct | None:
    """What an event does to a graph, None if nothing."""
    match event:
        case Assign(places=places) if graph.place in places:
            return _assigned(event, graph)
        case Rebind(places=places) if graph.place in places:
            return GraphAct.LOSE
        case GraphUsed(subject=other, frees=frees) if other == graph:
            return {True: GraphAct.FREE, False: GraphAct.KEEP, None: GraphAct.LOSE}[frees]
    return None


def _assigned(event: Assign, graph: Graph) -> GraphAct:
    if event.added is not None:
        return GraphAct.ADD if event.added in graph.added else GraphAct.LOSE
    if event.value in graph.made:
        return GraphAct.MAKE
    if event.value in graph.added:
        return GraphAct.ADD
    return GraphAct.CLEAR if event.value in graph.empty else GraphAct.LOSE


def after(nodes: Nodes, act_: GraphAct) -> Nodes:
    """What is there of a graph after an act (torch 2.13: backward frees unless told to retain)."""
    match act_:
        case GraphAct.MAKE:
            return Nodes.WHOLE
        case GraphAct.ADD:
            return Nodes.WHOLE if nodes is Nodes.EMPTY else nodes
        case GraphAct.CLEAR:
            return Nodes.EMPTY
        case GraphAct.FREE:
            return Nodes.FREED if nodes in (Nodes.WHOLE, Nodes.FREED) else Nodes.UNKNOWN
        case GraphAct.KEEP:
            return nodes
    return Nodes.UNKNOWN


def _elsewhere(_: FlowGraph, __: Link, graph: Graph) -> Graph:
    """What a called function calls a graph of its caller: its own events never name it."""
    return Graph("", (), graph.basis)


GRAPHS: Typestate[Nodes, GraphAct, Graph] = Typestate(
    "graphs", Nodes.UNKNOWN, act, after, _elsewhere
)
"""One graph, of which nothing is known when a function is entered."""
