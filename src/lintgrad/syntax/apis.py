"""Tables of public names: what they build, and what they do to gradients.

A row is a dotted name as the library documents it. Nothing here decides anything; `flow` reads it.
"""

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

OPTIMIZER_CLASSES = TORCH_OPTIMIZERS | frozenset(
    {
        # https://huggingface.co/docs/transformers/main_classes/optimizer_schedules
        "transformers.AdamW",
        "transformers.Adafactor",
        "transformers.optimization.AdamW",
        "transformers.optimization.Adafactor",
        # https://huggingface.co/docs/bitsandbytes/reference/optim/optim_overview
        *(
            f"bitsandbytes.optim.{name}"
            for name in [
                "Adam",
                "Adam8bit",
                "AdamW",
                "AdamW8bit",
                "PagedAdamW",
                "PagedAdamW8bit",
                "SGD",
                "SGD8bit",
            ]
        ),
        # https://nvidia.github.io/apex/optimizers.html
        *(
            f"apex.optimizers.{name}"
            for name in ["FusedAdam", "FusedLAMB", "FusedNovoGrad", "FusedSGD", "FusedAdagrad"]
        ),
        "torch_optimizer.RAdam",
        "torch_optimizer.Ranger",
        "torch_optimizer.Lamb",
        "lion_pytorch.Lion",
        "timm.optim.create_optimizer",
        "timm.optim.create_optimizer_v2",
        "timm.optim.AdamP",
        "timm.optim.RAdam",
        "timm.optim.Lamb",
    }
)

OPTIMIZER_MODULES = ("torch.optim",)
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
        "torch.amp.GradScaler",
        "torch.cuda.amp.GradScaler",
        "torch.cpu.amp.GradScaler",
        "torch.amp.grad_scaler.GradScaler",
        "torch.cuda.amp.grad_scaler.GradScaler",
    }
)

ENGINES_THAT_ONLY_RUN_BACKWARD = frozenset(
    {
        # `accelerator.backward(loss)` and `fabric.backward(loss)` run backward and nothing else.
        # https://huggingface.co/docs/accelerate/package_reference/accelerator (1.15)
        "accelerate.Accelerator",
        "accelerate.accelerator.Accelerator",
        # https://lightning.ai/docs/fabric/stable/api/fabric_methods.html (2.6)
        "lightning.Fabric",
        "lightning.fabric.Fabric",
        "lightning_fabric.Fabric",
    }
)

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

SAME_MODULE_ATTRIBUTES = frozenset({"module", "_orig_mod", "data"})
"""Attributes that lead from a wrapper to what it wraps: the same parameters either way."""

HARMLESS_MODULES = frozenset(
    # Top-level packages whose functions neither clear, step nor run backward on what they are
    # given. torch is handled by name, since a few of its functions do.
    {
        "abc", "argparse", "ast", "atexit", "builtins", "collections", "contextlib", "copy", "csv",
        "cv2", "dataclasses", "datetime", "functools", "gc", "glob", "inspect", "io", "itertools",
        "json", "logging", "math", "matplotlib", "numpy", "operator", "os", "pandas", "pathlib",
        "pickle", "PIL", "platform", "pprint", "psutil", "random", "re", "rich", "scipy",
        "seaborn", "shutil", "signal", "sklearn", "string", "subprocess", "sys", "tempfile",
        "tensorboard", "tensorboardX", "textwrap", "threading", "time", "timeit", "torchmetrics",
        "torchvision", "tqdm", "traceback", "typing", "uuid", "wandb", "warnings", "yaml",
    }
)  # fmt: skip

HARMLESS_FUNCTIONS = frozenset(
    {
        # https://nvidia.github.io/apex/amp.html: they prepare and scale; the user steps and clears.
        "apex.amp.initialize",
        "apex.amp.scale_loss",
        "apex.amp.master_params",
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
