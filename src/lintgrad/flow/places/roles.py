"""Which place holds an optimizer, a scaler, a scheduler, and on what evidence."""

from collections.abc import Iterable

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Binding, Via, makes_dict
from lintgrad.flow.names.callers import Callers
from lintgrad.flow.names.elements import VIEWS, element_source
from lintgrad.flow.names.scopes import Argument, Global, Scope, root_of
from lintgrad.flow.places.annotated import asserted_type, declared_type, of_annotation
from lintgrad.flow.places.builders import (
    asks_trainer,
    built_by,
    callables,
    is_optimizer_class,
    may_do_more,
    part_built_by,
)
from lintgrad.flow.places.callees import Callees, Overridden
from lintgrad.flow.places.choices import Choices
from lintgrad.flow.places.frames import Frames
from lintgrad.flow.places.generators import Generators
from lintgrad.flow.places.gradients_by_hand import clears
from lintgrad.flow.places.made import made_at
from lintgrad.flow.places.objects import Objects
from lintgrad.flow.places.overrides import Overrides, Overriding
from lintgrad.flow.places.role import Found, Role, collection_of, element_of, strongest
from lintgrad.syntax import apis
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import (
    Attr,
    BoolOp,
    Call,
    Comprehension,
    Expr,
    IfExp,
    Item,
    Mapping,
    Name,
    Sequence,
)


