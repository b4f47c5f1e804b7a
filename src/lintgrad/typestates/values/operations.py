"""The table of torch's functions and methods: what they make of the shapes they are given.

Checked against torch 2.13 by `tests/test_values.py`, row by row.
"""

from lintgrad.typestates.values.arguments import Given, Operation
from lintgrad.typestates.values.making import MAKING
from lintgrad.typestates.values.products import PRODUCTS
from lintgrad.typestates.values.reducing import REDUCTIONS
from lintgrad.typestates.values.reshaping import ARRANGING, RESHAPING
from lintgrad.typestates.values.shapes import broadcast, same
from lintgrad.typestates.values.value import (
    DIMENSIONED,
    NUMBER,
    UNKNOWN,
    Kind,
    Value,
    number,
    tensor,
)

_SAME_SHAPE = frozenset(
    """
    abs absolute acos acosh asin asinh atan atanh bernoulli bfloat16 bool byte ceil celu clamp
    clamp_max clamp_min clip clone conj contiguous cos cosh cpu cuda cumprod cumsum deg2rad detach
    digamma double dropout dropout1d dropout2d dropout3d elu erf erfc erfinv exp exp2 expm1
    feature_dropout alpha_dropout fix flip float floor frac gelu glu_ half hardshrink hardsigmoid
    hardswish hardtanh instance_norm int layer_norm leaky_relu lgamma log log10 log1p log2
    log_softmax logcumsumexp logical_not logit logsigmoid long masked_fill mish nan_to_num neg
    negative normalize pin_memory positive rad2deg real reciprocal relu relu6 renorm
    requires_grad_ retain_grad roll round rrelu rsqrt selu sgn sigmoid sign signbit silu sin sinc
    sinh softmax softmin softplus softshrink softsign sqrt square tan tanh tanhshrink threshold to
    tril triu trunc type type_as batch_norm group_norm scatter scatter_add index_fill index_add
    isnan isinf isfinite detach_ zero_ fill_ normal_ uniform_ copy_ xavier_uniform_ half rot90_
    index_copy masked_scatter scatter_reduce fill exponential_ clamp_ clip_ relu_ sigmoid_ tanh_
    exp_ sqrt_ abs_ neg_ add_ sub_ mul_ div_ pow_ masked_fill_ index_add_ scatter_add_ scatter_
    """.split()
) - {"glu_", "rot90_"}
"""Methods and functions with the shape of their (first) input."""

_TWO_OPERANDS = frozenset(
    """
    add atan2 copysign div divide eq fmax fmin floor_divide fmod ge greater gt hypot le ldexp less
    logaddexp logaddexp2 logical_and logical_or logical_xor lt maximum minimum mul multiply ne
    not_equal pow remainder sub subtract true_divide xlogy float_power
    """.split()
)
"""Functions of two tensors that broadcast."""

_COMPARISONS = frozenset(
    """
    eq ge greater gt le less lt ne not_equal isnan isinf isfinite logical_not logical_and
    logical_or logical_xor bool
    """.split()
)
"""Functions whose result is a mask."""

_NUMBERS = frozenset(
    ["item", "numel", "nelement", "dim", "ndimension", "element_size", "get_device"]
)
"""Methods that return Python numbers."""


def _same(given: Given) -> Value:
    return same(given.first) if given.first is not None else UNKNOWN


def _broadcast(given: Given) -> Value:
    one, other = given.first, given.get(1, "other", "exponent")
    return UNKNOWN if one is None or other is None else broadcast(one, other)


def _three(given: Given) -> Value:
    """`lerp(a, b, weight)` and `addcmul(a, b, c)`: all of them broadcast."""
    if len(given.args) < 3 or not given.complete:
        return UNKNOWN
    return broadcast(broadcast(given.args[0], given.args[1]), given.args[2])


def _where(given: Given) -> Value:
    return _three(given) if len(given.args) == 3 else UNKNOWN


def _chosen(given: Given) -> Value:
    """`x.where(condition, y)`."""
    return _three(given)


def _size(given: Given) -> Value:
    value = given.first
    if given.get(1, "dim") is not None:
        return _size_at(value, given)
    return value.shape if value is not None and value.is_tensor else UNKNOWN


def _size_at(value: Value | None, given: Given) -> Value:
    at = given.get(1, "dim")
    known = value is not None and value.kind is Kind.TENSOR and at is not None
    if known and value is not None and at is not None and at.whole is not None:
        rank = len(value.sizes)
        return number(value.sizes[at.whole]) if -rank <= at.whole < rank else NUMBER
    return NUMBER


def _dim(given: Given) -> Value:
    return given.first.rank if given.first is not None else NUMBER


def _elements(given: Given) -> Value:
    """`numel`: of one value an example there are several."""
    value = given.first
    if value is not None and value.kind is Kind.DIMENSIONED:
        return Value(Kind.NUMBER, link=NUMBER.link, above=1)
    return number(value.count if value is not None else None)


def _list(given: Given) -> Value:
    value = given.first
    return NUMBER if value is not None and value.is_scalar else UNKNOWN


def _classes(given: Given) -> Value:
    """`one_hot`: one more dimension."""
    value, count = given.first, given.get(1, "num_classes")
    if value is None or value.kind is not Kind.TENSOR:
        return UNKNOWN
    known = count.whole if count is not None and (count.whole or -1) > 0 else None
    return tensor(*value.sizes, known)


def _number_of(_: Given) -> Value:
    return NUMBER


OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(_SAME_SHAPE, _same),
    **dict.fromkeys(_TWO_OPERANDS, _broadcast),
    **dict.fromkeys(("lerp", "addcmul", "addcdiv"), _three),
    "where": _where,
    **dict.fromkeys(_NUMBERS, _number_of),
    **dict.fromkeys(("dim", "ndimension"), _dim),
    **dict.fromkeys(("numel", "nelement"), _elements),
    "size": _size,
    "tolist": _list,
    "one_hot": _classes,
    **REDUCTIONS,
    **RESHAPING,
    **PRODUCTS,
    **MAKING,
}
"""By the name of the method, or of the function in `torch` or `torch.nn.functional`."""

_MODULES = ("torch.nn.functional", "torch.special", "torch.Tensor", "torch.cuda", "torch")


def function_named(dotted: str) -> str | None:
    """The name in the table of a function with a dotted name; None if it is not there."""
    if dotted.startswith("torch.linalg."):
        name = dotted.removeprefix("torch.")
        return name if name in OPERATIONS else dotted.removeprefix("torch.linalg.")
    module, _, name = dotted.rpartition(".")
    return name if module in _MODULES and name in OPERATIONS else None


def applied(name: str, given: Given) -> Value:
    """What a function or method makes of what it is given."""
    operation = OPERATIONS.get(name)
    if operation is None:
        return UNKNOWN
    found = operation(given)
    several = given.first is not None and given.first.kind is Kind.DIMENSIONED
    if several and name in ARRANGING and found.count != 1:
        return DIMENSIONED
    if name in _COMPARISONS:
        return Value(found.kind, found.sizes, is_mask=True)
    return found
