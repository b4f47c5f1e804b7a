"""Optimizers that a function builds, and that nothing which gets them ever steps."""

import re
from collections.abc import Iterable, Iterator, Mapping

from lintgrad.flow.calls.touching import handles_gradients
from lintgrad.flow.events import Step
from lintgrad.flow.joining.functions import Lowered
from lintgrad.flow.joining.holders import Holders
from lintgrad.flow.joining.occurrences import Occurrence
from lintgrad.flow.joining.readers import Held
from lintgrad.flow.names.scopes import Argument, Scope, root_of
from lintgrad.flow.places.roles import Roles
from lintgrad.source.text import Span
from lintgrad.syntax import apis, clipping
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Compare, Const, Expr, ExprStmt, Name
from lintgrad.syntax.walk import expressions_of, parts_of, statements_of

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

_LOOKS = frozenset({"print", "repr", "str", "type", "id", "isinstance"}) | apis.SCHEDULERS
"""What an optimizer may be handed to that does not step it, besides torch's schedulers."""


def never_stepped(lowered: Lowered, files: Mapping[str, Iterable[Scope]]) -> frozenset[str]:
    """The optimizers of a function that nothing which gets them steps, or may step.

    `files` are the scopes of each file. A file that reads gradients itself may apply them by hand;
    one that hooks into a backward, or measures it, may want nothing else of it.
    """
    graph = lowered.graph
    if not graph.optimizers or graph.meaning is None:
        return frozenset()
    stepped = {e.optimizer for b in graph.blocks for e in b.events if isinstance(e, Step)}
    made = [p for p in graph.optimizers if p not in stepped and _is_made(lowered, p)]
    return frozenset(p for p in made if _is_left(lowered, graph.meaning.roles, p, files))


def _is_made(lowered: Lowered, place: str) -> bool:
    """Whether the function, or one that it calls, makes what a place holds.

    An object that it is a method of outlives it.
    """
    found = lowered.places.found(place)
    if root_of(place) == "self" or found is None or found.build is None:
        return place.isidentifier() and lowered.places.is_made_here(place)
    maker = found.scope
    while maker is not None and maker is not lowered.scope:
        maker = maker.call[0] if maker.call is not None else None
    return maker is not None


def _is_left(
    lowered: Lowered, roles: Roles, place: str, files: Mapping[str, Iterable[Scope]]
) -> bool:
    """Whether all that gets an optimizer is in sight, and wants nothing of its gradients."""
    found = lowered.places.found(place)
    own = Held(lowered.scope, place)
    made = (
        Argument(found.scope, found.build)
        if found is not None and found.build is not None and found.scope is not None
        else None
    )
    readers = Holders(roles, _is_kept).of(made, own)
    if readers is None:
        return False
    paths = {lowered.scope.source.path, *(scope.source.path for scope in readers)}
    return not any(
        _runs_for_itself(scope) or any(map(_applies_by_hand, (scope, *_called_by(roles, scope))))
        for path in paths
        for scope in files[path]
    )


def _called_by(roles: Roles, scope: Scope) -> Iterator[Scope]:
    """The functions of the project that a function calls."""
    for call in scope.calls:
        callee = roles.callees.of_call(scope, call)
        if callee is not None:
            yield callee.scope


def _applies_by_hand(scope: Scope) -> bool:
    """Whether a function does more with gradients than to clear them."""
    parts = [
        part
        for statement in statements_of(scope.node.body)
        for expr in expressions_of(statement)
        for part in parts_of(expr)
    ]
    cleared = {span for part in parts for span in _cleared(part)}
    reads = (
        (isinstance(part, Attr) and part.name == "grad" and part.span not in cleared)
        or (isinstance(part, Const) and part.value == "grad")
        for part in parts
    )
    return handles_gradients(scope) and any(reads)


def _cleared(part: Expr) -> Iterator[Span]:
    """The gradients that are set to zero, or only asked whether they are there."""
    match part:
        case Attr(value=Attr(name="grad", span=span), name="zero_" | "detach_"):
            yield span
        case Compare(op="is" | "is not", left=Attr(name="grad", span=span), right=right):
            if isinstance(right, Const) and right.value is None:
                yield span


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


def _is_kept(scope: Scope, at: Occurrence) -> bool:
    """Whether an optimizer is only cleared, read, or scheduled where it occurs."""
    match at.around:
        case Attr(name=name):
            return name in _KEEPS
        case Call(func=func) if func is not at.expr:
            name = scope.dotted(func) or place_of(func) or ""
            return name in _LOOKS or name.startswith(apis.SCHEDULER_MODULES)
    return False
