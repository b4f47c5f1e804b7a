"""Tables of torch functions and methods: what they make of the shapes they are given.

Checked against torch 2.13 with the expressions in `tests/test_shapes.py`.
"""

SAME_SHAPE = frozenset(
    [
        "abs",
        "acos",
        "asin",
        "atan",
        "bfloat16",
        "ceil",
        "celu",
        "clamp",
        "clamp_max",
        "clamp_min",
        "clip",
        "clone",
        "contiguous",
        "cos",
        "cosh",
        "cpu",
        "cuda",
        "detach",
        "double",
        "elu",
        "erf",
        "exp",
        "expm1",
        "float",
        "floor",
        "gelu",
        "half",
        "hardtanh",
        "leaky_relu",
        "log",
        "log10",
        "log1p",
        "log2",
        "log_softmax",
        "logsigmoid",
        "mish",
        "nan_to_num",
        "neg",
        "negative",
        "normalize",
        "pow",
        "reciprocal",
        "relu",
        "relu6",
        "requires_grad_",
        "round",
        "rsqrt",
        "selu",
        "sigmoid",
        "sign",
        "silu",
        "sin",
        "sinh",
        "softmax",
        "softplus",
        "sqrt",
        "square",
        "tan",
        "tanh",
        "tanhshrink",
        "threshold",
        "to",
        "triu",
        "tril",
        "trunc",
        "type",
        "type_as",
        "cumsum",
        "dropout",
        "abs_",
        "add_",
        "clamp_",
        "div_",
        "exp_",
        "mul_",
        "neg_",
        "pow_",
        "relu_",
        "sigmoid_",
        "sqrt_",
        "sub_",
        "tanh_",
        "zero_",
        "retain_grad",
    ]
)
"""Methods and `torch.`/`torch.nn.functional.` functions with the shape of their (first) input."""

TWO_OPERANDS = frozenset(
    [
        "add",
        "atan2",
        "div",
        "divide",
        "dist_",
        "mul",
        "multiply",
        "ne",
        "eq",
        "gt",
        "ge",
        "lt",
        "le",
        "maximum",
        "minimum",
        "sub",
        "subtract",
        "true_divide",
        "fmod",
        "remainder",
        "where_",
    ]
)
"""Functions of two tensors that broadcast."""

REDUCTIONS = frozenset(
    [
        "sum",
        "mean",
        "prod",
        "std",
        "var",
        "norm",
        "nansum",
        "nanmean",
        "amax",
        "amin",
        "logsumexp",
        "all",
        "any",
    ]
)
"""Reductions: 0-dim without a dim, else the dim is dropped or kept as 1."""

REDUCTIONS_TO_PAIR = frozenset(["max", "min", "median", "mode"])
"""0-dim without arguments; with a dim they return a pair of values and indices."""

ALWAYS_SCALAR = frozenset(["dot", "vdot", "trace", "dist", "det", "logdet", "numel"])

NUMBERS = frozenset(["item", "numel", "dim", "size", "tolist"])
"""Methods that return Python values."""

SIZED = frozenset(["randn", "rand", "zeros", "ones", "empty"])
"""`torch.` functions whose arguments are the sizes."""

LIKE = frozenset(["zeros_like", "ones_like", "rand_like", "randn_like", "empty_like", "full_like"])

SAME_AS_ARGUMENT = frozenset(
    {
        "torch.nn.Parameter",
        "torch.nn.parameter.Parameter",
        "torch.autograd.Variable",
        "torch.as_tensor",
    }
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
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
    "CTCLoss": "ctc_loss",
}
"""Losses whose unreduced result has one value an example."""

LOSS_MODULES = ELEMENTWISE_LOSSES | BATCH_LOSSES
LOSS_FUNCTIONS = frozenset(LOSS_MODULES.values())

WEIGHT_FIRST = frozenset(
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
