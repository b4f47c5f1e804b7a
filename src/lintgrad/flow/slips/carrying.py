"""What a value hangs on: the names that it is computed from and not cut from."""

from collections.abc import Callable, Iterator
from functools import cached_property

from lintgrad.flow.names import guesses
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.places.module_classes import builds_module
from lintgrad.flow.places.origins import Origins
from lintgrad.syntax import tensors
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Compare, Expr, Lambda, Name
from lintgrad.syntax.walk import children, parts_of

CUTS = frozenset({"detach", "item", "tolist", "numpy", "argmax", "size", "dim", "data", "shape"})
"""Methods and attributes whose value hangs on no graph."""


def kept(value: Expr, carries: Callable[[Call], bool]) -> Iterator[Name | Call]:
    """The names and calls that a value is computed from, those cut from their graph left aside.

    `carries` says of a call whether what it returns hangs on the graphs of its arguments.
    """
    match value:
        case Name():
            yield value
        case Compare() | Lambda():
            return
        case Attr(name=name) | Call(func=Attr(name=name)) if name in CUTS:
            return
        case Call() if not carries(value):
            return
        case Call():
            yield value
            if isinstance(value.func, Attr):
                yield from kept(value.func.value, carries)
            for part in children(value)[1:]:
                yield from kept(part, carries)
        case _:
            for part in children(value):
                yield from kept(part, carries)


def names_read(value: Expr, carries: Callable[[Call], bool]) -> Iterator[str]:
    """The names that a value is computed from, those cut from their graph left aside."""
    return (part.id for part in kept(value, carries) if isinstance(part, Name))


class Carrying:
    """Tells of the calls of one function which of them keep to the graph for certain."""

    def __init__(self, scope: Scope, origins: Origins) -> None:
        self._scope = scope
        self._origins = origins

    @cached_property
    def trained(self) -> frozenset[str]:
        """The modules whose parameters an optimizer of torch is built from, in sight."""
        return _modules_trained(self._scope)

    def trains(self, place: str | None) -> bool:
        """Whether a place holds such a module, by whatever name it is known where it is trained."""
        if place is None or place in self.trained:
            return place is not None
        made = self._origins.made(self._scope, place)
        return made is not None and any(made.expr is one for one in self._made)

    @cached_property
    def _made(self) -> tuple[Expr, ...]:
        """What makes the modules that are trained here, or where the function is called from."""
        found: list[Expr] = []
        scope: Scope | None = self._scope
        while scope is not None:
            found += self._origins.trained(scope)
            scope = scope.call[0] if scope.call is not None else scope.parent
        return tuple(found)

    def __call__(self, call: Call) -> bool:
        """Whether what a call returns hangs on the graphs of its arguments."""
        name = self._scope.dotted(call.func)
        if name is not None:
            module, _, last = name.rpartition(".")
            return module == "torch.nn.functional" or (
                module == "torch" and last in (*tensors.COMPUTES, "min", "max")
            )
        place = place_of(call.func)
        if place in self.trained or self._is_layer(place):
            return True
        if isinstance(call.func, Attr) and call.func.name in _KEEPS_TO_GRAPH:
            return True
        return place is not None and guesses.named_like_loss_or_model(place)

    def _is_layer(self, place: str | None) -> bool:
        """Whether a place is bound once, to a module of torch's own, or passed one."""
        made = self._origins.made(self._scope, place) if place is not None else None
        return (
            made is not None
            and isinstance(made.expr, Call)
            and builds_module(made.scope, made.expr)
        )


_KEEPS_TO_GRAPH = tensors.COMPUTES | tensors.KEEPS | tensors.REARRANGES


def _modules_trained(scope: Scope) -> frozenset[str]:
    owner = scope.owner
    around = [scope, scope.root, *(owner.methods.values() if owner is not None else ())]
    found: set[str] = set()
    for one in around:
        for call in one.calls:
            if (one.dotted(call.func) or "").startswith("torch.optim."):
                found.update(_owners(call))
    return frozenset(found)


def _owners(build: Call) -> Iterator[str]:
    for argument in build.args[:1]:
        for part in parts_of(argument):
            match part:
                case Call(func=Attr(value=module, name="parameters")):
                    if (place := place_of(module)) is not None:
                        yield place
