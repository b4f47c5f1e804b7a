"""Built-in losses: what their `reduction` makes of the result's shape (torch 2.13)."""

from lintgrad.typestates.arguments import Given, truth
from lintgrad.typestates.shapes import broadcast
from lintgrad.typestates.values import (
    DIMENSIONED,
    SCALAR,
    UNKNOWN,
    Kind,
    Value,
    tensor,
)

ELEMENTWISE_LOSSES = {
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "PoissonNLLLoss": "poisson_nll_loss",
    "SoftMarginLoss": "soft_margin_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "GaussianNLLLoss": "gaussian_nll_loss",
}
"""Losses whose unreduced result has the shape of their inputs, module to function."""

BATCH_LOSSES = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "MultiLabelMarginLoss": "multilabel_margin_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "TripletMarginLoss": "triplet_margin_loss",
    "TripletMarginWithDistanceLoss": "triplet_margin_with_distance_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
    "CTCLoss": "ctc_loss",
}
"""Losses whose unreduced result has one value an example."""

LOSS_MODULES = ELEMENTWISE_LOSSES | BATCH_LOSSES
LOSS_FUNCTIONS = frozenset(LOSS_MODULES.values())

_WEIGHT_FIRST = frozenset(
    # Loss modules whose first positional argument is a weight, not the deprecated `size_average`.
    [
        "CrossEntropyLoss",
        "NLLLoss",
        "BCELoss",
        "BCEWithLogitsLoss",
        "MultiMarginLoss",
        "MultiLabelSoftMarginLoss",
        "TripletMarginLoss",
        "CosineEmbeddingLoss",
        "MarginRankingLoss",
        "HingeEmbeddingLoss",
        "PoissonNLLLoss",
        "CTCLoss",
        "GaussianNLLLoss",
    ]
)

_REDUCE_AT = {"MSELoss": 1, "L1Loss": 1, "SmoothL1Loss": 1, "KLDivLoss": 1, "SoftMarginLoss": 1}
_REDUCE_AT |= {"BCELoss": 2, "BCEWithLogitsLoss": 2, "MultiLabelSoftMarginLoss": 2}
_REDUCE_AT |= {"CrossEntropyLoss": 3, "NLLLoss": 3}
"""Where the deprecated `reduce` stands among a module's positional arguments."""

_REDUCED = ("mean", "sum", "batchmean", "elementwise_mean")


def module(name: str, given: Given) -> Value:
    """The loss module that a call builds."""
    first = given.args[0] if given.args else None
    if name in _WEIGHT_FIRST and first is not None and first.text is not None:
        return UNKNOWN  # `nn.CrossEntropyLoss("none")` raises where it is built
    reduction = _reduction(given, given.get(_REDUCE_AT.get(name, -1), "reduce"))
    return Value(Kind.LOSS, name=LOSS_MODULES[name], reduction=reduction)


def function(name: str, given: Given) -> Value:
    """The result of a loss function."""
    loss = Value(Kind.LOSS, name=name, reduction=_reduction(given, given.named.get("reduce")))
    return applied(loss, given)


def _reduction(given: Given, reduce: Value | None) -> str:
    """`none`, a name of a reduction to a scalar, or nothing if it cannot be told.

    A reduction passed by position lands in the deprecated `size_average`, and means "mean".
    """
    if not given.complete:
        return ""
    if reduce is not None and not reduce.is_none:
        flag = truth(reduce, default=True)
        return "" if flag is None else "mean" if flag else "none"
    if "reduction" not in given.named:
        return "mean"
    return given.named["reduction"].text or ""


def applied(loss: Value, given: Given) -> Value:
    """What a loss makes of an output and a target."""
    if loss.reduction in _REDUCED:
        return SCALAR
    output, target = (*given.args[:2], UNKNOWN, UNKNOWN)[:2]
    output, target = given.named.get("input", output), given.named.get("target", target)
    if loss.reduction != "none" or Kind.PICKED in (output.kind, target.kind):
        return UNKNOWN  # the result has the dimensions of its inputs, if they have any
    if loss.name in ELEMENTWISE_LOSSES.values():
        both = broadcast(output, target)
        certain = both.kind is Kind.TENSOR or both.needs_gradient
        return both if certain else DIMENSIONED
    if loss.name in ("cross_entropy", "nll_loss"):
        return _of_classes(output, target)
    return DIMENSIONED


def _of_classes(output: Value, target: Value) -> Value:
    """One loss for each class index; target classes may be given as probabilities."""
    if target.kind is Kind.TENSOR and not target.sizes:
        return target
    if output.kind is Kind.TENSOR and output.sizes:
        return SCALAR if len(output.sizes) == 1 else tensor(output.sizes[0], *output.sizes[2:])
    return Value(target.kind, target.sizes) if target.kind is Kind.TENSOR else DIMENSIONED
