"""Programs that ask for a GPU run on the CPU, and their loss scalers scale there."""

import functools
from typing import Any


def pretend(torch: Any) -> None:
    """Have calls of `cuda` copy on the CPU, and scalers be switched on."""
    torch.Tensor.cuda = lambda tensor, *_args, **_options: tensor.clone()
    torch.nn.Module.cuda = lambda module, *_args, **_options: module
    torch.cuda.synchronize = lambda *_args: None
    original = torch.amp.GradScaler.__init__

    @functools.wraps(original)
    def made(scaler: Any, device: str = "cuda", *args: Any, **options: Any) -> None:
        original(scaler, "cpu", *args, **options)

    torch.amp.GradScaler.__init__ = made
