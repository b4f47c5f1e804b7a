"""What calling a public name builds, as far as gradients care."""

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.role import Role
from lintgrad.syntax import apis
from lintgrad.syntax.frameworks import ENGINES, RETURNED, STEPPED
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Expr, IfExp, Name

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


def callables(scope: Scope, func: Expr) -> list[str]:
    """The dotted names that a call may mean: `cls = torch.optim.Adam`, then `cls(...)`.

    Empty if not all of them are known.
    """
    name = scope.dotted(func)
    if name is not None:
        return [name]
    if isinstance(func, Call) and place_of(func.func) == "getattr" and func.args:
        # Whatever the name is: `getattr(torch.optim, args.optimizer)`, then called, builds one.
        module = scope.dotted(func.args[0])
        return [apis.ANY_OPTIMIZER] if module in apis.OPTIMIZER_MODULES else []
    found = scope.lookup(func.id) if isinstance(func, Name) else None
    bound = [b.value for b in found[1] if b.via is Via.VALUE] if found is not None else []
    values = [arm for value in bound for arm in _arms(value)]
    names = [found[0].dotted(value) for value in values] if found is not None else []
    return [name for name in names if name is not None] if None not in names else []


def _arms(value: Expr) -> tuple[Expr, ...]:
    """What a value may be: both of what is chosen between."""
    return (value.body, value.orelse) if isinstance(value, IfExp) else (value,)
