"""The places of one function: aliases followed, optimizers and modules told apart."""

from lintgrad.flow.events import UNKNOWN_OWNERS, Escape, Event, Owners, Step, ZeroGrad
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names import guesses
from lintgrad.flow.names.bindings import Via
from lintgrad.flow.names.bound_once import from_caller
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.aliases import Aliases
from lintgrad.flow.places.crossing import Crossing, is_in_sight
from lintgrad.flow.places.kinds import Kinds
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.places.ownership import canonical_module, local_root, module_owners, owners_of
from lintgrad.flow.places.role import Found, Role
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.places.usage import Usage
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Expr

_MODULE_METHODS = frozenset({"parameters", "named_parameters", "train", "eval", "modules"})
_OPTIMIZER_METHODS = frozenset({"step", "param_groups", "add_param_group"})


class Places:
    """Answers what a place of one function is; collects the optimizers that events name."""

    def __init__(
        self, scope: Scope, roles: Roles, crossing: Crossing, usage: Usage, strength: Basis
    ) -> None:
        self._scope = scope
        self._roles = roles
        self._crossing = crossing
        self._usage = usage
        self._strength = strength
        self.renamed: dict[str, str] = {}
        """What loop variables stand for at the moment."""
        self._aliases = Aliases(scope, roles, crossing, usage)
        self.optimizers: dict[str, Optimizer] = {}
        self.kinds = Kinds(scope, usage)

    def rename(self, name: str, place: str | None) -> str | None:
        """Let a loop variable stand for a place; returns what it stood for before."""
        before = self.renamed.pop(name, None)
        if place is not None:
            self.renamed[name] = place
        return before

    def canonical(self, place: str) -> str:
        """The place that a place is another name for, itself if it is none."""
        return self._canonical(place, frozenset())

    def _canonical(self, place: str, seen: frozenset[str]) -> str:
        root = root_of(place)
        if root in self.renamed and root not in seen:
            return self._canonical(self.renamed[root], seen | {root}) + place[len(root) :]
        aliases = self._aliases.of(place)
        if len(aliases) == 1 and aliases[0] is not None and aliases[0] not in seen:
            return self._canonical(aliases[0], seen | {place})
        return place

    def role(self, place: str) -> Role | None:
        """The role of a place, if anything but its use says so."""
        found = self.found(place)
        return None if found is None else found.role

    def found(self, place: str) -> Found | None:
        """The role of a place with its basis, and what builds what it holds."""
        canonical = self.canonical(place)
        if canonical.endswith("[each]"):
            found = self._roles.of_place(self._scope, canonical.removesuffix("[each]"))
            if found is not None and found.role is Role.COLLECTION:
                return Found(Role.OPTIMIZER, found.basis)
            return None
        found = self._roles.of_place(self._scope, canonical)
        open_ = found is None or (found.role is Role.OPTIMIZER and found.build is None)
        if found is not None and open_ and self._goes_beside_another(canonical):
            return None
        return (open_ and self._where_made(canonical)) or found

    def _where_made(self, place: str) -> Found | None:
        """The role of a place where it is made, under the name that it has there."""
        for scope, name in self._crossing.outward(self._scope, place)[1:]:
            found = self._roles.of_place(scope, name)
            if found is not None and found.build is not None:
                return found
        return None

    def _goes_beside_another(self, place: str) -> bool:
        """Whether a place was made of an optimizer that is stepped as well: most likely none."""
        looked = self._scope.lookup(place)
        return any(
            other is not None and other != place and self._usage.goes_beside(place, other)
            for binding in (looked[1] if looked is not None else ())
            if isinstance(binding.value, Call)
            for other in map(place_of, binding.value.args)
        )

    def is_optimizer(self, place: str) -> bool:
        """Whether a place is an optimizer by its role or by what the file does with it."""
        role = self.role(place)
        if role is not None:
            return role in (Role.OPTIMIZER, Role.COLLECTION)
        used = {"step", "zero_grad"} & self._usage.methods(place)
        return place != "self" and bool(used) and not guesses.not_an_optimizer(place)

    def may_be_optimizer(self, place: str) -> bool:
        """Whether something of no known role may be an optimizer, going by its origin.

        What also runs backward is an engine; its step may do more than an optimizer's.
        """
        if "backward" in self._usage.methods(place):
            return False
        if self._goes_beside_another(self.canonical(place)):
            return False
        found = self._scope.lookup(self.canonical(place))
        for binding in found[1] if found is not None else ():
            if isinstance(binding.value, Call) and binding.via in (Via.VALUE, Via.ENTERED):
                name = place_of(binding.value.func) or ""
                if guesses.begins_like_class(name) and not self._holds_parameters(binding.value):
                    return False
        return True

    def _holds_parameters(self, build: Call) -> bool:
        """Whether an object of a class that cannot be seen is built on some parameters."""
        argument = build.argument(0, "params")
        return argument is not None and bool(owners_of(self._scope, argument).places)

    def is_module(self, place: str) -> bool:
        """Whether a place is a module by what the file does with it, or by its name."""
        used = _MODULE_METHODS & self._usage.methods(place)
        return place == "self" or bool(used) or guesses.named_like_model(place)

    def has_parameters(self, place: str) -> bool:
        """Whether something is a module, is called like one, or holds parameters."""
        if self.is_module(place) or self._usage.is_called(place):
            return True
        found = self._scope.lookup(place)
        values = [binding.value for binding in found[1]] if found is not None else []
        return any(owners_of(self._scope, value).places for value in values)

    def clears_as_optimizer(self, place: str) -> bool:
        """Whether `place.zero_grad()` is an optimizer's."""
        role = self.role(place)
        if role is not None:
            return role is Role.OPTIMIZER
        if place == "self" or not self.may_be_optimizer(place) or self._is_property(place):
            return False
        if self._is_class(place):
            return False
        if _OPTIMIZER_METHODS & self._usage.methods(place):
            return True
        return guesses.named_like_optimizer(place) and not self.is_module(place)

    def _is_class(self, place: str) -> bool:
        """Whether a place is a class, going by its name: nothing in sight is bound to it."""
        made = self._scope.lookup(place) is not None or self._scope.parameter(place) is not None
        return guesses.begins_like_class(place) and not made

    def _is_property(self, place: str) -> bool:
        """Whether a place of `self` is computed by a method of the class."""
        owner = self._scope.owner
        name = place.removeprefix("self.")
        return name != place and owner is not None and owner.method(name) is not None

    def clears_as_module(self, place: str) -> bool:
        """Whether `place.zero_grad()` is a module's."""
        if place == "self":
            owner = self._scope.owner
            return owner is not None and owner.method("zero_grad") is None
        role = self.role(place)
        if self._is_property(place) or self._is_class(place):
            return False  # a property, or the class itself: `nn.Module.zero_grad(net)`
        if role is Role.OWN_OBJECT:
            found = self.found(place)
            own = found.own if found is not None else None
            return own is not None and own.method("zero_grad") is None
        return role is None and (self.is_module(place) or self._usage.is_called(place))

    def module_owners(self, place: str) -> Owners:
        """The owners that clearing a module concerns."""
        return module_owners(self._scope, canonical_module(self.canonical(place)))

    def step(self, span: Span, place: str) -> Step:
        """The event of stepping an optimizer."""
        return Step(span, self.register(place))

    def cleared(self, span: Span, place: str, text: str) -> tuple[Event, ...]:
        """The events of clearing what a place holds; none if that is not known."""
        if self.clears_as_optimizer(place):
            return self._zero_grad(span, place, text)
        if self.clears_as_module(place):
            return (ZeroGrad(span, text, owners=self.module_owners(place)),)
        return ()

    def _zero_grad(self, span: Span, place: str, text: str) -> tuple[Event, ...]:
        name = self.register(place)
        owners = self.optimizers[name].owners
        clear = ZeroGrad(span, text, name, owners)
        others = self._may_alias(place)
        if others:
            return (clear, Escape(span, others, f"`{place}` may be another name of them"))
        return (clear,)

    def _may_alias(self, place: str) -> frozenset[str]:
        aliases = self._aliases.of(place)
        known = frozenset(a for a in aliases if a is not None)
        return known if len(aliases) > 1 else frozenset()

    def register(self, place: str) -> str:
        """Note that an event names an optimizer; returns its canonical place."""
        name = self.canonical(place)
        if name not in self.optimizers:
            self.optimizers[name] = self.known(name)
        return name

    def register_itself(self) -> str:
        """Note that an event names the optimizer that the function is a method of.

        Who makes it and clears it is out of sight.
        """
        self.optimizers["self"] = Optimizer("self", Basis.NAMED, UNKNOWN_OWNERS, escaped=True)
        return "self"

    def note_update(self, name: str, basis: Basis, owners: Owners) -> None:
        """Note that code updates some leaves by hand, under the name that stands for them."""
        if name not in self.optimizers:
            self.optimizers[name] = Optimizer(name, min(basis, self._strength), owners)

    @property
    def may_be_scaled_elsewhere(self) -> bool:
        """Whether the file multiplies losses by a scaler other than right at the backward."""
        return self._usage.keeps_scaled

    def is_made_here(self, name: str) -> bool:
        """Whether the function itself makes what a canonical place holds."""
        found = self.found(name)
        if found is not None:
            return found.build is not None and found.scope is self._scope
        bound = self._scope.bindings.get(name, [])
        return len(bound) == 1 and isinstance(bound[0].value, Call)

    def known(self, name: str) -> Optimizer:
        """The optimizer at a canonical place, as far as it is known."""
        if name not in self.optimizers:
            found = self.found(name)
            basis = found.basis if found is not None else self._used(name)
            owners, escaped = self.owners(found), self._usage.is_handed_out(name)
            return Optimizer(name, min(basis, self._strength), owners, escaped)
        return self.optimizers[name]

    def _used(self, place: str) -> Basis:
        """The basis of what only its use speaks for: clearing it, or its name, has to confirm."""
        methods = self._usage.methods(place) - {"step"}
        confirmed = bool(methods) or guesses.named_like_optimizer(place)
        return Basis.USED if confirmed else Basis.NAMED

    def owners(self, found: Found | None) -> Owners:
        """The owners of an optimizer's parameters, as this function names them."""
        if found is None or found.build is None or found.scope is None:
            return UNKNOWN_OWNERS
        argument = found.build.argument(0, "params") or found.build.argument(-1, "optimizer")
        if argument is None:
            return UNKNOWN_OWNERS
        inner = self._roles.of_expr(found.scope, argument)
        if inner is not None and inner.role is Role.OPTIMIZER and inner.build is not found.build:
            return self.owners(inner)  # a wrapper around an optimizer
        return self._brought(found.scope, owners_of(found.scope, argument))

    def owned(self, expr: Expr) -> Owners:
        """The owners of the parameters that an expression holds, as this function names them."""
        scope, held = from_caller(self._scope, expr)
        return self._brought(scope, owners_of(scope, held))

    def _brought(self, origin: Scope, owners: Owners) -> Owners:
        """Owners of another scope, as this function names them."""
        if origin is self._scope:
            return Owners(
                frozenset(map(self.canonical, owners.places)), owners.complete, owners.related
            )
        seen_here = {self._seen(origin, place) for place in owners.places}
        places = frozenset(self.canonical(place) for place in seen_here if place is not None)
        related = {self._crossing.seen(self._scope, origin, place) for place in owners.related}
        related |= {p for p in owners.places if is_in_sight(self._scope, origin, p)} - places
        return Owners(
            places,
            owners.complete and None not in seen_here,
            frozenset(place for place in related if place is not None),
        )

    def named_here(self, origin: Scope, place: str) -> str | None:
        """The canonical name here of a place of another scope, or of this one."""
        seen = place if origin is self._scope else self._seen(origin, place)
        return None if seen is None else self.canonical(seen)

    def _seen(self, origin: Scope, place: str) -> str | None:
        """The name here of a place that another scope's optimizer holds the parameters of."""
        seen = self._crossing.seen(self._scope, origin, place)
        if seen is not None or local_root(origin, place):
            return seen
        if root_of(place) == "self":
            same = origin.owner is not None and origin.owner is self._scope.owner
            return place if same else None
        return place if origin.root is self._scope.root else None
