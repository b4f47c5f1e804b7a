"""Public functions and methods that clip gradients: where they are told whose, and how far.

A row says at which position the parameters stand and at which the limit, with their names. Each
was read in the library's source; none of them clears, steps or runs backward.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipRow:
    """The positions and names of a clipping call's arguments.

    Without parameters it is the receiver that is clipped: a module, or an optimizer.
    """

    limit: int
    limit_name: str
    parameters: int | None = 0
    parameters_name: str = "parameters"


_NORM = ClipRow(1, "max_norm")
_VALUE = ClipRow(1, "clip_value")

FUNCTIONS = {
    # torch 2.13, torch/nn/utils/clip_grad.py
    **dict.fromkeys(
        (
            f"{module}.{name}"
            for module in ("torch.nn.utils", "torch.nn.utils.clip_grad")
            for name in ("clip_grad_norm_", "clip_grad_norm", "clip_grads_with_norm_")
        ),
        _NORM,
    ),
    "torch.nn.utils.clip_grad_value_": _VALUE,
    "torch.nn.utils.clip_grad.clip_grad_value_": _VALUE,
    # apex, apex/contrib/clip_grad/clip_grad.py
    "apex.contrib.clip_grad.clip_grad_norm_": _NORM,
    # timm 1.0, timm/utils/clip_grad.py and agc.py
    "timm.utils.dispatch_clip_grad": ClipRow(1, "value"),
    "timm.utils.clip_grad.dispatch_clip_grad": ClipRow(1, "value"),
    "timm.utils.adaptive_clip_grad": ClipRow(1, "clip_factor"),
    "timm.utils.agc.adaptive_clip_grad": ClipRow(1, "clip_factor"),
    # fairseq 0.12, fairseq/utils.py
    "fairseq.utils.clip_grad_norm_": ClipRow(1, "max_norm", 0, "params"),
}

METHODS = {
    # lightning 2.6, src/lightning/fabric/fabric.py: `clip_gradients(module, optimizer, ...)`
    ("fabric", "clip_gradients"): ClipRow(2, "clip_val", 0, "module"),
    # accelerate 1.15, src/accelerate/accelerator.py: both divide by the scale first.
    ("accelerator", "clip_grad_norm_"): _NORM,
    ("accelerator", "clip_grad_value_"): _VALUE,
    # apex, apex/fp16_utils/fp16_optimizer.py
    ("fp16 optimizer", "clip_master_grads"): ClipRow(0, "max_norm", None),
}

OF_MODULE = {
    # Methods of sharded modules (torch 2.13, torch/distributed/fsdp; fairscale 0.4).
    "clip_grad_norm_": ClipRow(0, "max_norm", None),
}

OF_TRAINED_MODULE = {
    # lightning 2.6, src/lightning/pytorch/core/module.py: `self.clip_gradients(optimizer, ...)`
    "clip_gradients": ClipRow(1, "gradient_clip_val", 0, "optimizer"),
}

NAMES = frozenset({"clip_grad_norm_", "clip_grad_norm", "clip_grad_value_", "clip_gradients"})
"""What such functions are called, wherever they come from."""

MASTER_PARAMETERS = "apex.amp.master_params"
"""The parameters of the optimizer that it is passed."""
