"""What writing to `.grad` by hand does to gradients."""

from itertools import zip_longest

from lintgrad.flow.events import Escape, Event, GradAssign, MayBackward, Step, ZeroGrad
from lintgrad.flow.names.bound_once import bound_once
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.gradients_by_hand import (
    grad_holder,
    is_nothing,
    part_of_grad,
    updated,
    updated_in_place,
)
from lintgrad.flow.places.kinds import is_built_module
from lintgrad.flow.places.of_function import Places
from lintgrad.flow.places.parameters import Parameters
from lintgrad.source.text import Span
from lintgrad.syntax.nodes import Attr, Call, Expr, Name, Sequence


class GradientWrites:
    """Turns what one function writes to gradients into events."""

    def __init__(self, scope: Scope, places: Places) -> None:
        self._scope = scope
        self._places = places
        self._parameters = Parameters(scope, places)
        self._text = scope.source.text

    def assigned(self, target: Expr, value: Expr | None, span: Span) -> tuple[Event, ...]:
        """What assigning to (or, without a value, deleting) a target does to gradients."""
        if isinstance(target, Sequence):
            values = value.items if isinstance(value, Sequence) else ()
            pairs = zip_longest(target.items, values[: len(target.items)])
            writes = (self.assigned(one, given, span) for one, given in pairs if one is not None)
            return tuple(event for write in writes for event in write)
        if part_of_grad(target):
            return (Escape(span, None, "a part of a gradient is written"),)
        holder = grad_holder(target)
        if holder is None:
            return self._replaced(target, value, span)
        if isinstance(target, Attr) and is_built_module(self._scope, holder):
            return ()  # a module has no gradient: an attribute is set that nothing reads
        if value is None or is_nothing(value):
            return (self._clear_by_hand(holder, span),)
        _, owners = self._parameters.of(holder)
        return (GradAssign(span, owners),)

    def changed(self, target: Expr, op: str, value: Expr | None, span: Span) -> tuple[Event, ...]:
        """What `target op= value` does to gradients: scaling leaves them what they were for."""
        stepped = updated(target, value) if op in "+-" and value is not None else None
        if stepped is not None:
            return self._stepped(stepped, span)
        holder = grad_holder(target)
        if op == "*" and holder is not None and value is not None and is_nothing(value):
            return (self._clear_by_hand(holder, span),)
        if op in ("+", "-", "*", "/") and (grad_holder(target) is not None or part_of_grad(target)):
            return (MayBackward(span, "a gradient is changed by hand"),)
        return ()

    def overwritten(self, call: Call, func: Attr) -> tuple[Event, ...]:
        """What `p.grad.zero_()` and its like do."""
        stepped = updated_in_place(call)
        if stepped is not None:
            return self._stepped(stepped, call.span)
        if part_of_grad(func.value):
            return (Escape(call.span, None, "a part of a gradient is written"),)
        holder = self._gradient_of(func.value)
        if holder is None:
            return ()
        if func.name == "zero_" or (call.args and is_nothing(call.args[0])):
            return (self._clear_by_hand(holder, call.span),)
        return (GradAssign(call.span, self._parameters.of(holder)[1]),)

    def _gradient_of(self, expr: Expr) -> Expr | None:
        """What an expression is the gradient of, a name bound to a gradient included."""
        if isinstance(expr, Name):
            bound = bound_once(self._scope, expr)
            if bound is not None:
                return grad_holder(bound.expr)
        return grad_holder(expr)

    def changed_in_place(self, call: Call, func: Attr) -> tuple[Event, ...] | None:
        """What `p.grad.mul_(...)` and its like do; None if it is no gradient that is changed."""
        stepped = updated_in_place(call)
        if stepped is not None:
            return self._stepped(stepped, call.span)
        if grad_holder(func.value) is None and not part_of_grad(func.value):
            return None
        if func.name == "mul_" and call.args and is_nothing(call.args[0]):
            return self.overwritten(call, func)
        return (MayBackward(call.span, "a gradient is changed by hand"),)

    def _replaced(self, target: Expr, value: Expr | None, span: Span) -> tuple[Event, ...]:
        """What `w.data = w.data - rate * w.grad` does."""
        if value is None or not (isinstance(target, Attr) and target.name == "data"):
            return ()
        holder = updated(target, value)
        return () if holder is None else self._stepped(holder, span)

    def _stepped(self, holder: Expr, span: Span) -> tuple[Event, ...]:
        place = self._parameters.updated_by_hand(holder)
        return () if place is None else (Step(span, place),)

    def _clear_by_hand(self, holder: Expr, span: Span) -> Event:
        optimizer, owners = self._parameters.of(holder)
        return ZeroGrad(span, self._text[span.start : span.end], optimizer, owners)
