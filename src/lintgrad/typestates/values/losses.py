"""Built-in losses: what their `reduction` makes of the result's shape (torch 2.13)."""

from lintgrad.typestates.values.arguments import Given, is_left_out, truth
from lintgrad.typestates.values.shapes import broadcast
from lintgrad.typestates.values.value import (
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

_REDUCTION_AT = {
    # Where `reduction` stands in the constructor and in the function (torch 2.13); None where it
    # is a keyword only. The deprecated `size_average` and `reduce` come before it.
    "l1_loss": (2, 4),
    "mse_loss": (2, 4),
    "smooth_l1_loss": (2, 4),
    "huber_loss": (0, 2),
    "binary_cross_entropy": (3, 5),
    "binary_cross_entropy_with_logits": (3, 5),
    "cross_entropy": (4, 6),
    "nll_loss": (4, 6),
    "kl_div": (2, 4),
    "poisson_nll_loss": (5, 7),
    "gaussian_nll_loss": (None, 5),
    "hinge_embedding_loss": (3, 5),
    "soft_margin_loss": (2, 4),
    "margin_ranking_loss": (3, 6),
    "cosine_embedding_loss": (3, 6),
    "triplet_margin_loss": (6, 9),
    "triplet_margin_with_distance_loss": (None, None),
    "multi_margin_loss": (5, 7),
    "multilabel_margin_loss": (2, 4),
    "multilabel_soft_margin_loss": (3, 5),
    "ctc_loss": (1, 5),
}

_NO_LEGACY = frozenset(
    {"huber_loss", "gaussian_nll_loss", "triplet_margin_with_distance_loss", "ctc_loss"}
)
"""Losses that never had `size_average` and `reduce`."""

_REDUCED = ("mean", "sum", "batchmean", "elementwise_mean")


_ONE_BETWEEN = frozenset({"cross_entropy", "nll_loss", "poisson_nll_loss"})
"""Losses with another argument between `size_average` and `reduce`."""


def module(name: str, given: Given) -> Value:
    """The loss module that a call builds."""
    first = given.args[0] if given.args else None
    if name in _WEIGHT_FIRST and first is not None and first.text is not None:
        return UNKNOWN  # `nn.CrossEntropyLoss("none")` raises where it is built
    own = LOSS_MODULES[name]
    return Value(Kind.LOSS, name=own, reduction=_reduction(given, own, _REDUCTION_AT[own][0]))


def function(name: str, given: Given) -> Value:
    """The result of a loss function."""
    reduction = _reduction(given, name, _REDUCTION_AT[name][1])
    return applied(Value(Kind.LOSS, name=name, reduction=reduction), given)


def _reduction(given: Given, name: str, position: int | None) -> str:
    """`none`, a name of a reduction to a scalar, or nothing if it cannot be told.

    A reduction that is passed where `size_average` stands means "mean": a string is true.
    """
    if not given.complete:
        return ""
    at = -1 if position is None else position
    if name not in _NO_LEGACY:
        average = given.get(at - (3 if name in _ONE_BETWEEN else 2), "size_average")
        reduce = given.get(at - 1, "reduce")
        if not (is_left_out(average) and is_left_out(reduce)):
            reduces = True if is_left_out(reduce) else truth(reduce, default=True)
            return "" if reduces is None else "mean" if reduces else "none"
    wanted = given.get(at, "reduction")
    return "mean" if wanted is None else wanted.text or ""


def applied(loss: Value, given: Given) -> Value:
    """What a loss makes of an output and a target."""
    if loss.reduction in _REDUCED:
        return SCALAR
    output, target = (*given.args[:2], UNKNOWN, UNKNOWN)[:2]
    output, target = given.named.get("input", output), given.named.get("target", target)
    if loss.reduction != "none" or Kind.PICKED in (output.kind, target.kind):
        return UNKNOWN  # the result has the dimensions of its inputs, if they have any
    if loss.name == "ctc_loss":
        return DIMENSIONED
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
