"""Layers of torch whose output's last sizes are written down where they are built (2.13)."""

from lintgrad.typestates.values.arguments import Given
from lintgrad.typestates.values.shapes import same
from lintgrad.typestates.values.value import (
    UNKNOWN,
    Kind,
    Value,
    at_least,
    items,
    tensor,
)

_CHANNELS = {
    # The position of the number of output channels, and the dimensions that come after it.
    "Linear": (1, 0),
    "Bilinear": (2, 0),
    "Conv1d": (1, 1),
    "Conv2d": (1, 2),
    "Conv3d": (1, 3),
    "ConvTranspose1d": (1, 1),
    "ConvTranspose2d": (1, 2),
    "ConvTranspose3d": (1, 3),
    "Embedding": (1, 0),
    "LazyLinear": (0, 0),
}
_KEYWORDS = ("out_features", "out_channels", "embedding_dim")

_SAME = frozenset(
    # Modules whose result has the shape of their input.
    """
    Identity ReLU ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Sigmoid Tanh Softplus Softsign
    Hardtanh Hardswish Hardsigmoid Softmax LogSoftmax LogSigmoid Dropout Dropout1d Dropout2d
    Dropout3d AlphaDropout BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm RMSNorm
    InstanceNorm1d InstanceNorm2d InstanceNorm3d Tanhshrink Softshrink Hardshrink Threshold
    """.split()
)

WITHOUT_PARAMETERS = _SAME - {
    *("PReLU", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "GroupNorm", "RMSNorm"),
    *("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"),
}

CONTAINERS = frozenset({"Sequential"})
RECURRENT = frozenset({"RNN", "LSTM", "GRU", "LSTMCell"})
"""Layers that return a tuple: the output and a state, or the two parts of a state."""

LAYERS = _CHANNELS.keys() | _SAME | CONTAINERS | RECURRENT


def module(name: str, given: Given) -> Value:
    """The layer that a call builds."""
    if name in CONTAINERS:
        return Value(Kind.LAYER, name=name, items=given.args if given.complete else (UNKNOWN,))
    if name in _SAME or name in RECURRENT:
        return Value(Kind.LAYER, name=name)
    position, after = _CHANNELS[name]
    size = given.get(position, *_KEYWORDS)
    return Value(
        Kind.LAYER, name=name, sizes=(None if size is None else size.whole, *[None] * after)
    )


def applied(layer: Value, value: Value) -> Value:
    """What a layer makes of its input."""
    if layer.name in _SAME:
        return same(value)
    if layer.name in CONTAINERS:
        for inner in layer.items:
            value = applied(inner, value) if inner.kind is Kind.LAYER else UNKNOWN
        return value
    if layer.name in RECURRENT:
        return items(UNKNOWN, UNKNOWN)
    kept = value.sizes[: len(value.sizes) - 1]
    if value.kind is Kind.TENSOR and layer.name == "Embedding":
        return tensor(*value.sizes, *layer.sizes)
    if value.kind is Kind.TENSOR and len(layer.sizes) == 1 and value.sizes:
        return tensor(*kept, *layer.sizes)
    if value.kind is Kind.TENSOR and len(value.sizes) > len(layer.sizes):
        return tensor(*value.sizes[: len(value.sizes) - len(layer.sizes)], *layer.sizes)
    return at_least(*layer.sizes)
