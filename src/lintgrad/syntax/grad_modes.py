"""What switches the recording of gradients on and off.

https://docs.pytorch.org/docs/2.13/torch.html#locally-disabling-gradient-computation
"""

SWITCHES: dict[str, bool | None] = {
    f"{module}.{name}": enabled
    for module in ("torch", "torch.autograd", "torch.autograd.grad_mode")
    for name, enabled in {
        "no_grad": False,
        "inference_mode": False,
        "enable_grad": True,
        "set_grad_enabled": None,
    }.items()
}
"""Context managers and decorators, with what they do; None if their argument decides."""
BY_ARGUMENT = ("set_grad_enabled", "inference_mode")
TURNING_OFF = frozenset(name for name, enabled in SWITCHES.items() if enabled is False)
MAY_TURN_OFF = frozenset(name for name, enabled in SWITCHES.items() if enabled is not True)
