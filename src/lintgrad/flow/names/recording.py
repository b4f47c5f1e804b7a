"""Where gradients are recorded: what `torch.no_grad()` and its kin stand around."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lintgrad.flow.names.scopes import Scope
from lintgrad.source.text import Span
from lintgrad.syntax.grad_modes import BY_ARGUMENT, SWITCHES
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Const, Expr, ExprStmt, Function, Stmt, With
from lintgrad.syntax.walk import children_of, statements_of

_NEUTRAL = ("torch.", "contextlib.", "warnings.", "tqdm", "time.", "open", "tempfile.")
"""Context managers that leave the recording as it is, but for the switches; modules of such."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Whether gradients are recorded, None if that is not known; where it was switched.

    Inference mode is entered, or left; None if that was not asked for.
    """

    enabled: bool | None = True
    span: Span | None = None
    inference: bool | None = None

    def switched(self, by: "Recording") -> "Recording":
        """What a switch makes of this (torch 2.13: only leaving inference mode gets out of it)."""
        if by.inference is not None:
            return by
        return self if self.inference and by.enabled else replace(by, inference=self.inference)


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a function's code, and whether gradients are recorded in it."""

    start: int
    end: int
    recording: Recording


def recording_at(regions: Iterable[Region], offset: int, around: Recording) -> Recording:
    """Whether gradients are recorded at a place of the code; the innermost region there decides."""
    found = around
    for region in regions:  # those inside of others come after them
        if region.start <= offset < region.end:
            found = found.switched(region.recording)
    return found


def regions_of(scope: Scope) -> tuple[Region, ...]:
    """The regions of a function or module in which something switches the recording."""
    start = 0
    found = []
    if isinstance(scope.node, Function):
        start = scope.node.span.start
        end = _end(scope.node.body, start)
        for decorator in reversed(scope.node.decorators):
            switched = _switched(scope.root, decorator)
            if switched is not None:
                found.append(Region(start, end, replace(switched, span=decorator.span)))
    return (*found, *_in_body(scope, scope.node.body))


def _in_body(scope: Scope, body: tuple[Stmt, ...]) -> Iterator[Region]:
    end = _end(body, 0)
    for statement in body:
        match statement:
            case With():
                inner = _end(statement.body, statement.span.end)
                for item in statement.items:
                    found = _entered(scope, item.value)
                    if found is not None:
                        yield Region(statement.span.end, inner, found)
            case ExprStmt(value=Call() as call) if _is_set(scope, call):
                found = _switched(scope, call)
                if found is not None:
                    yield Region(statement.span.end, end, found)
        for block in children_of(statement):
            yield from _in_body(scope, block)
            if not _restores(scope, statement) and any(_sets(scope, s) for s in block):
                # It may have been switched when control comes out of the block.
                yield Region(_end(block, 0), 1 << 62, Recording(None, statement.span))


def _restores(scope: Scope, statement: Stmt) -> bool:
    """Whether a statement puts the recording back to what it was before."""
    return isinstance(statement, With) and any(
        scope.dotted(item.value.func) in SWITCHES
        for item in statement.items
        if isinstance(item.value, Call)
    )


def _sets(scope: Scope, statement: Stmt) -> bool:
    return any(
        isinstance(inner, ExprStmt)
        and isinstance(inner.value, Call)
        and _is_set(scope, inner.value)
        for inner in statements_of([statement])
    )


def _is_set(scope: Scope, call: Call) -> bool:
    """Whether a call by itself switches the recording from here on."""
    return (scope.dotted(call.func) or "").endswith(".set_grad_enabled")


def _entered(scope: Scope, manager: Expr) -> Recording | None:
    """What entering a context manager does to the recording; None if nothing."""
    switched = _switched(scope, manager)
    if switched is not None:
        return switched
    func = manager.func if isinstance(manager, Call) else None
    spelled = "" if func is None else scope.dotted(func) or place_of(func) or ""
    return None if spelled.startswith(_NEUTRAL) else Recording(None, manager.span)


def _switched(scope: Scope, switch: Expr) -> Recording | None:
    """What one of torch's switches does to the recording; None of anything else."""
    call = switch if isinstance(switch, Call) else None
    name = scope.dotted(switch if call is None else call.func)
    if name not in SWITCHES:
        return None
    enabled, inference = SWITCHES[name], name.endswith("inference_mode") or None
    given = call.argument(0, "mode") if call is not None else None
    if given is None or not name.endswith(BY_ARGUMENT):
        return Recording(enabled, switch.span, inference)
    known = given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
    if inference is None or known is None:
        return Recording(known, switch.span)
    return Recording(not known, switch.span, inference=known)


def _end(body: Iterable[Stmt], start: int) -> int:
    return max((s.span.end for s in statements_of(body)), default=start)