class Roles:
    """Answers what a place of a project holds; remembers its answers."""

    def __init__(self, overridden: Overridden, overriding: Overriding) -> None:
        self.callees = Callees(self, overridden)
        self.overrides = Overrides(self.callees, overriding)
        self.choices = Choices(self.callees)
        self.frames = Frames(self)
        self.generators = Generators(self.callees)
        self.callers = Callers()
        self.objects = Objects(self)
        self._known: dict[tuple[Scope, str], Found | None] = {}
        self._known_calls: dict[tuple[Scope, Call], Found | None] = {}

    def of_place(self, scope: Scope, place: str) -> Found | None:
        """The role of a place as seen from a scope, or None if nothing says."""
        key = (scope, place)
        if key not in self._known:
            self._known[key] = None  # what a place is bound to may mention the place itself
            self._known[key] = self._resolve(scope, place) or asserted_type(scope, place)
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
        passed = _argument(scope, place)
        if passed is not None and not scope.bindings.get(place):
            return self._annotated(scope, place) or self.of_expr(passed.scope, passed.expr)
        if place == "self" and scope.owner is not None:
            return None  # what its class is, the scope knows
        if "()@" in place and (made := made_at(scope, place)) is not None:
            return self._of_call(scope, made)
        if place.startswith("self."):
            found = self._of_self(scope, place)
            if found is not None:
                return found
        known = scope.lookup(place)
        if known is not None:
            where, bindings = known
            answers = [self._of_binding(where, binding) for binding in bindings]
            if guesses.not_an_optimizer(place):  # what is made of an optimizer need not be one
                answers = [a for a in answers if a is None or not _is_wrapper(a)]
            return strongest(answers) or self._of_parameter(scope, place)
        if place.endswith("]"):
            passed = _argument(scope, root_of(place))
            given = place_of(passed.expr) if passed is not None else None
            if passed is not None and given is not None and not scope.bindings.get(root_of(place)):
                return self.of_place(passed.scope, given + place[len(root_of(place)) :])
            return element_of(self.of_place(scope, place[: place.rindex("[")]))
        head, _, name = place.rpartition(".")
        if head and head != "self":
            holder = self.of_place(scope, head)
            if holder is not None and holder.own is not None:
                return self.of_attribute(holder, name)
        return self._of_parameter(scope, place) or self._of_import(scope, place)

    def _of_self(self, scope: Scope, place: str) -> Found | None:
        """The role of an attribute, where the very object is known that a frame works on."""
        passed = _argument(scope, "self")
        if passed is None or place.count(".") != 1:
            return None
        if isinstance(passed.expr, Name) and passed.expr.id == "self":
            return self.of_place(passed.scope, place)
        holder = self.of_expr(passed.scope, passed.expr)
        if holder is None or holder.build is None or holder.own is None:
            return None
        return self.of_attribute(holder, place.removeprefix("self."))

    def of_attribute(self, holder: Found, name: str) -> Found | None:
        """The role of an attribute of an object of a class in the project."""
        own = holder.own
        if own is None:
            return None
        passed = self.objects.field_of(holder, name)
        if passed is not None:
            return self.of_expr(passed.scope, passed.expr)
        made = self.objects.constructor_of(holder)
        found = own.lookup(f"self.{name}")
        if found is None:
            getter = own.method(name)
            return None if getter is None else self._of_result(getter)
        answers = []
        for method in {m for one in own.lineage() for m in one.methods.values()}:
            inside = made if made is not None and made.origin is method else method
            for binding in method.bindings.get(f"self.{name}", ()):
                answers.append(self._of_binding(inside, binding))
        return strongest(answers)

    def _of_import(self, scope: Scope, place: str) -> Found | None:
        """The role of a name that another file of the project binds."""
        found = scope.imported(place) if scope.lookup(root_of(place)) is None else None
        return self.of_place(found.scope, found.name) if isinstance(found, Global) else None

    def _of_binding(self, scope: Scope, binding: Binding) -> Found | None:
        declared = of_annotation(scope, binding.annotation)
        if declared is not None and declared.role is Role.OPTIMIZER:
            return declared
        match binding.via:
            case Via.VALUE:
                return self.of_expr(scope, binding.value) or declared
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
        if isinstance(value, Call) and asks_trainer(scope, value):
            return Found(Role.OPTIMIZER, Basis.BUILT)
        built = None
        if isinstance(value, Call) and (name := scope.dotted(value.func)) is not None:
            built = part_built_by(name, binding.index, binding.parts)
        if built is not None:
            return Found(built[0], Basis.BUILT, kind=built[1])
        if isinstance(value, Call) and len(value.args) == binding.parts:
            return self.of_expr(scope, value.args[binding.index])
        if isinstance(value, Call):
            local = self._called(scope, value)
            returned = list(local.returns()) if local is not None else []
            if len(returned) == 1 and isinstance(returned[0], Sequence) and local is not None:
                items = returned[0].items
                if len(items) == binding.parts:
                    return self.of_expr(local, items[binding.index])
        return None

    def _of_parameter(self, scope: Scope, place: str) -> Found | None:
        if scope.parameter(place) is None:
            if scope.parent is None or scope.binds(root_of(place)):
                return None
            return self.of_place(scope.parent, place)
        annotated = self._annotated(scope, place)
        if annotated is not None or scope.arguments is not None:
            return annotated
        return strongest(
            [self.of_expr(where, expr) for where, expr in self.callers.passed(scope, place)]
        )

    def _annotated(self, scope: Scope, place: str) -> Found | None:
        """What the annotation of a parameter says; less than what is passed, if that is known."""
        declared = declared_type(scope, place)
        if declared is None:
            return None
        passed = _argument(scope, place)
        known = self.of_expr(passed.scope, passed.expr) if passed is not None else None
        return known or declared

    def _of_call(self, scope: Scope, call: Call) -> Found | None:
        key = (scope, call)
        if key not in self._known_calls:
            self._known_calls[key] = None  # what a call returns may be made of itself
            self._known_calls[key] = self._find_of_call(scope, call)
        return self._known_calls[key]

    def _find_of_call(self, scope: Scope, call: Call) -> Found | None:
        if makes_dict(call):
            return collection_of(self._first(scope, [k.value for k in call.keywords]))
        names = callables(scope, call.func)
        known = {built for name in names if (built := built_by(name)) is not None}
        if len(known) == 1:  # a class that is chosen among optimizers is one, known or not
            role, kind = known.pop()
            if any(may_do_more(scope, call, name) for name in names):
                return None
            return Found(role, Basis.BUILT, call, scope, kind=kind)
        if asks_trainer(scope, call):
            return Found(Role.OPTIMIZER, Basis.BUILT)
        place = place_of(call.func)
        own = scope.class_named(place) if place is not None else None
        if own is not None:
            is_optimizer = any(map(is_optimizer_class, own.outside_bases())) and not any(
                method is not None and clears(method)
                for method in (own.method("step"), own.method("zero_grad"))
            )
            return Found(
                Role.OPTIMIZER if is_optimizer else Role.OWN_OBJECT, Basis.BUILT, call, scope, own
            )
        local = self._called(scope, call)
        if local is not None:
            return self._of_result(local)
        if isinstance(call.func, Attr) and call.func.name in VIEWS:
            return self.of_expr(scope, call.func.value)
        return self._wrapped(scope, call)

    def _called(self, scope: Scope, call: Call) -> Scope | None:
        """The frame of the function of the project that a call runs."""
        callee = self.callees.of_value(scope, call.func)
        return None if callee is None else self.frames.of_call(scope, call, callee)

    def _of_result(self, function: Scope) -> Found | None:
        """The role of what a function of the project returns."""
        key = (function, "return")
        if key not in self._known:
            self._known[key] = None  # the function may return what it calls itself for
            found = strongest([self.of_expr(function, value) for value in function.returns()])
            self._known[key] = found
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
        if guesses.begins_like_class(last) and not guesses.names_optimizer(last):
            return None  # some class of unknown purpose: a scheduler as often as a wrapper
        return Found(Role.OPTIMIZER, optimizers[0].basis)


def _is_wrapper(found: Found) -> bool:
    """Whether something is taken for an optimizer because it was made of one."""
    return found.role is Role.OPTIMIZER and found.build is None


def _argument(scope: Scope, place: str) -> Argument | None:
    """What the call that a frame is of passes for a place."""
    return None if scope.arguments is None else scope.arguments.get(place)
