"""Functions that nobody in sight calls, and optimizers that live on when they return.

Such a function is taken to be called again and again, as long as nothing in sight clears the
optimizer: what its last call left is then what its next call finds.
"""

import re
from collections.abc import Iterable, Iterator

from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.graph import FlowGraph
from lintgrad.flow.joining.functions import Lowered
from lintgrad.flow.joining.program import Mentioned
from lintgrad.flow.loops.rounds import is_trained
from lintgrad.flow.names import guesses
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.module_classes import class_text
from lintgrad.flow.places.role import Role
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Attr, Function
from lintgrad.syntax.walk import handed_to


def called_again(
    lowered: Lowered,
    reached: list[FlowGraph],
    scopes: Iterable[Scope],
    mentioned: Mentioned | None,
) -> frozenset[str]:
    """The optimizers of a function that every call of it finds as the last one left them.

    `reached` are the graphs that are run through when the function is called, `scopes` those of
    its file.
    """
    scope, graph = lowered.scope, lowered.graph
    if not isinstance(scope.node, Function) or scope.origin is not None:
        return frozenset()
    if lowered.rounds is not None or not _is_uncalled(lowered, scopes, mentioned):
        return frozenset()
    if _clears_elsewhere(scope, reached, mentioned):
        return frozenset()
    return frozenset(
        place
        for place, optimizer in graph.optimizers.items()
        if optimizer.basis >= Basis.ANNOTATED
        and not optimizer.escaped
        and _lives_on(scope, place)
        and not _is_given_away(scope, place)
    )


def _calls_of_others(lowered: Lowered, scopes: Iterable[Scope]) -> int:
    """How many calls of that name are of an optimizer's, a scheduler's or a scaler's method."""
    meaning = lowered.graph.meaning
    if lowered.scope.owner is None or meaning is None:
        return 0
    return sum(
        isinstance(call.func, Attr)
        and call.func.name == lowered.scope.name_alone
        and (found := meaning.roles.of_expr(scope, call.func.value)) is not None
        and found.role in (Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER)
        for scope in scopes
        for call in scope.calls
    )


def clears_between(lowered: Lowered, reached: list[FlowGraph]) -> bool:
    """Whether what a framework runs besides a function may clear between its rounds.

    That of a class are its other methods, which are its hooks; otherwise all of the file. Of a base
    class that cannot be seen nothing is known.
    """
    scope, rounds = lowered.scope, lowered.rounds
    if rounds is None or rounds.around is not None or scope.owner is None:
        return _clears_in_file(scope, reached)
    if not all(_leaves_alone(base) or is_trained(base) for base in scope.owner.outside_bases()):
        return True
    texts = [
        (one.scope.source, one.node.span.start, class_text(one)) for one in scope.owner.lineage()
    ]
    inside = [graph.span for graph in reached]
    return any(
        not any(s.path == source.path and s.start <= start + at < s.end for s in inside)
        for source, start, text in texts
        for at in guesses.mentions_of_clearing(text)
    )


def _is_uncalled(lowered: Lowered, scopes: Iterable[Scope], mentioned: Mentioned | None) -> bool:
    scope = lowered.scope
    name = scope.name_alone
    if guesses.entered_by_name(name):
        return False
    pattern = rf"\b{re.escape(name)}\b"
    defined = rf"\bdef\s+{re.escape(name)}\b"
    text = scope.source.text
    known = len(re.findall(defined, text)) + _calls_of_others(lowered, scopes)
    if len(re.findall(pattern, text)) > known:
        return False
    return mentioned is None or not mentioned(scope.source.path, pattern)


def _clears_elsewhere(scope: Scope, reached: list[FlowGraph], mentioned: Mentioned | None) -> bool:
    """Whether anything outside of what the function runs through may clear."""
    if scope.owner is not None and not all(map(_leaves_alone, scope.owner.outside_bases())):
        return True
    if _clears_in_file(scope, reached):
        return True
    name = scope.owner.name if scope.owner is not None else scope.name_alone
    return mentioned is not None and mentioned(scope.source.path, rf"\b{re.escape(name)}\b")


def _clears_in_file(scope: Scope, reached: list[FlowGraph]) -> bool:
    return any(True for _ in _clears_besides(scope, reached))


def _clears_besides(scope: Scope, reached: list[FlowGraph]) -> Iterator[int]:
    """Where the file mentions a clearing, outside of what the function runs through."""
    inside = [g.span for g in reached if g.span.path == scope.source.path]
    for at in guesses.mentions_of_clearing(scope.source.text):
        if not any(span.start <= at < span.end for span in inside):
            yield at


def _leaves_alone(base: str) -> bool:
    """Whether a base class outside of the project has nothing that clears."""
    return base in ("object", "ABC", "abc.ABC", "Protocol") or base.startswith("torch.nn.")


def _is_given_away(scope: Scope, place: str) -> bool:
    """Whether a method gives the optimizer to something that is not torch's."""
    methods = scope.owner.methods.values() if scope.owner is not None else [scope.root]
    return any(
        place in {place_of(argument) for argument in handed_to(call)}
        and not (method.dotted(call.func) or "").startswith("torch.")
        for method in methods
        for call in method.calls
    )


def _lives_on(scope: Scope, place: str) -> bool:
    """Whether a place is an attribute of the object, or a global of the file."""
    root = root_of(place)
    if root == "self":
        return True
    return not scope.binds(root) and root in scope.root.bindings
