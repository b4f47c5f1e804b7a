"""What is lost when an optimizer is built again on the parameters it had."""

from lintgrad.flow.names.place_parts import overlaps
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.ownership import canonical_module
from lintgrad.source.text import Span
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Assign,
    Attr,
    AugAssign,
    Call,
    Const,
    Expr,
    For,
    Sequence,
    Stmt,
    While,
)
from lintgrad.syntax.walk import handed_to, statements_of

_STATELESS = frozenset({"torch.optim.SGD"})
"""Without momentum there is nothing to lose."""

_KEEPS_HISTORY = frozenset(
    # Classes whose steps go by moments of earlier gradients (torch 2.13). LBFGS runs a whole
    # optimization in one step, Rprop and ASGD are started anew on purpose.
    f"torch.optim.{name}"
    for name in (
        "Adadelta Adafactor Adagrad Adam AdamW Adamax Muon NAdam RAdam RMSprop SGD SparseAdam"
    ).split()
)

_LEAVES_WEIGHTS = frozenset(
    # Methods of modules that leave the parameters what they are.
    "parameters named_parameters train eval zero_grad forward to cuda cpu state_dict modules "
    "children named_modules buffers requires_grad_".split()
)

_READS = frozenset(
    {"torch.save", "torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_"}
)

_ONLY_READ = ("print", "len", "id", "type", "isinstance", "list", "tuple", "sum", "filter")


def forgets(scope: Scope, build: Call) -> bool:
    """Whether building an optimizer again loses what its steps have learned of the gradients."""
    name = scope.dotted(build.func)
    if name not in _KEEPS_HISTORY or any(k.name is None for k in build.keywords):
        return False
    if name not in _STATELESS:
        return True
    momentum = build.argument(2, "momentum")
    return momentum is not None and not (isinstance(momentum, Const) and not momentum.value)


def resets(scope: Scope, owners: frozenset[str], at: Span, aside: Call | None = None) -> bool:
    """Whether the innermost loop around a place may give the owners' parameters other values.

    One over a few things that are written out goes through settings, not batches. One call may be
    left aside.
    """
    loop = _around(scope, at)
    if loop is None or (isinstance(loop, For) and isinstance(loop.iter, Sequence)):
        return True
    inside = _span(loop)
    calls = [c for c in scope.calls if inside.start <= c.span.start and c.span.end <= inside.end]
    return any(call is not aside and _may_reset(scope, call, owners) for call in calls) or any(
        _writes(statement, owners) for statement in statements_of(loop.body)
    )


def _around(scope: Scope, at: Span) -> For | While | None:
    loops = [s for s in statements_of(scope.node.body) if isinstance(s, For | While)]
    around = [s for s in loops if _span(s).start <= at.start and at.end <= _span(s).end]
    return min(around, key=lambda s: _span(s).end - _span(s).start, default=None)


def _span(loop: For | While) -> Span:
    end = max((s.span.end for s in statements_of(loop.body)), default=loop.span.end)
    return Span(loop.span.start, max(end, loop.span.end), loop.span.path)


def _may_reset(scope: Scope, call: Call, owners: frozenset[str]) -> bool:
    name = scope.dotted(call.func)
    if name in _READS or name in apis.OPTIMIZER_CLASSES or place_of(call.func) in owners:
        return False
    if place_of(call.func) in _ONLY_READ:
        return False
    if isinstance(call.func, Attr) and _concerns(call.func.value, owners):
        return call.func.name not in _LEAVES_WEIGHTS
    return any(_concerns(argument, owners) for argument in handed_to(call))


def _concerns(expr: Expr, owners: frozenset[str]) -> bool:
    """Whether an expression is one of the owners, a part of one, or what one is a part of."""
    place = place_of(expr)
    if place is None:
        return False
    own = canonical_module(place)
    return any(overlaps(own, owner) for owner in owners)


def _writes(statement: Stmt, owners: frozenset[str]) -> bool:
    """Whether a statement assigns to an owner or a part of one: `model.w.data = ...`."""
    match statement:
        case Assign():
            targets: tuple[Expr, ...] = statement.targets
        case AugAssign():
            targets = (statement.target,)
        case _:
            return False
    return any(_concerns(target, owners) for target in targets)
