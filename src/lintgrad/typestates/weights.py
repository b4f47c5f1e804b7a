"""Whether the weights that a graph has saved are still as they were."""

from enum import Enum, auto

from lintgrad.dataflow.typestate import Typestate
from lintgrad.flow.events import Assign, Backward, Event, Rebind, Saved, Step, WeightsUsed
from lintgrad.flow.graph import FlowGraph, Link


class Weights(Enum):
    """What became of the weights since the graph saved them."""

    UNKNOWN = auto()
    NONE = auto()
    """No graph has saved any."""
    SAVED = auto()
    READY = auto()
    """A backward has run since, so that a step has gradients to apply."""
    CHANGED = auto()


class WeightsAct(Enum):
    """What an event does to saved weights."""

    SAVE = auto()
    ADD = auto()
    CLEAR = auto()
    FILL = auto()
    STEP = auto()
    NEED = auto()
    LOSE = auto()


def is_changed(weights: Weights) -> bool:
    """Whether a backward that needs the weights raises."""
    return weights is Weights.CHANGED


def act(event: Event, saved: Saved) -> WeightsAct | None:
    """What an event does to saved weights, None if nothing."""
    match event:
        case Assign(places=places) if saved.place in places:
            return _assigned(event, saved)
        case Rebind(places=places) if saved.place in places:
            return WeightsAct.LOSE
        case Backward():
            return WeightsAct.FILL
        case Step(optimizer=optimizer) if optimizer in saved.steppers:
            return WeightsAct.STEP
        case WeightsUsed(subject=other) if other == saved:
            return WeightsAct.NEED
    return None


def _assigned(event: Assign, saved: Saved) -> WeightsAct:
    added = event.added
    if added is not None:
        return WeightsAct.ADD if added in saved.added else WeightsAct.LOSE
    if event.value in saved.made:
        return WeightsAct.SAVE
    if event.value in saved.added:
        return WeightsAct.ADD
    return WeightsAct.CLEAR if event.value in saved.empty else WeightsAct.LOSE


def after(weights: Weights, act_: WeightsAct) -> Weights:
    """What became of weights after an act (torch 2.13: a step changes them in place)."""
    match act_:
        case WeightsAct.SAVE:
            return Weights.SAVED
        case WeightsAct.ADD:
            return Weights.SAVED if weights is Weights.NONE else weights
        case WeightsAct.CLEAR:
            return Weights.NONE
        case WeightsAct.FILL:
            return Weights.READY if weights is Weights.SAVED else weights
        case WeightsAct.STEP:
            return Weights.CHANGED if weights is Weights.READY else weights
        case WeightsAct.NEED:
            return weights
    return Weights.UNKNOWN


def _elsewhere(_: FlowGraph, __: Link, saved: Saved) -> Saved:
    """What a called function calls weights of its caller: its own events never name them."""
    return Saved("", (), "", frozenset(), saved.basis)


WEIGHTS: Typestate[Weights, WeightsAct, Saved] = Typestate(
    "weights", Weights.UNKNOWN, act, after, _elsewhere
)
"""The weights in one graph, of which nothing is known when a function is entered."""
