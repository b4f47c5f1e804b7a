"""Gradients that are asked for by name: `torch.autograd.grad`."""

from collections.abc import Iterator

from lintgrad.flow.events import Differentiate
from lintgrad.flow.names.scopes import Scope
from lintgrad.syntax import apis
from lintgrad.syntax.nodes import Call, Const, Starred

_GRAD = "torch.autograd.grad"


def differentiated(call: Call, name: str | None) -> Iterator[Differentiate]:
    """The event of a call that asks for gradients; none if it is not known what it is passed."""
    if name != _GRAD or any(isinstance(arg, Starred) for arg in call.args):
        return
    outputs = call.argument(0, "outputs")
    if outputs is None or any(keyword.name is None for keyword in call.keywords):
        return
    gradient = call.argument(2, "grad_outputs")
    if isinstance(gradient, Const) and gradient.value is None:
        gradient = None
    yield Differentiate(call.span, outputs, gradient)


def differentiates(scope: Scope) -> bool:
    """Whether a function asks for gradients itself."""
    return any(scope.dotted(call.func) == _GRAD for call in scope.calls)


def is_formula(scope: Scope) -> bool:
    """Whether a function is a method of a `torch.autograd.Function`: it returns its gradients."""
    owner = scope.owner
    return owner is not None and apis.AUTOGRAD_FUNCTION in owner.outside_bases()
