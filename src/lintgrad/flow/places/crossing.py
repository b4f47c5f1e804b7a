"""What a place of one scope is called in another: across calls, objects and files."""

from collections.abc import Iterator

from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import is_replaced, once
from lintgrad.flow.names.place_parts import element_place, is_within, prefixes, split_attribute
from lintgrad.flow.names.scopes import Argument, ClassScope, Global, Scope, root_of
from lintgrad.flow.places.made import is_repeated, place_of_made, unnamed_place
from lintgrad.flow.places.role import Found
from lintgrad.flow.places.roles import Roles
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Const, Name

_HOLDERS = frozenset({"types.SimpleNamespace", "argparse.Namespace"})
"""What is built of keywords that become its attributes."""

_LONGEST = 8
"""Places with more parts than this are not told apart; recursion through objects makes them."""

_MOST_CALLERS = 24
"""Names of one thing that are looked at, at most, on the way through its callers."""

Seen = tuple[Scope, str]


class Crossing:
    """Translates places between the scopes of a project."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._outward: dict[Seen, tuple[Seen, ...]] = {}

    def outward(self, scope: Scope, place: str) -> tuple[Seen, ...]:
        """The names of one thing, from its own scope outwards to where it was passed from."""
        key = (scope, place)
        if key not in self._outward:
            self._outward[key] = (key,)  # recursion may pass a thing on to itself
            self._outward[key] = tuple(self._names(scope, place))
        return self._outward[key]

    def _names(self, scope: Scope, place: str) -> Iterator[Seen]:
        yield scope, place
        if place.count(".") + place.count("[") > _LONGEST:
            return
        held = self._held(scope, place)
        if held is not None:
            yield from self.outward(*held)
            return
        for prefix, rest in prefixes(place):
            passed = (scope.arguments or {}).get(prefix)
            if passed is None:
                continue
            if is_replaced(scope, prefix):
                return
            there = self._of_argument(passed, rest)
            if there is not None:
                yield from self.outward(*there)
            return
        if scope.parent is not None and not scope.binds(root_of(place)):
            yield from self.outward(scope.parent, place)
            yield from self._kept(scope.parent, place)
            return
        found = (
            scope.imported(place) if scope.parent is None and place not in scope.bindings else None
        )
        if isinstance(found, Global):
            yield from self.outward(found.scope, found.name)

    def _kept(self, maker: Scope, place: str) -> Iterator[Seen]:
        """The name of what a closure keeps of the call that made it."""
        if maker.call is not None and root_of(place) in maker.bindings:
            where, call = maker.call
            if not is_repeated(where, call):
                yield from self.outward(where, f"{unnamed_place(call)}.{place}")

    def _of_argument(self, passed: Argument, rest: str) -> Seen | None:
        """What is passed, or a part of it."""
        place = place_of(passed.expr)
        if place is not None:
            return passed.scope, f"{place}{rest}"
        element = element_place(passed.expr, rest)
        if element is not None:
            return passed.scope, element
        if rest.startswith(".") and isinstance(passed.expr, Call):
            name, more = split_attribute(rest[1:])
            held = self._attribute(self._roles.of_expr(passed.scope, passed.expr), name)
            if held is not None:
                return held[0], f"{held[1]}{more}"
        made = place_of_made(passed)
        return None if made is None else (passed.scope, f"{made}{rest}")

    def _held(self, scope: Scope, place: str) -> Seen | None:
        """What a place below an object was given to that object as."""
        for prefix, rest in prefixes(place):
            if not rest.startswith("."):
                continue
            name, more = split_attribute(rest[1:])
            keyword = _keyword(scope, prefix, name)
            if keyword is not None:
                return keyword[0], f"{keyword[1]}{more}"
            if prefix == "self" and "self" not in (scope.arguments or {}):
                continue
            holder = self._object(scope, prefix)
            held = self._attribute(holder, name)
            if held is not None:
                return held[0], f"{held[1]}{more}"
        return None

    def _object(self, scope: Scope, place: str) -> Found | None:
        passed = (scope.arguments or {}).get(place)
        if passed is not None and not isinstance(passed.expr, Name):
            return self._roles.of_expr(passed.scope, passed.expr)
        if passed is not None and isinstance(passed.expr, Name) and passed.expr.id == "self":
            return self._object(passed.scope, "self") if passed.scope is not scope else None
        return self._roles.of_place(scope, place) if place != "self" or passed else None

    def _attribute(self, holder: Found | None, name: str) -> Seen | None:
        """What an object of a class in the project was given for an attribute, if it shows."""
        if holder is None or holder.own is None:
            return None
        given = self._roles.objects.field_of(holder, name)
        handed = _handed(holder.own, name)
        if given is None and handed is not None:
            method, parameter = handed
            passed = self._roles.objects.passed_to(holder, method, parameter)
            given = passed[0] if len(passed) == 1 else None
        if given is None:
            return None
        place = place_of(given.expr) or place_of_made(given)
        return None if place is None else (given.scope, place)

    def is_untraced(self, scope: Scope, place: str) -> bool:
        """Whether a place is an attribute that an object was handed, nobody can tell from where."""
        for prefix, rest in prefixes(place):
            if rest.startswith(".") and prefix != "self":
                holder = self._object(scope, prefix)
                name, _ = split_attribute(rest[1:])
                if holder is not None and holder.own is not None and _handed(holder.own, name):
                    return self._attribute(holder, name) is None
        return False

    def seen(self, scope: Scope, origin: Scope, place: str) -> str | None:
        """What a scope calls a place of another scope; None if it has no name there."""
        names = self.outward(origin, place)
        around: Scope | None = scope
        while around is not None:
            for where, name in names:
                if where is around and not _shadowed(scope, around, name):
                    return name
            for parameter, passed in (around.arguments or {}).items():
                for _, rest in self._parts(names, passed):
                    return f"{parameter}{rest}"
            for each in around.parameters if around.arguments is None else ():
                for passed in self._roles.callers.passed(around, each.name):
                    for _, rest in self._parts(names, passed):
                        return f"{each.name}{rest}"
            through = self._through_self(scope, names) if around is scope else None
            if through is not None:
                return through
            around = around.parent
        return None

    def _parts(self, names: tuple[Seen, ...], passed: Argument) -> Iterator[tuple[str, str]]:
        """Where names of a thing go through what is passed for a parameter."""
        place = place_of(passed.expr) or place_of_made(passed)
        if place is None:
            return
        for where, name in self._through_callers(passed.scope, place):
            for other, whole in names:
                if other is where and is_within(whole, name):
                    yield name, whole[len(name) :]

    def _through_callers(self, scope: Scope, place: str) -> Iterator[Seen]:
        """The names of a thing outwards, also by what callers in sight pass for a parameter."""
        todo = [(scope, place)]
        seen: set[Seen] = set()
        while todo and len(seen) < _MOST_CALLERS:
            names = self.outward(*todo.pop())
            yield from (name for name in names if name not in seen)
            seen.update(names)
            where, last = names[-1]
            parameter = where.parameter(root_of(last)) if where.arguments is None else None
            for passed in self._roles.callers.passed(where, root_of(last)) if parameter else ():
                there = self._of_argument(passed, last[len(root_of(last)) :])
                if there is not None and there not in seen:
                    todo.append(there)

    def _through_self(self, scope: Scope, names: tuple[Seen, ...]) -> str | None:
        """The attribute that the object a method works on was given a thing as."""
        init = scope.owner.method("__init__") if scope.owner is not None else None
        if init is None:
            return None
        passed = (scope.arguments or {}).get("self")
        holder = self._roles.of_expr(*passed) if passed is not None else None
        made = self._roles.objects.constructor_of(holder) if holder is not None else None
        for name, bindings in init.bindings.items():
            if not name.startswith("self.") or len(bindings) != 1:
                continue
            value = bindings[0].value
            there = place_of(value)
            if there is None:
                continue
            if any(where.function_itself is init and p == there for where, p in names):
                return name
            arguments = self._arguments_of(init, made, there)
            if any(
                prefix and not rest for a in arguments for prefix, rest in self._parts(names, a)
            ):
                return name
        return None

    def _arguments_of(self, init: Scope, made: Scope | None, parameter: str) -> list[Argument]:
        if made is not None and made.arguments is not None:
            return [made.arguments[parameter]] if parameter in made.arguments else []
        if init.parameter(parameter) is None:
            return []
        return list(self._roles.callers.passed(init, parameter))

    def in_scope(self, scope: Scope, place: str) -> str | None:
        """Another name in the same scope, or one around it, of what an object was given."""
        held = self._held(scope, place) if "." in place else None
        return None if held is None or held[0] is not scope else held[1]

    def in_caller(self, frame: Scope, place: str, caller: Scope) -> str | None:
        """What the caller of a frame calls one of its places; None if it has no name there."""
        if place.count(".") + place.count("[") > _LONGEST:
            return None
        for where, name in self.outward(frame, place)[1:]:
            if where.function_itself is caller.function_itself:
                # A frame that calls from the same place share: the names are those of any caller.
                return None if self.is_untraced(caller, name) else name
            around = caller.parent
            while around is not None:
                if around is where and not _shadowed(caller, around, name):
                    return name
                around = around.parent
        last = self.outward(frame, place)[-1]
        if last[0] is frame:
            return None
        return self.seen(caller, *last) or self._imported_as(caller, last)

    def _imported_as(self, caller: Scope, seen: Seen) -> str | None:
        where, place = seen
        if where.parent is not None or where is caller.root:
            return None
        for name in caller.imports:
            found = caller.imported(name) if not name.startswith("*") else None
            if isinstance(found, Global) and found.scope is where and found.name == root_of(place):
                return name + place[len(found.name) :]
        return None


def _handed(own: ClassScope, name: str) -> tuple[Scope, str] | None:
    """The method and the parameter through which objects of a class get an attribute."""
    found = [
        (method, binding)
        for one in own.lineage()
        for method in one.methods.values()
        for binding in method.bindings.get(f"self.{name}", ())
        if not isinstance(binding.value, Const)
    ]
    if len(found) != 1 or found[0][1].via is not Via.VALUE:
        return None
    method, value = found[0][0], found[0][1].value
    is_parameter = isinstance(value, Name) and method.parameter(value.id) is not None
    return (method, value.id) if is_parameter and isinstance(value, Name) else None


def _keyword(scope: Scope, place: str, name: str) -> Seen | None:
    """What a holder made of keywords was given for an attribute."""
    holder = once(scope.lookup(place))
    if holder is None or not isinstance(holder.expr, Call):
        return None
    if holder.scope.dotted(holder.expr.func) not in _HOLDERS:
        return None
    given = next((k.value for k in holder.expr.keywords if k.name == name), None)
    there = place_of(given) if given is not None else None
    return None if there is None else (holder.scope, there)


def _shadowed(scope: Scope, outer: Scope, place: str) -> bool:
    """Whether a scope or one between it and an outer one binds the name itself."""
    around: Scope | None = scope
    while around is not None and around is not outer:
        if around.binds(root_of(place)):
            return True
        around = around.parent
    return False


def is_in_sight(scope: Scope, outer: Scope, place: str) -> bool:
    """Whether a place of a scope around another one goes by its own name in there."""
    around: Scope | None = scope
    while around is not None and around is not outer:
        around = around.parent
    return around is not None and not _shadowed(scope, outer, place)
