"""The kinds of statements that do not do what they look like."""

from enum import Enum, auto


class Slip(Enum):
    """What is wrong with a statement, whatever state it is reached in."""

    BACKWARD_NAMED = auto()
    """`loss.backward` without a call."""
    BACKWARD_GRADIENT = auto()
    """A gradient is passed that is no tensor: `backward(True)`."""
    BACKWARD_KEYWORD = auto()
    """A keyword is passed that `backward` does not take."""
    STEP_NAMED = auto()
    """`optimizer.step` without a call."""
    CLEAR_NAMED = auto()
    """`model.zero_grad` or `p.grad.zero_` without a call."""
    CLEAR_ELSEWHERE = auto()
    """`model.grad = None`: what has no gradient gets an attribute that nothing reads."""
    CLEAR_RAISES = auto()
    """`model.parameters().grad = None`."""
    CLEAR_LAZY = auto()
    """`map(lambda p: p.grad.zero_(), parameters)`: nothing consumes it."""
    GRAD_NO_TENSOR = auto()
    """`p.grad = 0.0`."""
    RESULT_DROPPED = auto()
    """`x.detach()`: what is returned is dropped, and nothing else happens."""
    ATTRIBUTE_UNREAD = auto()
    """`model.requires_grad = False`: an attribute is set that nothing reads."""
    FLAG_RAISES = auto()
    """`y.requires_grad = False` for what was computed: only those of leaves can be set."""
    LEAF_IN_GRAPH = auto()
    """`w -= rate * w.grad` outside of `no_grad`."""
    LEAF_LOST = auto()
    """`p = p - rate * p.grad`: the name gets a new tensor, and the leaf stays as it was."""
    GRAD_OF_COMPUTED = auto()
    """`(w * 2).grad`: only leaves get gradients."""
    GRAPH_CARRIED = auto()
    """A state leaves a module with its graph, and enters it again in the next round."""
    RUNNING_SUM = auto()
    """`total += loss`: every round's graph is kept."""
