"""Functions that a framework runs for every batch: what counts the rounds, what comes before."""

from dataclasses import dataclass, replace

from lintgrad.flow.events import Backward, GradAssign, Owners
from lintgrad.flow.graph import (
    Block,
    Branch,
    Call,
    Counter,
    Enter,
    Exit,
    FlowGraph,
    Goto,
    Leave,
    Loop,
    Repeat,
    Stop,
)
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.source.text import Span
from lintgrad.syntax import nodes
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Const, Function
from lintgrad.syntax.trainers import (
    METHODS_RUN_FOR_EVERY_BATCH,
    RUN_FOR_EVERY_BATCH,
    RUN_IN_EVERY_BACKWARD,
    TRAINING_MODULES,
    Runs,
)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How a function is run again and again: its counters, and what happens before each round.

    Around is the scope that gives the function away; None if it is a method of a known class. Alone
    are the places whose parameters nothing else can have got hold of; None if that does not matter.
    """

    counters: tuple[Counter, ...] = ()
    before: tuple[Backward | GradAssign, ...] = ()
    around: Scope | None = None
    alone: frozenset[str] | None = None


def rounds_of(scope: Scope) -> Rounds | None:
    """How a framework runs a function; None if none does, as far as that shows."""
    if not isinstance(scope.node, Function) or scope.origin is not None:
        return None
    if scope.owner is not None:
        return _of_method(scope)
    around = scope.parent
    for call in around.calls if around is not None else ():
        found = None if around is None else _given_in(around, call, scope)
        if found is not None:
            return found
    return None


def is_trained(base: str) -> bool:
    """Whether a class, by its dotted name, is one whose methods a framework runs, and knows."""
    return any(base == name for name, _ in METHODS_RUN_FOR_EVERY_BATCH)


def _of_method(scope: Scope) -> Rounds | None:
    for base in scope.owner.outside_bases() if scope.owner is not None else ():
        runs = METHODS_RUN_FOR_EVERY_BATCH.get((base, scope.name_alone))
        if runs is not None and (base not in TRAINING_MODULES or _is_manual(scope)):
            if not runs.cleared:
                return Rounds(_counters(scope, runs))
            cleared = Owners(frozenset(runs.cleared), complete=True, whole=False)
            before = GradAssign(Span(0, 0), cleared)
            return Rounds(_counters(scope, runs), (before,), alone=_alone(scope.owner))
    return None


def _alone(owner: ClassScope | None) -> frozenset[str]:
    """The attributes that a class builds with torch's own classes and puts nowhere else."""
    made: set[str] = set()
    lost: set[str | None] = set()
    for method in owner.methods.values() if owner is not None else ():
        for place, bindings in method.bindings.items():
            for value in (binding.value for binding in bindings):
                name = method.dotted(value.func) if isinstance(value, nodes.Call) else None
                if name is not None and name.startswith("torch."):
                    made.add(place)
                else:
                    lost |= {place, place_of(value)}
    return frozenset(place for place in made - lost if place.startswith("self."))


def _is_manual(scope: Scope) -> bool:
    """Whether the module takes the optimization upon itself."""
    found = scope.owner.lookup("self.automatic_optimization") if scope.owner is not None else None
    values = [binding.value for binding in found[1]] if found is not None else []
    return any(isinstance(value, Const) and value.value is False for value in values)


def _given_in(around: Scope, call: nodes.Call, scope: Scope) -> Rounds | None:
    """The rounds of a function that a call is given, to run it for every batch or backward."""
    if isinstance(call.func, Attr) and call.func.name in RUN_IN_EVERY_BACKWARD:
        position, runs = 0, Runs()
        before: tuple[Backward, ...] = (Backward(call.span, None),)
    elif (row := RUN_FOR_EVERY_BATCH.get(around.dotted(call.func) or "")) is not None:
        position, runs = row
        before = ()
    else:
        return None
    given = call.argument(position, "")
    if given is None or place_of(given) != scope.name_alone:
        return None
    return Rounds(_counters(scope, runs), before, around)


def _counters(scope: Scope, runs: Runs) -> tuple[Counter, ...]:
    names = [parameter.name for parameter in scope.parameters]
    if runs.counted_by is None or runs.counted_by >= len(names):
        return ()
    place = f"{names[runs.counted_by]}{runs.below}"
    return (Counter(place, Const(Span(0, 0), runs.first), 1),)


def repeated(graph: FlowGraph, rounds: Rounds) -> FlowGraph:
    """The graph of a function that is run again and again: its body in a loop around it."""
    number = len(graph.loops)
    first, shift = 3, 4
    body = tuple(
        Block(b.events, _moved(b.exit, shift, head=1), (number, *b.loops)) for b in graph.blocks
    )
    blocks = (
        Block((Enter(number),), Goto(1), ()),
        Block((), Repeat(number, first, 2), (number,)),
        Block((Leave(number),), Stop(), ()),
        Block(rounds.before, Goto(shift), (number,)),
        *body,
    )
    counted = frozenset(counter.place for counter in rounds.counters)
    loop = Loop(graph.span, rounds.counters, None, tuple(sorted(counted)))
    optimizers = {
        place: replace(o, escaped=o.escaped or _is_within_reach(o, rounds))
        for place, o in graph.optimizers.items()
    }
    return replace(graph, blocks=blocks, loops=(*graph.loops, loop), optimizers=optimizers)


def _is_within_reach(optimizer: Optimizer, rounds: Rounds) -> bool:
    """Whether what runs between the rounds may clear an optimizer's parameters, too."""
    owners = optimizer.owners
    return rounds.alone is not None and not (owners.complete and owners.places <= rounds.alone)


def _moved(exit_: Exit, by: int, head: int) -> Exit:
    """An exit of the body, whose blocks stand further on; the body's end leads to the head."""
    match exit_:
        case Stop(raises=False):
            return Goto(head)
        case Goto(target=target):
            return Goto(target + by)
        case Branch(if_true=yes, if_false=no, loop=test):
            ends = None if test is None else replace(test, done=test.done + by)
            return replace(exit_, if_true=yes + by, if_false=no + by, loop=ends)
        case Call(target=target):
            return replace(exit_, target=target + by)
        case Repeat(loop=loop, body=body, done=done):
            return Repeat(loop, body + by, None if done is None else done + by)
    return exit_
