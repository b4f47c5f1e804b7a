"""Which of torch's exceptions and warnings are harm that a rule should tell of.

The messages are those of torch 2.13, measured.
"""

CHANGED = "needed for gradient computation has been modified by an inplace"
_MESSAGES = (
    ("grad can be implicitly created only for", "LG201"),
    ("does not require grad and does not have a grad_fn", "LG203"),
    ("Trying to backward through the graph a second time", "LG204"),
    (CHANGED, "LG204"),
    ("a leaf Variable that requires grad is being used in an in-place", "LG602"),
    ("a view of a leaf Variable that requires grad is being used in an in-place", "LG602"),
    ("No inf checks were recorded", "LG503"),
    ("unscale_() has already been called", "LG503"),
    ("unscale_() is being called after step()", "LG503"),
    ("step() has already been called since the last update()", "LG503"),
    ("Attempted step but _scale is None", "LG503"),
    ("Attempted unscale_ but _scale is None", "LG503"),
    ("Attempted update but _scale is None", "LG503"),
    ("Expected !nested_tensorlist[0].empty() to be true", "LG501"),
    ("optimizer got an empty parameter list", "LG306"),
    ("`parameters` is an empty generator", "LG306"),
    ("Detected call of `lr_scheduler.step()` before `optimizer.step()`", "LG303"),
    ("'float' object has no attribute 'backward'", "LG202"),
    ("'tuple' object has no attribute 'backward'", "LG201"),
    ("'list' object has no attribute 'backward'", "LG201"),
    ("'dict' object has no attribute 'backward'", "LG201"),
    ("Loss' object has no attribute 'backward'", "LG201"),
    ("Can't call numpy() on Tensor that requires grad", "LG202"),
    ("'generator' object has no attribute 'grad'", "LG104"),
    ("'list' object has no attribute 'grad'", "LG104"),
    ("'Linear' object has no attribute 'grad'", "LG104"),
    ("gradients can be either Tensors or None, but got", "LG207"),
    ("backward() got an unexpected keyword argument", "LG207"),
    ("you can only change requires_grad flags of leaf variables", "LG604"),
    ("missing 1 required positional argument: 'metrics'", "LG303"),
    ("missing 1 required positional argument: 'closure'", "LG304"),
    ("assigned grad expected to be a Tensor or None", "LG603"),
)


def code_of(message: str) -> str | None:
    """The rule that should tell of what torch says so, None if none is for it."""
    return next((code for words, code in _MESSAGES if words in message), None)
