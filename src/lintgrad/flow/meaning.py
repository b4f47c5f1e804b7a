"""What the names and calls of one function mean, in the project that it stands in."""

from dataclasses import dataclass, field

from lintgrad.flow.names.bindings import Binding, Via
from lintgrad.flow.names.recording import Recording, Region, recording_at, regions_of
from lintgrad.flow.names.scopes import Argument, ClassScope, Global, Scope, root_of
from lintgrad.flow.places.callees import Callee
from lintgrad.flow.places.parallel import parallel_of
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Expr, Function

_TRANSPARENT = (
    "torch.no_grad",
    "torch.enable_grad",
    "torch.inference_mode",
    "torch.autograd.",
    "torch.jit.",
    "torch.compile",
    "torch.compiler.",
    "torch.cuda.amp.",
    "torch.amp.",
    "functools.",
    "typing.",
    "staticmethod",
    "classmethod",
)
"""Decorators that leave a function's result as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """One function, module or frame with what its names and calls refer to."""

    scope: Scope
    roles: Roles
    _regions: list[tuple[Region, ...]] = field(default_factory=list)

    def of(self, scope: Scope) -> "Meaning":
        """Another scope of the same project."""
        return self if scope is self.scope else Meaning(scope, self.roles)

    def dotted(self, expr: Expr) -> str | None:
        """The full name of an imported thing."""
        return self.scope.dotted(expr)

    def called(self, call: Call) -> "Meaning | None":
        """The frame of the function of the project that a call runs.

        None if there is none, or if more than its body decides what comes out.
        """
        key = (self.scope, call)
        known = self.roles.frames.called
        if key not in known:
            callee = self.roles.callees.of_call(self.scope, call)
            followed = callee is not None and _is_plain(callee.scope, self.roles)
            known[key] = (
                self.roles.frames.of_call(self.scope, call, callee)
                if callee is not None and followed and not callee.scope.is_generator
                else None
            )
        frame = known[key]
        return None if frame is None else Meaning(frame, self.roles)

    def scattered(self, call: Call) -> "tuple[Meaning, int | None] | None":
        """The frame of the module of the project that a call runs on several devices.

        With the number of devices, if that is written down.
        """
        found = parallel_of(self.scope, call.func) if place_of(call.func) is not None else None
        forward = found.own.method("forward") if found is not None else None
        if found is None or forward is None or not _is_plain(forward, self.roles):
            return None
        callee = Callee(forward, Argument(self.scope, call.func), found.own)
        frame = self.roles.frames.of_call(self.scope, call, callee)
        return None if frame is None else (Meaning(frame, self.roles), found.devices)

    def built(self, call: Call) -> ClassScope | None:
        """The class of the project that a call makes an object of."""
        place = place_of(call.func)
        return None if place is None else self.scope.class_named(place)

    def is_builtin(self, name: str) -> bool:
        """Whether a bare name is bound nowhere, and so means what Python itself has."""
        scope: Scope | None = self.scope
        while scope is not None:
            if scope.binds(name) or name in scope.functions or name in scope.classes:
                return False
            scope = scope.parent
        return name not in self.scope.imports

    def is_own_method(self, call: Call) -> bool:
        """Whether a call runs a method of an object of a class in the project."""
        if not isinstance(call.func, Attr):
            return False
        if place_of(call.func.value) == "self":
            return True
        return self.roles.callees.own_class(self.scope, call.func.value) is not None

    def bound(self, place: str) -> "tuple[Meaning, Expr] | None":
        """The value of a place that is bound once, outside of this function."""
        scope = self.scope
        if place in scope.bindings or (
            scope.parameter(root_of(place)) and root_of(place) != "self"
        ):
            return None
        looked = scope.lookup(place)
        if looked is None and not scope.binds(root_of(place)):
            found = scope.imported(place)
            if isinstance(found, Global):
                looked = found.scope, found.scope.bindings.get(found.name, [])
        return None if looked is None else self._only(place, *looked)

    def settled(self, place: str) -> "tuple[Meaning, Expr] | None":
        """The value of a place that is bound once, in this function or outside of it."""
        own = self.scope.bindings.get(place)
        return self.bound(place) if own is None else self._only(place, self.scope, own)

    def _only(
        self, place: str, where: Scope, bindings: list[Binding]
    ) -> "tuple[Meaning, Expr] | None":
        if len(bindings) != 1 or bindings[0].via is not Via.VALUE:
            return None
        if any(other.startswith(f"{place}.") for other in where.bindings):
            return None  # `criterion.reduction = "mean"` changes the criterion
        return self.of(where), bindings[0].value

    def recording(self, offset: int, around: Recording) -> Recording:
        """Whether gradients are recorded at a place of the code."""
        if not self._regions:
            self._regions.append(regions_of(self.scope))
        return recording_at(self._regions[0], offset, around)


def _is_plain(scope: Scope, roles: Roles) -> bool:
    node = scope.node
    decorators = node.decorators if isinstance(node, Function) else ()
    for decorator in decorators:
        function = decorator.func if isinstance(decorator, Call) else decorator
        name = scope.root.dotted(function) or place_of(function) or "?"
        if not name.startswith(_TRANSPARENT) and not _gives_back(scope, roles, decorator):
            return False
    return True


def _gives_back(scope: Scope, roles: Roles, decorator: Expr) -> bool:
    """Whether a decorator of the project returns the very function that it is given."""
    made = roles.callees.of_value(scope.parent or scope.root, decorator)
    if made is None or made.bound or made.keywords or made.receiver is not None:
        return False
    first = made.scope.parameters[:1]
    returned = [place_of(value) for value in made.scope.returns()]
    return any(returned == [p.name] and not made.scope.bindings.get(p.name) for p in first)
