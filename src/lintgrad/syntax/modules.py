"""Classes of torch whose objects hold parameters, and functions that give a module new ones."""

_LAYERS = (
    # https://docs.pytorch.org/docs/2.13/nn.html: those with parameters by default.
    "Linear Bilinear LazyLinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d "
    "ConvTranspose3d LazyConv1d LazyConv2d LazyConv3d BatchNorm1d BatchNorm2d BatchNorm3d "
    "SyncBatchNorm GroupNorm LayerNorm RMSNorm Embedding EmbeddingBag RNN LSTM GRU RNNCell "
    "LSTMCell GRUCell MultiheadAttention Transformer TransformerEncoder TransformerEncoderLayer "
    "TransformerDecoder TransformerDecoderLayer PReLU"
)

LAYERS = frozenset(f"torch.nn.{name}" for name in _LAYERS.split())

PARAMETER = "torch.nn.Parameter"

MODULES = frozenset(
    {"torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"}
)
"""The names of the class that every module of torch's is one of."""

HOLDERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict"})
"""Modules that hold the parameters of the modules they are built of."""

GIVE_NEW_PARAMETERS = frozenset(
    # torch 2.13: the parameter is replaced by others; `spectral_norm`, `orthogonal` and pruning
    # keep it under another name.
    {
        "torch.nn.utils.weight_norm",
        "torch.nn.utils.remove_weight_norm",
        "torch.nn.utils.parametrizations.weight_norm",
    }
)

SAME_OBJECT = frozenset(
    "to cuda cpu float double half bfloat16 train eval requires_grad_ apply".split()
)
"""Methods of modules that return the module itself."""
