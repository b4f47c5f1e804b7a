"""A function that is called again and again, as a graph of its own that does so in a loop."""

from dataclasses import replace

from lintgrad.flow.graph import Block, Call, Enter, FlowGraph, Goto, Leave, Link, Loop, Repeat, Stop
from lintgrad.flow.names.scopes import root_of


def called_repeatedly(graph: FlowGraph, number: int) -> FlowGraph:
    """The graph of a loop that does nothing but to call a function, by its number.

    What the function calls a thing, the loop calls it, too.
    """
    tracked = {place for place in graph.guards.tracked if place in graph.guards.starts}
    kept = {place: graph.optimizers[place] for place in sorted(graph.again)}
    known = tracked | kept.keys()
    known |= {place for o in kept.values() for place in o.owners.places | o.owners.related}
    known |= {root_of(place) for place in known}
    link = Link(tuple((place, place) for place in sorted(known)))
    call = Call(graph.span, number, 3, (), link=link)
    return replace(
        graph,
        blocks=(
            Block((Enter(0),), Goto(1), ()),
            Block((), Repeat(0, 2, 4), (0,)),
            Block((), call, (0,)),
            Block((), Goto(1), (0,)),
            Block((Leave(0),), Stop(), ()),
        ),
        loops=(Loop(graph.span, (), None, ()),),
        optimizers=kept,
        guards=replace(graph.guards, tracked=frozenset(tracked)),
        again=frozenset(),
    )
