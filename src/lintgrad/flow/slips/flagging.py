"""Tensors that a function makes require gradients where no name of theirs shows it."""

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Assign, Attr, Call, Const, Expr, For, Name
from lintgrad.syntax.walk import parts_of, statements_of


def flags_unnamed(scope: Scope) -> bool:
    """Whether a function, or one that it calls, flags what it has another name for.

    `for z in zs: z.requires_grad = True` flags what `zs` holds.
    """
    if any(not _is_named(scope, held) for held in _flagged(scope)):
        return True
    called = (scope.function(call.func.id) for call in scope.calls if isinstance(call.func, Name))
    return any(
        function.parameter(place_of(held) or "") is not None
        for function in called
        if function is not None
        for held in _flagged(function)
    )


def _flagged(scope: Scope) -> list[Expr]:
    """What a function makes require gradients, parameters of modules left aside."""
    found: list[Expr] = []
    trained: set[str | None] = set()
    for statement in statements_of(scope.node.body):
        if isinstance(statement, For) and _runs_over_parameters(statement.iter):
            trained |= {place_of(part) for part in parts_of(statement.target)}
        if isinstance(statement, Assign) and not _is_false(statement.value):
            flags = (t for t in statement.targets if isinstance(t, Attr))
            found += [flag.value for flag in flags if flag.name == "requires_grad"]
    for call in scope.calls:
        match call:
            case Call(func=Attr(value=held, name="requires_grad_"), args=args, keywords=()):
                found += [] if any(map(_is_false, args)) else [held]
    return [held for held in found if place_of(held) not in trained]


def _is_named(scope: Scope, held: Expr) -> bool:
    """Whether it shows which tensor is flagged: it is bound to a name, or made on the spot."""
    if not isinstance(held, Name):
        return isinstance(held, Call)
    bound = scope.bindings.get(held.id)
    if not bound:
        return scope.parameter(held.id) is not None
    return all(b.via is Via.VALUE and not isinstance(b.value, Name) for b in bound)


def _runs_over_parameters(iterated: Expr) -> bool:
    names = ("parameters", "named_parameters")
    return any(isinstance(part, Attr) and part.name in names for part in parts_of(iterated))


def _is_false(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value is False
