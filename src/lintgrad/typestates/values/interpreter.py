"""Follows values where they come from: into functions, objects and names of the whole project."""

from collections.abc import Mapping

from lintgrad.flow.lowering.slices import Slice, Sources, returned_in, sources_in
from lintgrad.flow.meaning import Meaning
from lintgrad.flow.names.recording import Recording
from lintgrad.flow.names.scopes import ClassScope, Scope
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Call, Expr, Name
from lintgrad.typestates.values import links
from lintgrad.typestates.values.bodies import Body, result_of
from lintgrad.typestates.values.calls import (
    builtin_values,
    callable_values,
    function_values,
    method_values,
)
from lintgrad.typestates.values.environment import Env
from lintgrad.typestates.values.evaluate import Surroundings, values_of
from lintgrad.typestates.values.gathering import gathered
from lintgrad.typestates.values.possible import ANYTHING, Values, lifted
from lintgrad.typestates.values.value import UNKNOWN, Kind, Value, constant, named

_MOST_CALLS = 200
"""How many calls are gone through for one function, before the rest counts as not known."""
_DEEPEST = 10

_OBJECT = "__class__"
"""The item that tells an object from a dict."""


class Interpreter:
    """Evaluates the calls of a project; remembers what each makes of the same arguments."""

    def __init__(self) -> None:
        self._known: dict[object, Values] = {}
        self._ran: dict[object, tuple[Values, Env]] = {}
        self._sources: dict[Scope, Sources] = {}
        self._slices: dict[Scope, Slice] = {}
        self._running: list[object] = []
        self._cut = 0
        """How often something was not gone through, for being gone through already."""
        self._left = _MOST_CALLS

    def called(self, call: Call, around: Surroundings) -> Values:
        """What a call makes, of whatever kind it is."""
        name = around.meaning.dotted(call.func)
        if name is not None and name.split(".")[0] == "torch":
            found = function_values(name, call, around)
            return frozenset({self._unseen(call, around)}) if found is None else found
        functions = self._function(call.func, around)
        if any(value.kind in (Kind.LOSS, Kind.LAYER) for value in functions):
            return callable_values(functions, call, around)
        built = around.meaning.built(call)
        if built is not None:
            return self._object(call, built, around)
        frame = around.meaning.called(call)
        if frame is not None:
            return self._result(frame, call, around)
        scattered = around.meaning.scattered(call)
        if scattered is not None:
            return gathered(self._result(scattered[0], call, around), scattered[1])
        return self._other(call, name, around)

    def _other(self, call: Call, name: str | None, around: Surroundings) -> Values:
        bound = place_of(call.func) in around.values
        match call.func:
            case Name(id=builtin) if name is None and not bound:
                if around.meaning.is_builtin(builtin):
                    return builtin_values(builtin, call, around)
            case Attr(value=receiver, name=method) if name is None:
                if not _is_super(receiver) and not around.meaning.is_own_method(call):
                    return method_values(method, values_of(receiver, around), call, around)
        return frozenset({self._unseen(call, around)})

    def _unseen(self, call: Call, around: Surroundings) -> Value:
        return UNKNOWN.linked(*links.unseen(around.at(call.span)))

    def _function(self, func: Expr, around: Surroundings) -> Values:
        """What is called, where it is a loss module or a layer."""
        match func:
            case Name() | Call():
                return values_of(func, around)
            case Attr():
                return values_of(func, around)
        return ANYTHING

    def bound(self, meaning: Meaning, value: Expr) -> Values:
        """What a name has that is bound to an expression once, somewhere else."""
        key = (meaning.scope, value)
        if key not in self._known:
            if key in self._running or len(self._running) > _DEEPEST:
                self._cut += 1
                return ANYTHING
            self._running.append(key)
            cut = self._cut
            around = Surroundings({}, meaning, Recording(), self, follows=False)
            found = values_of(value, around)
            self._running.pop()
            if self._cut > cut:
                return found
            self._known[key] = found
        return self._known[key]

    def sources(self, meaning: Meaning) -> Sources:
        """What the places of a function are computed from."""
        function = meaning.scope.function_itself
        if function not in self._sources:
            self._sources[function] = sources_in(function.node.body)
        return self._sources[function]

    def _slice(self, frame: Meaning) -> Slice:
        """The places that the result of a function depends on; of `__init__`, the attributes."""
        function = frame.scope.function_itself
        if function not in self._slices:
            sources = self.sources(frame)
            wanted = list(returned_in(function.node.body))
            if function.name_alone == "__init__":
                wanted += [place for place in sources if place.startswith("self.")]
            self._slices[function] = Slice(sources, wanted)
        return self._slices[function]

    def _result(self, frame: Meaning, call: Call, around: Surroundings) -> Values:
        """What a function of the project returns for the arguments of a call."""
        ran = self._run(frame, call, around)
        return ANYTHING if ran is None else ran[0]

    def _run(self, frame: Meaning, call: Call, around: Surroundings) -> tuple[Values, Env] | None:
        function = frame.scope.function_itself
        if self._left <= 0 or len(self._running) > _DEEPEST or function in self._running:
            self._cut += 1
            return None
        env = self.entry(frame, call, around)
        recording = around.at(call.span).recording
        key = (frame.scope, frozenset(env.items()), recording)
        if key not in self._ran:
            self._left -= 1
            self._running.append(function)
            cut = self._cut
            body = Body(Surroundings(env, frame, recording, self), self._slice(frame))
            end = body.run(frame.scope.node.body, env)
            self._running.pop()
            found = result_of(body, end), end if end is not None else {}
            if self._cut > cut:
                return found
            self._ran[key] = found
        return self._ran[key]

    def entry(self, frame: Meaning, call: Call | None, around: Surroundings) -> Env:
        """What the parameters of a frame hold, and the attributes of the object it works on."""
        env: Env = {}
        caller = around.meaning.scope.function_itself
        for name, (scope, expr) in (frame.scope.arguments or {}).items():
            if expr is call:
                continue  # the object that is being made
            if scope.function_itself is caller:
                env[name] = values_of(expr, around)
                receiver = place_of(expr)
                if name == "self" and receiver is not None:
                    env |= _below(around.values, receiver)
            else:
                env[name] = self.bound(frame.of(scope), expr)
        return env

    def _object(self, call: Call, built: ClassScope, around: Surroundings) -> Values:
        """An object of a class of the project, with the attributes that only `__init__` sets."""
        frame = around.meaning.called(call)
        attributes: Env = {}
        if frame is not None:
            ran = self._run(frame, call, around)
            attributes = {} if ran is None else _attributes(ran[1], built)
        names = list(attributes)
        kind = constant(built.name)
        made = lifted(
            lambda *each: named({_OBJECT: kind} | dict(zip(names, each, strict=True))),
            attributes.values(),
        )
        return made if made != ANYTHING else frozenset({named({_OBJECT: kind})})

    def ran(self, call: Call, around: Surroundings, env: Env) -> None:
        """A call as a statement: what it does to the object that the caller works on."""
        func = call.func
        if not isinstance(func, Attr):
            return
        if _is_super(func.value) and func.name == "__init__":
            frame = around.meaning.called(call)
            ran = self._run(frame, call, around) if frame is not None else None
            if ran is not None:
                env.update({p: v for p, v in ran[1].items() if p.startswith("self.")})
        elif place_of(func.value) == "self":
            for place in [p for p in env if p.startswith("self.")]:
                env[place] = ANYTHING


def _below(values: Mapping[str, Values], receiver: str) -> Env:
    """The attributes of an object that the caller knows, as its methods call them."""
    start = f"{receiver}."
    return {f"self.{p[len(start) :]}": v for p, v in values.items() if p.startswith(start)}


def _attributes(env: Env, own: ClassScope) -> Env:
    """The attributes of a new object that nothing but its `__init__` gives a value."""
    found: Env = {}
    for place, values in env.items():
        name = place.removeprefix("self.")
        if name == place or "." in name or "[" in name:
            continue
        setters = [
            method
            for one in own.lineage()
            for method in one.methods.values()
            if place in method.bindings
        ]
        if all(method.name_alone == "__init__" for method in setters):
            found[name] = values
    return found


def _is_super(expr: Expr) -> bool:
    return isinstance(expr, Call) and place_of(expr.func) == "super"
