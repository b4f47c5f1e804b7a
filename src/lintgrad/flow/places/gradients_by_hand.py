"""Gradients read and written without an optimizer's help: `p.grad`."""

from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, Call, Const, Delete, Expr, Item, Name, Sequence
from lintgrad.syntax.walk import parts_of, statements_of


def writes_grad(target: Expr) -> bool:
    """Whether assigning to or deleting the target changes a gradient."""
    if isinstance(target, Sequence):
        return any(map(writes_grad, target.items))
    return grad_holder(target) is not None or part_of_grad(target)


def grad_holder(expr: Expr) -> Expr | None:
    """What an expression is the gradient of: `p` for `p.grad`, `p.grad.data`, `p.grad[...]`."""
    match expr:
        case Attr(value=holder, name="grad" | "_grad"):
            return holder
        case Attr(value=inner, name="data"):
            return grad_holder(inner)
        case Call(func=Attr(value=inner, name="detach" | "detach_"), args=()):
            return grad_holder(inner)
    return None


def updated(target: Expr, value: Expr) -> Expr | None:
    """The leaf that a value made of its own gradient goes to, `w` for `w.data -= w.grad`."""
    holder = target.value if isinstance(target, Attr) and target.name == "data" else target
    place = place_of(holder)
    if place is None or "[" in place or grad_holder(target) is not None:
        return None
    reads = (grad_holder(part) for part in parts_of(value))
    return holder if any(r is not None and place_of(r) == place for r in reads) else None


def updated_in_place(call: Call) -> Expr | None:
    """What a call like `w.data.sub_(rate * w.grad)` updates by its gradient."""
    if not isinstance(call.func, Attr) or call.func.name not in _UPDATES:
        return None
    for argument in call.args:
        found = updated(call.func.value, argument)
        if found is not None:
            return found
    return None


_UPDATES = frozenset({"add_", "sub_", "copy_", "set_"})


def part_of_grad(expr: Expr) -> bool:
    """Whether an expression picks some elements of a gradient: `p.grad[0]`, `p.grad.data[mask]`."""
    match expr:
        case Item(value=inner):
            return grad_holder(inner) is not None or part_of_grad(inner)
        case Attr(value=inner, name="data"):
            return part_of_grad(inner)
    return False


def clears(scope: Scope) -> bool:
    """Whether a function's own statements clear gradients, whoever's they are."""
    cleared = any(
        isinstance(call.func, Attr)
        and (
            call.func.name == "zero_grad"
            or (call.func.name == "zero_" and grad_holder(call.func.value) is not None)
        )
        for call in scope.calls
    )
    return cleared or any(
        writes_grad(target)
        for statement in statements_of(scope.node.body)
        if isinstance(statement, Assign | Delete)
        for target in statement.targets
    )


def is_nothing(value: Expr) -> bool:
    """Whether a value written to `.grad` clears it: None, or zeros."""
    match value:
        case Const(value=constant):
            return constant is None or constant == 0
        case Call(func=Attr(name=name) | Name(id=name)):
            return name in ("zeros_like", "zeros", "new_zeros")
    return False
