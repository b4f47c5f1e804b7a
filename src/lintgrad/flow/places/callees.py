"""Which function of the project a call runs, and what it is bound to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.bound_once import once
from lintgrad.flow.names.methods import is_abstract, is_static
from lintgrad.flow.names.scopes import Argument, ClassScope, Global, Scope
from lintgrad.flow.names.scoping import fill
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    Call,
    Const,
    Expr,
    Function,
    Item,
    Lambda,
    Name,
    Return,
)

if TYPE_CHECKING:
    from lintgrad.flow.places.roles import Roles

_DEEPEST = 12
"""Longer chains of names that stand for functions are not followed."""

_NO_FUNCTION = frozenset({"property", "cached_property", "contextmanager", "asynccontextmanager"})
"""Decorators that make something else of a function; all others are taken to keep it."""


Overridden = Callable[[Scope, ClassScope], bool]
"""Whether a class that derives from another has its own method in place of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Callee:
    """A function with what is bound to its first parameters before it is called."""

    scope: Scope
    receiver: Argument | None = None
    owner: ClassScope | None = None
    """The class of the receiver, which may derive from the one that the method stands in."""
    bound: tuple[Argument, ...] = ()
    keywords: Mapping[str, Argument] = field(default_factory=dict)


class Callees:
    """Resolves calls and function values of a project."""

    def __init__(self, roles: "Roles", overridden: Overridden) -> None:
        self._roles = roles
        self._overridden = overridden
        self._lambdas: dict[tuple[Scope, Lambda], Scope] = {}
        self._known: dict[tuple[Scope, Expr], Callee | None] = {}
        self._asked: set[tuple[Scope, Expr]] = set()
        """What is being resolved: a name may be bound to something made of itself."""
        self._selves: dict[Expr, Name] = {}
        """What stands for the object in calls of `super()`: one each, since frames go by it."""
        self._undecorated: dict[Expr, Callee] = {}
        """What stands for a function as it is before a decorator gets it."""

    def of_call(self, scope: Scope, call: Call) -> Callee | None:
        """The function of the project that a call runs."""
        return self.of_value(scope, call.func) or self._of_object(scope, call)

    def methods_called(self, scope: Scope) -> Iterator[tuple[str, ClassScope]]:
        """The names of the methods that a function calls, each with all classes of its object."""
        for call in scope.calls:
            found = self.of_call(scope, call)
            if found is not None and found.owner is not None:
                for owner in found.owner.lineage():
                    yield found.scope.name_alone, owner

    def of_value(self, scope: Scope, expr: Expr, depth: int = 0) -> Callee | None:
        """The function of the project that an expression stands for."""
        key = (scope, expr)
        if key in self._known:
            return self._known[key]
        if depth > _DEEPEST or key in self._asked:
            return None
        self._asked.add(key)
        found = self._of_value(scope, expr, depth)
        self._asked.discard(key)
        if not self._asked:  # nothing was cut short on the way
            self._known[key] = found
        return found

    def _of_value(self, scope: Scope, expr: Expr, depth: int) -> Callee | None:
        match expr:
            case Name(id=name):
                return self._of_name(scope, name, depth)
            case Attr():
                return self._of_attribute(scope, expr, depth)
            case Lambda():
                return Callee(self._lambda(scope, expr))
            case Call():
                return self._of_made(scope, expr, depth)
            case Item():
                return self._roles.choices.only(scope, expr)
        return None

    def own_class(self, scope: Scope, expr: Expr) -> ClassScope | None:
        """The class of the project that an expression's value is an object of."""
        if isinstance(expr, Name) and expr.id == "self" and scope.owner is not None:
            return scope.owner
        found = self._roles.of_expr(scope, expr)
        return None if found is None else found.own

    def _of_name(self, scope: Scope, name: str, depth: int) -> Callee | None:
        around: Scope | None = scope
        while around is not None:
            if around.arguments is not None and name in around.arguments:
                passed = around.arguments[name]
                return self.of_value(passed.scope, passed.expr, depth + 1)
            if around.parameter(name) is not None:
                return None
            if name in around.functions or name in around.bindings:
                break
            around = around.parent
        function = scope.function(name)
        if function is not None:
            return self._decorated(function, depth)
        found = scope.imported(name) if around is None else None
        if isinstance(found, Global):
            return self._bound_to(found.scope, found.name, depth)
        return self._bound_to(scope, name, depth)

    def _bound_to(self, scope: Scope, place: str, depth: int) -> Callee | None:
        """The function that a place is bound to, where it is bound once."""
        bound = once(scope.lookup(place))
        return None if bound is None else self.of_value(bound.scope, bound.expr, depth + 1)

    def _decorated(self, function: Scope, depth: int) -> Callee | None:
        """What a function's decorators make of it."""
        callee = Callee(function, owner=function.owner)
        node = function.node
        for decorator in reversed(node.decorators if isinstance(node, Function) else ()):
            name = (place_of(decorator) or "").rsplit(".", 1)[-1]
            if name in _NO_FUNCTION:
                return None
            around = function.parent or function.root
            made = self.of_value(around, decorator, depth + 1)
            if made is not None:
                span = decorator.span
                itself = Call(span, Name(span, "<undecorated>"), (), ())
                self._undecorated[itself] = callee
                callee = self._returned(made, (Argument(around, itself),), depth) or callee
        return callee

    def _of_attribute(self, scope: Scope, expr: Attr, depth: int) -> Callee | None:
        if isinstance(expr.value, Call) and place_of(expr.value.func) == "super":
            return self._of_super(scope, expr)
        place = place_of(expr.value)
        known = scope.class_named(place) if place is not None else None
        if known is not None:
            method = known.method(expr.name)
            return None if method is None else Callee(method, owner=known)
        own = self.own_class(scope, expr.value)
        if own is not None:
            return self._of_method(own, expr, scope, depth)
        whole = place_of(expr)
        found = scope.imported(whole) if whole is not None else None
        if isinstance(found, Scope) and found.parent is not None:
            return self._decorated(found, depth)
        if isinstance(found, Global):
            return self._bound_to(found.scope, found.name, depth)
        return self._bound_to(scope, whole, depth) if whole is not None else None

    def _of_method(self, own: ClassScope, expr: Attr, scope: Scope, depth: int) -> Callee | None:
        method = own.method(expr.name)
        if method is None:
            return self._bound_to_self(own, expr, scope, depth)
        if self._is_open(method, own, expr, scope):
            return None
        callee = self._decorated(method, depth)
        if callee is None:
            return None
        receiver = None if is_static(method) else Argument(scope, expr.value)
        if callee.scope is method:
            return Callee(method, receiver, own)
        bound = () if receiver is None else (receiver,)
        return replace(callee, bound=(*bound, *callee.bound))

    def _bound_to_self(
        self, own: ClassScope, expr: Attr, scope: Scope, depth: int
    ) -> Callee | None:
        bound = once(own.lookup(f"self.{expr.name}"))
        found = None if bound is None else self.of_value(bound.scope, bound.expr, depth + 1)
        if found is None or found.receiver is None or place_of(found.receiver.expr) != "self":
            return found
        return replace(found, receiver=Argument(scope, expr.value))  # a method of the same object

    def is_open(self, scope: Scope, func: Expr) -> bool:
        """Whether a call runs a method of the project that another class may have its own of."""
        if not isinstance(func, Attr) or place_of(func.value) is None:
            return False
        own = self.own_class(scope, func.value)
        method = own.method(func.name) if own is not None else None
        return own is not None and method is not None and self._is_open(method, own, func, scope)

    def _is_open(self, method: Scope, own: ClassScope, expr: Attr, scope: Scope) -> bool:
        """Whether another method may run: one that is only declared, or that a subclass has."""
        receiver: Expr = expr.value
        while isinstance(receiver, Name) and receiver.id == "self":
            if scope.arguments is None or "self" not in scope.arguments:
                return is_abstract(method) or self._overridden(method, own)
            scope, receiver = scope.arguments["self"]
        found = self._roles.of_expr(scope, receiver)
        if found is not None and found.basis is Basis.BUILT:
            return False  # whose method it is has been seen
        return is_abstract(method) or self._overridden(method, own)

    def _of_super(self, scope: Scope, expr: Attr) -> Callee | None:
        if scope.owner is None:
            return None
        lineage = list(scope.owner.lineage())
        function = scope.function_itself
        here = next((i for i, one in enumerate(lineage) if function in one.methods.values()), 0)
        for one in lineage[here + 1 :]:
            if expr.name in one.methods:
                method = one.methods[expr.name]
                if expr not in self._selves:
                    self._selves[expr] = Name(expr.span, "self")
                return Callee(method, Argument(scope, self._selves[expr]), scope.owner)
        return None

    def _of_made(self, scope: Scope, call: Call, depth: int) -> Callee | None:
        """The function that a call returns: `partial(f, ...)`, or what makes a closure."""
        if call in self._undecorated:
            return self._undecorated[call]
        if scope.dotted(call.func) == "functools.partial" and call.args:
            inner = self.of_value(scope, call.args[0], depth + 1)
            if inner is None:
                return None
            more = tuple(Argument(scope, arg) for arg in call.args[1:])
            named = {k.name: Argument(scope, k.value) for k in call.keywords if k.name is not None}
            return replace(inner, bound=(*inner.bound, *more), keywords={**inner.keywords, **named})
        match call:
            case Call(func=Name(id="getattr"), args=(owner, Const(value=str() as name), *_)):
                return self.of_value(scope, Attr(call.span, owner, name), depth + 1)
        maker = self.of_value(scope, call.func, depth + 1)
        if maker is None or maker.scope.is_generator:
            return None
        return self._returned_by(scope, call, maker, depth)

    def _returned_by(self, scope: Scope, call: Call, maker: Callee, depth: int) -> Callee | None:
        frame = self._roles.frames.of_call(scope, call, maker)
        return None if frame is None else self._only(frame, depth)

    def _returned(self, maker: Callee, passed: tuple[Argument, ...], depth: int) -> Callee | None:
        frame = self._roles.frames.of_arguments(maker, passed)
        return None if frame is None else self._only(frame, depth)

    def _only(self, frame: Scope, depth: int) -> Callee | None:
        """The function that a frame's only `return` gives."""
        values = list(frame.returns())
        return self.of_value(frame, values[0], depth + 1) if len(values) == 1 else None

    def _of_object(self, scope: Scope, call: Call) -> Callee | None:
        """The method that building or calling an object runs."""
        place = place_of(call.func)
        built = scope.class_named(place) if place is not None else None
        if built is not None:
            method = built.method("__init__")
            return None if method is None else Callee(method, Argument(scope, call), built)
        own = self.own_class(scope, call.func) if not isinstance(call.func, Call) else None
        if own is None:
            return None
        called = own.method("__call__") or own.method("forward")
        return None if called is None else Callee(called, Argument(scope, call.func), own)

    def method(self, scope: Scope, expr: Expr, name: str) -> Callee | None:
        """The method of an expression's value, if its class is in the project."""
        own = self.own_class(scope, expr)
        known = own.method(name) if own is not None else None
        return None if known is None else Callee(known, Argument(scope, expr), own)

    def _lambda(self, scope: Scope, node: Lambda) -> Scope:
        key = (scope, node)
        if key not in self._lambdas:
            body = (Return(node.body.span, node.body),)
            function = Function(node.span, "lambda", node.parameters, (), body)
            made = Scope(
                f"{scope.name}.<lambda>",
                function,
                scope,
                scope.owner,
                scope.imports,
                scope.source,
                scope.importer,
            )
            fill(made, scope.owner, [])
            self._lambdas[key] = made
        return self._lambdas[key]
