"""What calling a public name builds, as far as gradients care."""

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.role import Role
from lintgrad.syntax import apis
from lintgrad.syntax.frameworks import DOES_MORE_WITH, ENGINES, PLAIN_ONLY_WITH, RETURNED, STEPPED
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Expr, IfExp, Name
from lintgrad.syntax.trainers import TRAINING_MODULES

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


def may_do_more(scope: Scope, call: Call, name: str) -> bool:
    """Whether a call builds an engine that may step or clear as well, going by its arguments."""
    if any(keyword.name == DOES_MORE_WITH.get(name) for keyword in call.keywords):
        return True
    if name not in PLAIN_ONLY_WITH:
        return False
    keyword, plain = PLAIN_ONLY_WITH[name]
    given = call.argument(-1, keyword)
    found = scope.lookup(given.id) if isinstance(given, Name) else None
    where, made = scope, given
    if found is not None and len(found[1]) == 1:
        where, made = found[0], found[1][0].value
    return not isinstance(made, Call) or where.dotted(made.func) not in plain


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


def asks_trainer(scope: Scope, call: Call) -> bool:
    """Whether a module that a trainer trains asks it for its optimizers (lightning 2.6)."""
    if place_of(call.func) != "self.optimizers" or scope.owner is None:
        return False
    return not TRAINING_MODULES.isdisjoint(scope.owner.outside_bases())
