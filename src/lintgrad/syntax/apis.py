"""Tables of public names: what they build, and what they do to gradients.

A row is a dotted name as the library documents it. Nothing here decides anything; `flow` reads it.
"""

from lintgrad.syntax.optimizers import LIBRARY_OPTIMIZERS, OPTIMIZER_FACTORIES

TORCH_OPTIMIZERS = frozenset(
    # https://docs.pytorch.org/docs/2.13/optim.html#algorithms
    f"torch.optim.{name}"
    for name in [
        "ASGD",
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "Adam",
        "AdamW",
        "Adamax",
        "LBFGS",
        "Muon",
        "NAdam",
        "Optimizer",
        "RAdam",
        "RMSprop",
        "Rprop",
        "SGD",
        "SparseAdam",
    ]
)

OPTIMIZER_CLASSES = TORCH_OPTIMIZERS | LIBRARY_OPTIMIZERS | OPTIMIZER_FACTORIES

OPTIMIZER_MODULES = ("torch.optim", *(name.lower() for name in TORCH_OPTIMIZERS))
"""Modules whose direct capitalised members are optimizers, but for their submodules."""

SCHEDULER_MODULES = ("torch.optim.lr_scheduler", "torch.optim.swa_utils")

SCHEDULERS = frozenset(
    {
        "transformers.get_scheduler",
        *(
            f"transformers.get_{kind}"
            for kind in (
                "constant_schedule",
                "constant_schedule_with_warmup",
                "linear_schedule_with_warmup",
                "cosine_schedule_with_warmup",
                "cosine_with_hard_restarts_schedule_with_warmup",
                "polynomial_decay_schedule_with_warmup",
                "inverse_sqrt_schedule",
            )
        ),
        "diffusers.optimization.get_scheduler",
        "timm.scheduler.create_scheduler",
        "timm.scheduler.create_scheduler_v2",
    }
)

SCALERS = frozenset(
    {
        "torch.GradScaler",
        "torch.amp.GradScaler",
        "torch.cuda.amp.GradScaler",
        "torch.cpu.amp.GradScaler",
        "torch.amp.grad_scaler.GradScaler",
        "torch.cuda.amp.grad_scaler.GradScaler",
        "fairscale.optim.grad_scaler.GradScaler",
        "torch.distributed.fsdp.sharded_grad_scaler.ShardedGradScaler",
    }
)

AUTOGRAD_FUNCTION = "torch.autograd.Function"

AUTOGRAD_BACKWARD = "torch.autograd.backward"

ANY_OPTIMIZER = "torch.optim.Optimizer"

ZERO_GRAD = "torch.optim.Optimizer.zero_grad"
"""Called by its full name, it clears what it is given."""

CONTAINERS_OF_MODULES = frozenset(
    # Wrappers whose result shares the wrapped module's parameters.
    {
        "torch.nn.DataParallel",
        "torch.nn.parallel.DataParallel",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.distributed.fsdp.FullyShardedDataParallel",
        "torch.compile",
        "torch.jit.script",
    }
)

SCATTERS = frozenset({"torch.nn.DataParallel", "torch.nn.parallel.DataParallel"})
"""Wrappers that run a module on several devices and gather the results (torch 2.13)."""

LOOKS_AT_MODE_IN_FORWARD = frozenset(
    # What decides in its forward pass whether backward synchronises (torch 2.13, measured).
    {
        "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.parallel.distributed.DistributedDataParallel",
    }
)

SAME_MODULE_ATTRIBUTES = frozenset({"module", "_orig_mod", "data"})
"""Attributes that lead from a wrapper to what it wraps: the same parameters either way."""

HARMLESS_MODULES = frozenset(
    # Top-level packages whose functions neither clear, step nor run backward on what they are
    # given. torch is handled by name, since a few of its functions do.
    {
        "abc", "argparse", "ast", "atexit", "builtins", "collections", "contextlib",
        "copy", "csv", "cv2", "dataclasses", "datasets", "datetime", "diffusers", "einops",
        "evaluate", "flax", "functools", "gc", "glob", "gym", "gymnasium", "h5py",
        "huggingface_hub", "inspect", "io", "itertools", "jax", "json", "logging", "math",
        "matplotlib", "mlflow", "neptune", "networkx", "numba", "numpy", "omegaconf",
        "operator", "optax", "os", "pandas", "pathlib", "peft", "pickle", "PIL", "platform",
        "pprint", "psutil", "random", "re", "rich", "safetensors", "scipy", "seaborn",
        "sentencepiece", "shutil", "signal", "skimage", "sklearn", "string", "subprocess",
        "sys", "tempfile", "tensorboard", "tensorboardX", "textwrap", "threading", "time",
        "timeit", "tokenizers", "torchao", "torchaudio", "torchmetrics", "torchtext",
        "torchvision", "tqdm", "traceback", "typing", "uuid", "wandb", "warnings",
        "yacs", "yaml",
    }
)  # fmt: skip

HARMLESS_FUNCTIONS = frozenset(
    {
        # https://nvidia.github.io/apex/amp.html: they prepare and scale; the user steps and clears.
        "apex.amp.initialize",
        "apex.amp.scale_loss",
        "apex.amp.master_params",
        # onnxruntime at 1b4f71ed, orttraining/python/training/optim/fp16_optimizer.py: gives the
        # optimizer back with other ways to clip and to look for infinite gradients.
        "onnxruntime.training.optim.fp16_optimizer.FP16_Optimizer",
        # https://intel.github.io/intel-extension-for-pytorch: model and optimizer, converted.
        "intel_extension_for_pytorch.optimize",
        # torch_xla/core/xla_model.py: lists the gradients of an optimizer.
        "torch_xla.core.xla_model._fetch_gradients",
        "unittest.mock.MagicMock",
        "unittest.mock.Mock",
    }
)

HARMLESS_BUILTINS = frozenset(
    {
        "abs", "all", "any", "bool", "callable", "dict", "dir", "enumerate", "filter", "float",
        "format", "frozenset", "getattr", "hasattr", "hash", "id", "input", "int", "isinstance",
        "issubclass", "iter", "len", "list", "map", "max", "min", "next", "open", "print", "range",
        "repr", "reversed", "round", "set", "setattr", "sorted", "str", "sum", "super", "tuple",
        "type", "vars", "zip",
    }
)  # fmt: skip

UNREPEATABLE = ("random.", "numpy.random.", "torch.rand", "time.", "torch.randint")
"""Prefixes of functions that answer differently each time they are asked."""

EXPECT_ERRORS = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
"""Context managers (pytest, unittest, contextlib) in which an error is asked for or passed over."""

NEVER_RETURN = frozenset({"sys.exit", "os._exit", "os.abort", "exit", "quit"})
