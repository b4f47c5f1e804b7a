"""Which place holds an optimizer, a scaler, a scheduler, and on what evidence."""

from collections.abc import Iterable, Iterator

from lintgrad.flow import guesses
from lintgrad.flow.elements import VIEWS, element_source
from lintgrad.flow.gradients_by_hand import clears
from lintgrad.flow.role import Basis, Found, Role, collection_of, element_of, strongest
from lintgrad.flow.scopes import Binding, ClassScope, Scope, Via
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    BoolOp,
    Call,
    Comprehension,
    Const,
    Expr,
    IfExp,
    Item,
    Mapping,
    Name,
    Sequence,
)


class Roles:
    """Answers what a place of one file holds; remembers its answers."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        self._calls: dict[str, list[tuple[Scope, Call]]] = {}
        for scope in scopes:
            for call in scope.calls:
                if isinstance(call.func, Name | Attr):
                    name = call.func.id if isinstance(call.func, Name) else call.func.name
                    self._calls.setdefault(name, []).append((scope, call))
        self._known: dict[tuple[int, str], Found | None] = {}

    def of_place(self, scope: Scope, place: str) -> Found | None:
        """The role of a place as seen from a scope, or None if nothing says."""
        key = (id(scope), place)
        if key not in self._known:
            self._known[key] = None  # what a place is bound to may mention the place itself
            self._known[key] = self._resolve(scope, place)
        return self._known[key]

    def of_expr(self, scope: Scope, expr: Expr) -> Found | None:
        """The role of an expression's value."""
        match expr:
            case Name() | Attr() | Item():
                place = place_of(expr)
                return None if place is None else self.of_place(scope, place)
            case Call():
                return self._of_call(scope, expr)
            case IfExp():
                return self._first(scope, (expr.body, expr.orelse))
            case BoolOp():
                return self._first(scope, expr.parts)
            case Sequence():
                return collection_of(self._first(scope, expr.items))
            case Mapping():
                return collection_of(self._first(scope, [value for _, value in expr.items]))
            case Comprehension():
                return collection_of(self.of_expr(scope, expr.element))
        return None

    def _first(self, scope: Scope, parts: Iterable[Expr]) -> Found | None:
        return next(filter(None, (self.of_expr(scope, part) for part in parts)), None)

    def _resolve(self, scope: Scope, place: str) -> Found | None:
        found = scope.lookup(place)
        if found is not None:
            where, bindings = found
            answers = [self._of_binding(where, binding) for binding in bindings]
            return strongest(answers) or self._of_parameter(scope, place)
        if place.endswith("]"):
            held = self.of_place(scope, place[: place.rindex("[")])
            return element_of(held)
        return self._of_parameter(scope, place)

    def _of_binding(self, scope: Scope, binding: Binding) -> Found | None:
        if binding.annotation is not None and self._is_optimizer_type(scope, binding.annotation):
            return Found(Role.OPTIMIZER, Basis.ANNOTATED)
        match binding.via:
            case Via.VALUE:
                return self.of_expr(scope, binding.value)
            case Via.APPENDED:
                return collection_of(self.of_expr(scope, binding.value))
            case Via.ELEMENT:
                return self._of_element(scope, binding)
            case Via.PART:
                return self._of_part(scope, binding)
        return None

    def _of_element(self, scope: Scope, binding: Binding) -> Found | None:
        iterated = element_source(binding.value, binding.index, binding.parts)
        return None if iterated is None else element_of(self.of_expr(scope, iterated))

    def _of_part(self, scope: Scope, binding: Binding) -> Found | None:
        """`a, b = f(a, b)`: the parts are taken to be the arguments in their order."""
        value = binding.value
        if isinstance(value, Call) and len(value.args) == binding.parts:
            return self.of_expr(scope, value.args[binding.index])
        if isinstance(value, Call):
            local = self.local_function(scope, value)
            returned = list(local.returns()) if local is not None else []
            if len(returned) == 1 and isinstance(returned[0], Sequence) and local is not None:
                items = returned[0].items
                return (
                    self.of_expr(local, items[binding.index])
                    if len(items) == binding.parts
                    else None
                )
        return None

    def _of_parameter(self, scope: Scope, place: str) -> Found | None:
        parameter = scope.parameter(place)
        if parameter is None:
            if scope.parent is None or scope.binds(
                place.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
            ):
                return None
            return self._of_parameter(scope.parent, place)
        if parameter.annotation is not None and self._is_optimizer_type(
            scope, parameter.annotation
        ):
            return Found(Role.OPTIMIZER, Basis.ANNOTATED)
        own = self._annotated_class(scope, parameter.annotation)
        if own is not None:
            return Found(Role.OWN_OBJECT, Basis.ANNOTATED, own=own)
        passed = [self.of_expr(where, expr) for where, expr in self._passed(scope, place)]
        return strongest(passed)

    def _passed(self, scope: Scope, name: str) -> Iterator[tuple[Scope, Expr]]:
        """What visible callers pass for a parameter."""
        names = [parameter.name for parameter in scope.parameters]
        method = scope.owner is not None and names[:1] == ["self"]
        position = names.index(name) - method
        simple = scope.name.rsplit(".", 1)[-1]
        wanted = [simple]
        if scope.owner is not None and simple == "__init__":
            wanted.append(scope.owner.name)
        for where, call in (found for name_ in wanted for found in self._calls.get(name_, ())):
            match call.func:
                case Name(id=called) if called == simple and where.function(simple) is scope:
                    pass
                case Attr(name=called) if method and called == simple:
                    pass
                case Name(id=called) if method and simple == "__init__":
                    if where.class_named(called) is not scope.owner:
                        continue
                case _:
                    continue
            argument = call.argument(position, name)
            if argument is not None:
                yield where, argument

    def _of_call(self, scope: Scope, call: Call) -> Found | None:
        names = self._callables(scope, call.func)
        known = {role for name in names if (role := _known_callable(name)) is not None}
        if len(known) == 1:  # a class that is chosen among optimizers is one, known or not
            return Found(known.pop(), Basis.BUILT, call, scope)
        own = self.local_class(scope, call)
        if own is not None:
            is_optimizer = any(map(_is_optimizer_class, own.outside_bases())) and not any(
                method is not None and clears(method)
                for method in (own.method("step"), own.method("zero_grad"))
            )
            return Found(
                Role.OPTIMIZER if is_optimizer else Role.OWN_OBJECT, Basis.BUILT, call, scope, own
            )
        local = self.local_function(scope, call)
        if local is not None:
            return self._of_result(local)
        if isinstance(call.func, Attr) and call.func.name in VIEWS:
            return self.of_expr(scope, call.func.value)
        return self._wrapped(scope, call)

    def _callables(self, scope: Scope, func: Expr) -> list[str]:
        """The dotted names that a call may mean: `cls = torch.optim.Adam`, then `cls(...)`."""
        name = scope.dotted(func)
        if name is not None:
            return [name]
        found = scope.lookup(func.id) if isinstance(func, Name) else None
        values = [b.value for b in found[1] if b.via is Via.VALUE] if found is not None else []
        names = [found[0].dotted(value) for value in values] if found is not None else []
        return [name for name in names if name is not None] if None not in names else []

    def _of_result(self, function: Scope) -> Found | None:
        """The role of what a function of this file returns."""
        key = (id(function), "return")
        if key not in self._known:
            self._known[key] = None  # the function may return what it calls itself for
            found = strongest([self.of_expr(function, value) for value in function.returns()])
            self._known[key] = None if found is None else Found(found.role, found.basis)
        return self._known[key]

    def _wrapped(self, scope: Scope, call: Call) -> Found | None:
        """A call that is handed one optimizer and returns something to step: a wrapper of it."""
        name = place_of(call.func) or ""
        if guesses.not_an_optimizer(name) or name in apis.HARMLESS_BUILTINS:
            return None
        inner = [self.of_expr(scope, arg) for arg in call.args]
        optimizers = [f for f in inner if f is not None and f.role is Role.OPTIMIZER]
        if len(optimizers) != 1:
            return None
        last = name.rsplit(".", 1)[-1]
        if last[:1].isupper() and "ptimizer" not in last:
            return None  # some class of unknown purpose: a scheduler as often as a wrapper
        return Found(Role.OPTIMIZER, optimizers[0].basis)

    def local_function(self, scope: Scope, call: Call) -> Scope | None:
        """The function or method of this file that a call runs."""
        match call.func:
            case Name(id=name):
                return scope.function(name)
            case Attr(value=Name(id="self"), name=name) if scope.owner is not None:
                return scope.owner.method(name)
            case Attr(value=Name() | Attr() as receiver, name=name):
                return self._method_of(scope, receiver, name)
            case Attr(value=Call(func=Name(id="super")), name=name) if scope.owner is not None:
                return next(filter(None, (base.method(name) for base in scope.owner.bases())), None)
        return None

    def run_by(self, scope: Scope, call: Call) -> Iterator[Scope]:
        """The methods of this file's classes that a call runs without naming them."""
        built = self.local_class(scope, call)
        if isinstance(call.func, Name) and call.func.id == "self" and scope.owner is not None:
            names: tuple[str, ...] = ("__call__",)
            owner = scope.owner
        elif built is not None:
            names = ("__init__", "__enter__", "__exit__")
            owner = built
        else:
            found = self.of_expr(scope, call.func) if not isinstance(call.func, Call) else None
            if found is None or found.own is None:
                return
            names, owner = ("__call__", "forward"), found.own
        for name in names:
            method = owner.method(name)
            if method is not None:
                yield method

    def _method_of(self, scope: Scope, receiver: Expr, name: str) -> Scope | None:
        """The method of an object whose class is in this file."""
        found = self.of_expr(scope, receiver)
        return None if found is None or found.own is None else found.own.method(name)

    def local_class(self, scope: Scope, call: Call) -> ClassScope | None:
        """The class of this file that a call builds an object of."""
        return scope.class_named(call.func.id) if isinstance(call.func, Name) else None

    def _annotated_class(self, scope: Scope, annotation: Expr | None) -> ClassScope | None:
        """The class of this file that an annotation names."""
        match annotation:
            case Name(id=name) | Const(value=str() as name):
                return scope.class_named(name)
        return None

    def _is_optimizer_type(self, scope: Scope, annotation: Expr) -> bool:
        if isinstance(annotation, Const) and isinstance(annotation.value, str):
            return annotation.value.rsplit(".", 1)[-1] == "Optimizer"
        name = scope.dotted(annotation)
        return name is not None and _is_optimizer_class(name)


def _known_callable(name: str) -> Role | None:
    if name in apis.SCALERS:
        return Role.SCALER
    if name in apis.ENGINES_THAT_ONLY_RUN_BACKWARD:
        return Role.ENGINE
    if name in apis.SCHEDULERS or name.startswith(tuple(f"{m}." for m in apis.SCHEDULER_MODULES)):
        return Role.SCHEDULER
    return Role.OPTIMIZER if _is_optimizer_class(name) else None


def _is_optimizer_class(name: str) -> bool:
    if name in apis.OPTIMIZER_CLASSES:
        return True
    module, _, last = name.rpartition(".")
    return module in apis.OPTIMIZER_MODULES and last[:1].isupper()
