"""What the objects of training frameworks do to gradients: one row a method.

Each row was read in the library's source and, where it could be installed, counted by running it.
What has no row is not known, and judged like any other call that cannot be seen.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Effect(Enum):
    """One thing that a call does to gradients."""

    BACKWARD = auto()
    STEP = auto()
    CLEAR = auto()
    CLEAR_IF_ASKED = auto()
    """Clears if its argument `zero_grad` says so."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Told:
    """How an object is told the micro-batches of the windows that it counts when it is made.

    The setting is a keyword, or a key of a dict that is passed for the keyword `within`.
    """

    setting: str
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The effects of a call in their order, and the positions of what they are about.

    Without the position of an optimizer it is the object whose method is called.
    """

    effects: tuple[Effect, ...]
    loss: int = 0
    optimizer: int | None = None
    optimizer_name: str = "optimizer"
    only_with: str | None = None
    """A keyword whose presence makes it unknown what happens after the backward."""
    window: Told | None = None
    """Each call counts, and what is no backward is done for the last micro-batch of a window."""


_BACKWARD = Row((Effect.BACKWARD,))
_STEP = Row((Effect.STEP,))
_CLEAR = Row((Effect.CLEAR,))
_NOTHING = Row(())

ENGINES = {
    # Objects that run backward on what they are given, and step or clear nothing by themselves.
    # accelerate 1.15, src/accelerate/accelerator.py: `backward` divides by the steps of a window.
    "accelerate.Accelerator": "accelerator",
    "accelerate.accelerator.Accelerator": "accelerator",
    # lightning 2.6, src/lightning/fabric/fabric.py
    "lightning.Fabric": "fabric",
    "lightning.fabric.Fabric": "fabric",
    "lightning_fabric.Fabric": "fabric",
    # timm 1.0, timm/utils/cuda.py: the object is called.
    # Colossal-AI at 4f9953be, colossalai/booster/booster.py
    "colossalai.booster.Booster": "booster",
    "colossalai.booster.booster.Booster": "booster",
    "timm.utils.NativeScaler": "native scaler",
    "timm.utils.ApexScaler": "native scaler",
}

DOES_MORE_WITH = {
    # Keywords with which an engine's backward steps and clears as well (accelerate 1.15,
    # src/accelerate/accelerator.py: the DeepSpeed engine does all of it).
    "accelerate.Accelerator": "deepspeed_plugin",
    "accelerate.accelerator.Accelerator": "deepspeed_plugin",
}

PLAIN_ONLY_WITH = {
    # Engines whose steps and clears are the optimizer's own if they are built with one of some
    # things, as a keyword: of what other plugins make of the optimizer nothing is known
    # (colossalai/booster/plugin/torch_ddp_plugin.py, torch_fsdp_plugin.py: a plain wrapper).
    name: (
        "plugin",
        frozenset(f"colossalai.booster.plugin.Torch{kind}Plugin" for kind in ("DDP", "FSDP")),
    )
    for name in ("colossalai.booster.Booster", "colossalai.booster.booster.Booster")
}

STEPPED = {
    # Objects that are stepped in the place of the optimizer they hold.
    # mmengine 0.10, mmengine/optim/optimizer/optimizer_wrapper.py
    "mmengine.optim.OptimWrapper": "optim wrapper",
    "mmengine.optim.AmpOptimWrapper": "optim wrapper",
    "mmengine.optim.ApexOptimWrapper": "optim wrapper",
    # apex, apex/fp16_utils/fp16_optimizer.py: it runs backward, and is stepped and cleared.
    "apex.fp16_utils.FP16_Optimizer": "fp16 optimizer",
    # horovod at 2626dc87, horovod/torch/optimizer.py: a subclass of what it is given, whose step
    # waits for the gradients of all processes; its `zero_grad` is the ordinary one.
    "horovod.torch.DistributedOptimizer": "distributed optimizer",
    "horovod.torch.optimizer.DistributedOptimizer": "distributed optimizer",
    # davda54/sam at 3c3afdb, sam.py, which projects copy; pytorch_optimizer 4.1, optimizer/sam.py.
    "sam.SAM": "sam",
    "pytorch_optimizer.SAM": "sam",
    "pytorch_optimizer.BSAM": "sam",
    "pytorch_optimizer.FriendlySAM": "sam",
}

COLLECTIONS = frozenset(
    # Dicts of what is stepped, which do nothing when they are made.
    # mmengine 0.10, mmengine/optim/optimizer/optimizer_wrapper_dict.py
    {"mmengine.optim.OptimWrapperDict"}
)

RETURNED: dict[str, tuple[str | None, ...]] = {
    # What a function returns, in order.
    # deepspeed 0.18, deepspeed/__init__.py: always engine, optimizer, loader, scheduler.
    "deepspeed.initialize": ("deepspeed engine", None, None, None),
}

METHODS = {
    ("accelerator", "backward"): _BACKWARD,
    ("fabric", "backward"): _BACKWARD,
    ("booster", "backward"): _BACKWARD,
    # deepspeed 0.18, deepspeed/runtime/engine.py: `step` clears what it has applied, both on the
    # last micro-batch of a window only.
    ("deepspeed engine", "backward"): _BACKWARD,
    ("deepspeed engine", "step"): Row(
        (Effect.STEP, Effect.CLEAR), window=Told("gradient_accumulation_steps", "config")
    ),
    ("deepspeed engine", "zero_grad"): _CLEAR,
    ("optim wrapper", "backward"): _BACKWARD,
    ("optim wrapper", "step"): _STEP,
    ("optim wrapper", "zero_grad"): _CLEAR,
    ("optim wrapper", "update_params"): Row(
        (Effect.BACKWARD, Effect.STEP, Effect.CLEAR), window=Told("accumulative_counts")
    ),
    ("optim wrapper", "scale_loss"): _NOTHING,
    ("optim wrapper", "optim_context"): _NOTHING,
    ("fp16 optimizer", "backward"): _BACKWARD,
    ("fp16 optimizer", "step"): _STEP,
    ("fp16 optimizer", "zero_grad"): _CLEAR,
    ("fp16 optimizer", "clip_master_grads"): _NOTHING,
    ("fp16 optimizer", "update_master_grads"): _NOTHING,
    # The first half only moves the weights; `step(closure)` is both halves, with a clear between.
    ("sam", "first_step"): Row((Effect.CLEAR_IF_ASKED,)),
    ("sam", "second_step"): Row((Effect.STEP, Effect.CLEAR_IF_ASKED)),
    ("sam", "step"): Row((Effect.UNKNOWN,)),
    ("native scaler", "__call__"): Row(
        (Effect.BACKWARD, Effect.STEP), optimizer=1, only_with="need_update"
    ),
}

FUNCTIONS = {
    # torch_xla 2.9, torch_xla/core/xla_model.py: reduces the gradients, then steps.
    "torch_xla.core.xla_model.optimizer_step": Row((Effect.STEP,), optimizer=0),
}
