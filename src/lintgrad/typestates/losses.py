"""Built-in losses: what their `reduction` makes of the result's shape (torch 2.13)."""

from lintgrad.syntax.nodes import Call, Const, Expr
from lintgrad.typestates import operations as ops
from lintgrad.typestates.shapes import (
    DIMENSIONED,
    SCALAR,
    UNKNOWN,
    Kind,
    Shape,
    broadcast,
    tensor,
)

_REDUCED = ("mean", "sum", "batchmean")


def module(name: str, call: Call) -> Shape:
    """The loss module that a call builds."""
    if name in ops.WEIGHT_FIRST and call.args and _is_text(call.args[0]):
        return UNKNOWN  # `nn.CrossEntropyLoss("none")` raises where it is built
    return Shape(Kind.CALLABLE, loss=ops.LOSS_MODULES[name], reduction=_reduction(call))


def function(name: str, call: Call) -> Shape:
    """The loss that a functional call applies, with its reduction."""
    return Shape(Kind.CALLABLE, loss=name, reduction=_reduction(call))


def _reduction(call: Call) -> str:
    """`none`, a name of a reduction to a scalar, or nothing if it cannot be told.

    A reduction passed by position lands in the deprecated `size_average`, and means "mean".
    """
    found = "mean"
    for keyword in call.keywords:
        match keyword.name, keyword.value:
            case "reduction", Const(value=str() as value):
                return value
            case "reduce", Const(value=bool() as value):
                found = "mean" if value else "none"
            case "reduction" | "reduce" | None, _:
                return ""
    return found


def _is_text(expr: Expr) -> bool:
    return isinstance(expr, Const) and isinstance(expr.value, str)


def unreduced_or_scalar(loss: Shape, output: Shape, target: Shape) -> Shape:
    """The shape of a loss module's result."""
    if loss.reduction in _REDUCED:
        return SCALAR
    if loss.reduction != "none" or Kind.PICKED in (output.kind, target.kind):
        return UNKNOWN  # the result has the dimensions of its inputs, if they have any
    if loss.loss in ops.ELEMENTWISE_LOSSES.values():
        both = broadcast(output, target)
        return DIMENSIONED if both.kind is Kind.UNKNOWN else both
    if target.kind is Kind.TENSOR and loss.loss in ("cross_entropy", "nll_loss"):
        return target
    if output.kind is Kind.TENSOR and loss.loss in ("cross_entropy", "nll_loss"):
        if len(output.sizes) == 1:
            return SCALAR
        return tensor(output.sizes[0], *output.sizes[2:])
    return DIMENSIONED
