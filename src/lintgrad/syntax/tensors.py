"""Tables of torch names that make tensors, and of those that do nothing but return one.

Listed from torch 2.13; a method is pure if it is not named with an underscore at its end.
"""

TENSOR_CLASSES = frozenset(
    {
        "torch.Tensor",
        "torch.FloatTensor",
        "torch.DoubleTensor",
        "torch.cuda.FloatTensor",
        "torch.cuda.DoubleTensor",
        "torch.nn.Parameter",
        "torch.nn.parameter.Parameter",
        "torch.autograd.Variable",
    }
)

MAKES = frozenset(
    # Functions of the module `torch` that make a tensor out of numbers.
    "arange as_tensor empty empty_like eye from_numpy full full_like linspace logspace normal ones "
    "ones_like rand rand_like randint randint_like randn randn_like randperm tensor zeros "
    "zeros_like".split()
)

COMPUTES = frozenset(
    # Functions of `torch` and methods of tensors that give one new tensor.
    "abs acos add addmm asin atan bmm cat ceil clamp clamp_max clamp_min clip concat cos cosh "
    "cross cumprod cumsum diag div divide dot einsum erf exp expm1 flatten floor fmod gather "
    "index_add index_copy index_fill index_select kron lerp log log10 log1p log2 logit "
    "log_softmax logsumexp masked_fill masked_scatter masked_select matmul maximum mean minimum "
    "mm mul multiply mv nan_to_num neg norm outer pow prod reciprocal relu remainder reshape roll "
    "round rsqrt scatter scatter_add sigmoid sign sin sinh softmax sqrt square squeeze stack std "
    "sub sum take tan tanh tile trace transpose tril triu trunc unsqueeze var where "
    "xlogy".split()
)

KEEPS = frozenset(
    # Methods of tensors that give a tensor with the same values, or some of them.
    "bfloat16 clone contiguous cpu cuda detach detach_ double expand expand_as float half long "
    "int permute repeat requires_grad_ to type_as view view_as t new_ones new_zeros".split()
)

CHANGED_IN_PLACE = frozenset(
    # Pure methods of tensors with a twin that works in place: the underscore may be forgotten.
    "abs acos add addcdiv addcmul addmm asin atan bernoulli ceil clamp clamp_max clamp_min clip "
    "cos cosh cumprod cumsum detach div divide erf exp expm1 floor floor_divide fmod index_add "
    "index_copy index_fill index_put lerp log log10 log1p log2 logit masked_fill masked_scatter "
    "mul multiply nan_to_num neg negative pow put reciprocal relu remainder renorm round rsqrt "
    "scatter scatter_add scatter_reduce sigmoid sign sin sinh sqrt square squeeze sub subtract t "
    "tan tanh transpose tril triu true_divide trunc unsqueeze xlogy".split()
)

MOVES = frozenset("bfloat16 cpu cuda double float half to".split())
"""Methods that move a module in place, and give a new tensor if they are called on one."""

REARRANGES = frozenset("contiguous expand flatten permute repeat reshape view".split())
"""Pure methods of tensors without a twin that works in place."""

MODES = frozenset(
    # Context managers that do nothing unless they are entered.
    {
        "torch.no_grad",
        "torch.enable_grad",
        "torch.inference_mode",
        "torch.autograd.no_grad",
        "torch.autograd.enable_grad",
        "torch.autograd.inference_mode",
        "torch.autocast",
        "torch.amp.autocast",
        "torch.cuda.amp.autocast",
        "torch.autograd.detect_anomaly",
    }
)

BACKWARD_KEYWORDS = ("gradient", "retain_graph", "create_graph", "inputs")
"""What `Tensor.backward` takes."""

SEVERAL_OUTPUTS = frozenset("LSTM GRU RNN LSTMCell MultiheadAttention Transformer".split())
"""Classes of `torch.nn` whose modules may give more than one tensor."""

FUNCTIONALS = frozenset(
    # Functions of `torch` and `torch.nn.functional` that are pure unless they are told otherwise.
    "clamp clip cross_entropy dropout elu gelu grad leaky_relu log_softmax mse_loss mul normalize "
    "relu selu sigmoid silu softmax tanh".split()
)
