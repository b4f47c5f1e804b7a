"""What calling a public name builds, as far as gradients care."""

from lintgrad.flow.role import Role
from lintgrad.syntax import apis
from lintgrad.syntax.frameworks import ENGINES, RETURNED, STEPPED

Built = tuple[Role, str]
"""A role, and the kind of thing that the rows of frameworks know; empty if it has none."""


def built_by(name: str) -> Built | None:
    """What the callable with a dotted name returns, if it is in the tables."""
    if name in apis.SCALERS:
        return Role.SCALER, ""
    if name in ENGINES:
        return Role.ENGINE, ENGINES[name]
    if name in STEPPED:
        return Role.OPTIMIZER, STEPPED[name]
    if name in apis.SCHEDULERS or name.startswith(tuple(f"{m}." for m in apis.SCHEDULER_MODULES)):
        return Role.SCHEDULER, ""
    return (Role.OPTIMIZER, "") if is_optimizer_class(name) else None


def part_built_by(name: str, index: int, parts: int) -> Built | None:
    """What a function that returns several things returns at a position."""
    returned = RETURNED.get(name, ())
    kind = returned[index] if len(returned) == parts else None
    return None if kind is None else (Role.OPTIMIZER, kind)


def is_optimizer_class(name: str) -> bool:
    """Whether a dotted name is that of an optimizer class, or of a factory of optimizers."""
    if name in apis.OPTIMIZER_CLASSES:
        return True
    module, _, last = name.rpartition(".")
    return module in apis.OPTIMIZER_MODULES and last[:1].isupper()
