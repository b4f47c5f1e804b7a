"""Optimizers that a function builds, keeps to itself, and never steps."""

import re
from collections.abc import Iterable, Iterator

from lintgrad.flow.calls.touching import handles_gradients
from lintgrad.flow.joining.functions import Lowered
from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax import apis, clipping
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Const, Expr, ExprStmt, Name
from lintgrad.syntax.walk import expressions_of, handed_to, parts_of, statements_of

_HOOKS = re.compile(r"register_(\w+_)?hook")
"""What hands gradients to a function, while backward runs."""

_MEASURES = (
    "torch.profiler.",
    "torch.autograd.profiler.",
    "torch.utils.benchmark.",
    "torch.cuda.synchronize",
    "torch.cuda.reset_peak_memory_stats",
    "timeit.",
    "cProfile.",
)
"""What measures how long a backward takes, or how much memory."""

_LOOKS_FOR_FAULTS = (
    # https://docs.pytorch.org/docs/2.13/autograd.html#debugging-and-anomaly-detection
    "torch.autograd.detect_anomaly",
    "torch.autograd.set_detect_anomaly",
    "torch.autograd.anomaly_mode.",
    "torch.autograd.gradcheck",
)
"""What looks for the operation that makes a gradient go wrong."""

_LOOKS_AT_GRADIENTS = frozenset({"retain_grad", "watch"})
"""Methods by which gradients are looked at: a tensor's, and those of wandb and its loggers."""

_KEEPS = frozenset({"zero_grad", "param_groups", "state_dict", "load_state_dict"})
"""What may be asked of an optimizer without applying gradients."""


def never_stepped(lowered: Lowered, scopes: Iterable[Scope]) -> frozenset[str]:
    """The optimizers of a function that nothing in its file steps, or is given to step them.

    A file that reads gradients itself may apply them by hand; one that hooks into a backward, or
    measures it, may want nothing else of it.
    """
    made = [
        place
        for place in lowered.graph.optimizers
        if place.isidentifier() and lowered.places.is_made_here(place)
    ]
    if not made:
        return frozenset()
    all_scopes = list(scopes)
    used = {name for scope in all_scopes for name in _used_otherwise(scope)}
    left = frozenset(made) - used
    wanted = left and any(
        _runs_for_itself(scope) or any(map(_applies_by_hand, (scope, *_called_by(lowered, scope))))
        for scope in all_scopes
    )
    return frozenset() if wanted else left


def _called_by(lowered: Lowered, scope: Scope) -> Iterator[Scope]:
    """The functions of the project that a function calls."""
    if lowered.graph.meaning is None:
        return
    callees = lowered.graph.meaning.roles.callees
    for call in scope.calls:
        callee = callees.of_call(scope, call)
        if callee is not None:
            yield callee.scope


def _applies_by_hand(scope: Scope) -> bool:
    """Whether a function does more with gradients than to clear them."""
    reads = (
        (isinstance(part, Attr) and part.name == "grad")
        or (isinstance(part, Const) and part.value == "grad")
        for statement in statements_of(scope.node.body)
        for expr in expressions_of(statement)
        for part in parts_of(expr)
    )
    return handles_gradients(scope) and any(reads)


def _runs_for_itself(scope: Scope) -> bool:
    """Whether a function wants to know of gradients, or of a backward, and nothing more."""
    dropped = {
        statement.value.span
        for statement in statements_of(scope.node.body)
        if isinstance(statement, ExprStmt)
    }
    return any(
        (scope.dotted(call.func) or "").startswith(_MEASURES + _LOOKS_FOR_FAULTS)
        or _last_name(call) in _LOOKS_AT_GRADIENTS
        or _is_input_leaf(call)
        or _HOOKS.fullmatch(_last_name(call)) is not None
        or (_last_name(call) in clipping.NAMES and call.span not in dropped)
        for call in scope.calls
    )


def _is_input_leaf(call: Call) -> bool:
    """Whether a tensor is made a leaf, as an input is whose own gradients are wanted."""
    if _last_name(call) != "requires_grad_":
        return False
    asked = call.argument(0, "requires_grad")
    return asked is None or (isinstance(asked, Const) and asked.value is True)


def _last_name(call: Call) -> str:
    match call.func:
        case Attr(name=name) | Name(id=name):
            return name
    return ""


def _used_otherwise(scope: Scope) -> Iterator[str]:
    """The names that a function does more with than to clear, to read, or to schedule."""
    for statement in statements_of(scope.node.body):
        for expr in expressions_of(statement):
            kept = {part.span for part in _kept(scope, expr)}
            for part in parts_of(expr):
                if isinstance(part, Name) and part.span not in kept:
                    yield part.id


def _kept(scope: Scope, expr: Expr) -> Iterator[Expr]:
    for part in parts_of(expr):
        if isinstance(part, Attr) and part.name in _KEEPS:
            yield part.value
        elif isinstance(part, Call):
            name = scope.dotted(part.func) or place_of(part.func) or ""
            if name == "print" or name.startswith(apis.SCHEDULER_MODULES):
                yield from handed_to(part)
