"""The values of a function's tensors at each backward, joined over all paths and calls."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lintgrad.dataflow.solution import Point
from lintgrad.flow.events import Assign, Backward, Change, Differentiate, Event
from lintgrad.flow.graph import Branch, Call, Enter, FlowGraph, Leave, Repeat, targets_of
from lintgrad.flow.loops.headers import names_in
from lintgrad.flow.lowering.slices import Slice, read_in
from lintgrad.flow.meaning import Meaning
from lintgrad.flow.names.recording import Recording
from lintgrad.flow.slips.flagging import flags_unnamed
from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Expr
from lintgrad.syntax.walk import children
from lintgrad.typestates.values import environment, links
from lintgrad.typestates.values.decisions import outcome
from lintgrad.typestates.values.environment import Env
from lintgrad.typestates.values.evaluate import Surroundings, values_of
from lintgrad.typestates.values.interpreter import Interpreter
from lintgrad.typestates.values.possible import ANYTHING, Values
from lintgrad.typestates.values.value import WITHOUT_GRAPH, Kind, Link, Value

_MOST_VISITS = 6
"""How often a block is read before its values count as not known (they may grow for ever)."""
_MOST_GRAPHS = 60
"""How many ways of calling other functions are looked at from one."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A backward, or a call for gradients, with the values that its loss may have.

    The calls lead to it from the function that is looked at, the outermost first.
    """

    event: Backward | Differentiate
    values: Values
    calls: tuple[Span, ...] = ()

    @property
    def without_graph(self) -> Value | None:
        """A value that was cut off its graph or has none, if no other may have one.

        Data is no reason by itself: it is what a sum starts with, before its loop's first round.
        """
        if any(value.link not in WITHOUT_GRAPH for value in self.values):
            return None
        cut = [value for value in self.values if value.cut is not None]
        return min(cut, key=lambda v: list(Link).index(v.link)) if cut else None


@dataclass(frozen=True, slots=True)
class Visit:
    """A graph with what holds when it is entered."""

    number: int
    env: Env
    recording: Recording
    calls: tuple[Span, ...] = ()


def losses_of(graphs: Sequence[FlowGraph], number: int) -> dict[tuple[object, ...], Loss]:
    """Every backward of a graph, and of those it calls, with the values that can reach it."""
    interpreter = Interpreter()
    found: dict[tuple[object, ...], Loss] = {}
    todo = [Visit(number, {}, Recording())]
    seen: list[object] = []
    for visit in todo:  # grows while it is read
        graph = graphs[visit.number]
        key = (visit.number, frozenset(visit.env.items()), visit.recording)
        if key in seen or len(seen) > _MOST_GRAPHS or graph.meaning is None:
            continue
        seen.append(key)
        tensors = Tensors(graph, graph.meaning, visit, interpreter)
        for point, loss in tensors.losses():
            found[(len(seen), *point)] = loss
        todo += tensors.entered(graphs)
    return found


def losses_where_called(graphs: Sequence[FlowGraph], number: int, loss: Loss) -> Iterator[Loss]:
    """The same backward with the values that it has in each visible call of its function."""
    own = graphs[number]
    for caller, graph in enumerate(graphs):
        exits = (block.exit for block in graph.blocks)
        if any(isinstance(exit_, Call) and _same(graphs[exit_.callee], own) for exit_ in exits):
            for one in losses_of(graphs, caller).values():
                if one.calls and one.event.span == loss.event.span:
                    yield one


def _same(one: FlowGraph, other: FlowGraph) -> bool:
    """Whether two graphs are of one function, called in two ways perhaps."""
    if one.meaning is None or other.meaning is None:
        return False
    return one.meaning.scope.source is other.meaning.scope.source and one.span == other.span


@dataclass(slots=True, eq=False)
class Tensors:
    """The values in one graph, entered in one way."""

    graph: FlowGraph
    meaning: Meaning
    visit: Visit
    interpreter: Interpreter
    before: dict[int, Env] = field(default_factory=dict)
    needed: Slice = field(init=False)
    """The places that losses, tests and calls are made of."""

    def __post_init__(self) -> None:
        """Go through the blocks until nothing changes."""
        sources = self.interpreter.sources(self.meaning)
        self.needed = Slice(sources, _asked_for(self.graph, self.meaning))
        self.before = {0: dict(self.visit.env)}
        visits = [0] * len(self.graph.blocks)
        queue = deque([0])
        while queue:
            block = queue.popleft()
            visits[block] += 1
            env = self._after(block)
            for target in self._targets(block, env):
                settle = visits[target] > _MOST_VISITS
                left = self._turned(block, target, env)
                joined = environment.join(self.before.get(target), left, settle=settle)
                if joined != self.before.get(target):
                    self.before[target] = dict(joined)
                    if target not in queue:
                        queue.append(target)

    def _in(self, env: Env) -> Surroundings:
        return Surroundings(env, self.meaning, self.visit.recording, self.interpreter)

    def _values(self, expr: Expr, env: Env) -> Values:
        return values_of(expr, self._in(env))

    def _targets(self, block: int, env: Env) -> tuple[int, ...]:
        exit_ = self.graph.blocks[block].exit
        if isinstance(exit_, Branch) and exit_.test is not None:
            known = outcome(exit_.test, lambda part: self._values(part, env))
            if known is not None:
                return (exit_.if_true if known else exit_.if_false,)
        return targets_of(exit_)

    def _turned(self, block: int, target: int, env: Env) -> Env:
        """What holds where control goes on: in a loop's body, its target has an element."""
        exit_ = self.graph.blocks[block].exit
        if not isinstance(exit_, Repeat) or target != exit_.body:
            return env
        drawn = self.graph.loops[exit_.loop].drawn
        inside = dict(env)
        if drawn is not None:
            environment.iterated(drawn[0], env.get(_drawn_by(exit_.loop), ANYTHING), inside)
        return inside

    def _draws(self, loop: int, env: Env) -> None:
        """What a loop runs over is settled when it is entered."""
        drawn = self.graph.loops[loop].drawn
        if drawn is not None:
            wanted = any(name in self.needed for name in names_in(drawn[0]))
            known = wanted and all(name in self.needed for name in read_in(drawn[1]))
            if known:
                env[_drawn_by(loop)] = self._values(drawn[1], env)

    def _after(self, block: int) -> Env:
        env = dict(self.before[block])
        for event in self.graph.blocks[block].events:
            self._happens(event, env)
        exit_ = self.graph.blocks[block].exit
        lost: tuple[str, ...] = ()
        if isinstance(exit_, Repeat):
            lost = self.graph.loops[exit_.loop].targets
        elif isinstance(exit_, Call):
            lost = exit_.lost
        environment.store(env, lost, ANYTHING)
        return env

    def _happens(self, event: Event | Enter | Leave, env: Env) -> None:
        match event:
            case Enter(loop=loop):
                self._draws(loop, env)
            case Leave(loop=loop):
                env.pop(_drawn_by(loop), None)
            case Assign(places=places) if places and not any(p in self.needed for p in places):
                pass
            case Assign(target=target, source=source) if target is not None and source is not None:
                environment.assign(target, source, self._in(env), env)
            case Assign(places=places):
                environment.store(env, places, ANYTHING)
            case Change(place=place, call=call) if place in self.needed:
                environment.change(place, call, self._in(env), env)

    def losses(self) -> Iterator[tuple[Point, Loss]]:
        """Every backward of the graph."""
        flags = flags_unnamed(self.meaning.scope)
        for block, start in self.before.items():
            env = dict(start)
            for index, event in enumerate(self.graph.blocks[block].events):
                self._happens(event, env)
                loss = _loss_of(event)
                if loss is not None and isinstance(event, Backward | Differentiate):
                    values = self._values(loss, env)
                    if flags:
                        values = frozenset(map(_perhaps_flagged, values))
                    yield (block, index), Loss(event, values, self.visit.calls)

    def entered(self, graphs: Sequence[FlowGraph]) -> Iterator[Visit]:
        """The graphs that are called from this one, with what holds there."""
        for block in self.before:
            exit_ = self.graph.blocks[block].exit
            if not isinstance(exit_, Call):
                continue
            callee = graphs[exit_.callee].meaning
            if callee is None or len(self.visit.calls) > _DEEPEST:
                continue
            env = dict(self.before[block])
            for event in self.graph.blocks[block].events:
                self._happens(event, env)
            around = self._in(env)
            entry = self.interpreter.entry(callee, None, around)
            recording = around.at(exit_.span).recording
            yield Visit(exit_.callee, entry, recording, (*self.visit.calls, exit_.span))


_DEEPEST = 8
"""Longer chains of calls are not followed."""


def _asked_for(graph: FlowGraph, meaning: Meaning) -> Iterator[str]:
    """The places that the losses, the tests and the calls of a graph read."""
    for block in graph.blocks:
        for event in block.events:
            loss = _loss_of(event)
            yield from read_in(loss) if loss is not None else ()
        if isinstance(block.exit, Branch) and block.exit.test is not None:
            yield from read_in(block.exit.test)
    if any(isinstance(block.exit, Call) for block in graph.blocks):
        for call in meaning.scope.calls:
            if meaning.called(call) is not None:
                for part in children(call):
                    yield from read_in(part)


def _drawn_by(loop: int) -> str:
    """What stands for the elements of a loop among the places."""
    return f"<loop {loop}>"


def _perhaps_flagged(value: Value) -> Value:
    may_be = value.link is Link.CUT and value.kind is not Kind.NUMBER
    return links.doubted(value) if may_be else value


def _loss_of(event: Event | Enter | Leave) -> Expr | None:
    match event:
        case Backward(loss=loss):
            return loss
        case Differentiate(outputs=outputs):
            return outputs
    return None
