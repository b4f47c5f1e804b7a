"""Where gradients are recorded: what `torch.no_grad()` and its kin stand around."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lintgrad.flow.names.scopes import Scope
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Const, Expr, ExprStmt, Function, Stmt, With
from lintgrad.syntax.walk import children_of, statements_of

_SWITCHES: dict[str, bool | None] = {
    # https://docs.pytorch.org/docs/2.13/torch.html#locally-disabling-gradient-computation
    f"{module}.{name}": enabled
    for module in ("torch", "torch.autograd", "torch.autograd.grad_mode")
    for name, enabled in {
        "no_grad": False,
        "inference_mode": False,
        "enable_grad": True,
        "set_grad_enabled": None,
    }.items()
}
_BY_ARGUMENT = ("set_grad_enabled", "inference_mode")

_NEUTRAL = ("torch.", "contextlib.", "warnings.", "tqdm", "time.", "open", "tempfile.")
"""Context managers that leave the recording as it is, but for the switches; modules of such."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Whether gradients are recorded, None if that is not known; where it was switched."""

    enabled: bool | None = True
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a function's code, and whether gradients are recorded in it."""

    start: int
    end: int
    recording: Recording


def recording_at(regions: Iterable[Region], offset: int, around: Recording) -> Recording:
    """Whether gradients are recorded at a place of the code; the last region there decides."""
    found = around
    for region in regions:  # those inside of others come after them
        if region.start <= offset < region.end:
            found = region.recording
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
                found.append(Region(start, end, Recording(switched.enabled, decorator.span)))
    return (*found, *_in_body(scope, scope.node.body))


def _in_body(scope: Scope, body: tuple[Stmt, ...]) -> Iterator[Region]:
    end = _end(body, 0)
    for statement in body:
        match statement:
            case With():
                inner = _end(statement.body, statement.span.end)
                for item in statement.items:
                    found = _switched(scope, item.value, entered=True)
                    if found is not None:
                        yield Region(statement.span.end, inner, found)
            case ExprStmt(value=Call() as call) if _is_set(scope, call):
                found = _switched(scope, call)
                if found is not None:
                    yield Region(statement.span.end, end, found)
        for block in children_of(statement):
            yield from _in_body(scope, block)
            if not isinstance(statement, With) and any(_sets(scope, s) for s in block):
                # It may have been switched when control comes out of the block.
                yield Region(_end(block, 0), 1 << 62, Recording(None, statement.span))


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


def _switched(scope: Scope, manager: Expr, *, entered: bool = False) -> Recording | None:
    """What a context manager or decorator does to the recording; None if nothing."""
    call = manager if isinstance(manager, Call) else None
    name = scope.dotted(call.func if call is not None else manager)
    if name not in _SWITCHES:
        spelled = (name or place_of(call.func) or "") if call is not None else ""
        return (
            None if not entered or spelled.startswith(_NEUTRAL) else Recording(None, manager.span)
        )
    enabled = _SWITCHES[name]
    if call is not None and name.endswith(_BY_ARGUMENT):
        given = call.argument(0, "mode")
        if given is None:
            return Recording(enabled, manager.span)
        known = given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
        if name.endswith("inference_mode"):
            known = None if known is not True else False
        return Recording(known, manager.span)
    return Recording(enabled, manager.span)


def _end(body: Iterable[Stmt], start: int) -> int:
    return max((s.span.end for s in statements_of(body)), default=start)
