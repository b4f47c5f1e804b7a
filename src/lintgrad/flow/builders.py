"""What calling a public name builds, as far as gradients care."""

from lintgrad.flow.role import Role
from lintgrad.syntax import apis


def role_of_built(name: str) -> Role | None:
    """The role of what the callable with a dotted name returns, if it is in the tables."""
    if name in apis.SCALERS:
        return Role.SCALER
    if name in apis.ENGINES_THAT_ONLY_RUN_BACKWARD:
        return Role.ENGINE
    if name in apis.SCHEDULERS or name.startswith(tuple(f"{m}." for m in apis.SCHEDULER_MODULES)):
        return Role.SCHEDULER
    return Role.OPTIMIZER if is_optimizer_class(name) else None


def is_optimizer_class(name: str) -> bool:
    """Whether a dotted name is that of an optimizer class, or of a factory of optimizers."""
    if name in apis.OPTIMIZER_CLASSES:
        return True
    module, _, last = name.rpartition(".")
    return module in apis.OPTIMIZER_MODULES and last[:1].isupper()
