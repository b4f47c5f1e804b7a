"""Graphs joined with the graphs they call: places matched, optimizers and counters shared."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from lintgrad.flow.events import UNKNOWN_OWNERS, Owners
from lintgrad.flow.graph import Block, Call, FlowGraph, Link, reachable
from lintgrad.flow.joining.functions import Lowered, lower_frame, owners_in, places_in
from lintgrad.flow.joining.outliving import called_again, clears_between
from lintgrad.flow.joining.program import Mentioned, Program
from lintgrad.flow.joining.unfollowed import Ran, cleared_out_of_sight, is_run_in_pieces
from lintgrad.flow.joining.unstepped import never_stepped
from lintgrad.flow.loops.rounds import repeated
from lintgrad.flow.names.scopes import Scope, root_of
from lintgrad.flow.places.crossing import Crossing
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.flow.places.ownership import related_places
from lintgrad.flow.places.role import Role
from lintgrad.flow.places.usage import ANYWHERE
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Expr
from lintgrad.syntax.walk import parts_of

_MOST_REMEMBERED = 8
"""How many tests are decided once, at most: each doubles the paths that are kept apart."""

_MOST_SHARED = 500
"""A graph with more places than this takes over no more: recursion makes ever new names of them."""


class Linker:
    """Lowers the frames of a program as they are called, and joins their graphs."""

    def __init__(self, program: Program, mentioned: Mentioned | None = None) -> None:
        self._program = program
        self._mentioned = mentioned
        self._crossing = Crossing(program.roles)
        self._lowered: list[Lowered] = []
        self._graphs: list[FlowGraph] = []
        self._in_pieces: dict[Scope, bool] = {}
        self._places: list[set[str]] = []
        """The places that matter in each graph: its own, and those of what it calls."""

    def graphs(self, roots: Iterable[Scope]) -> tuple[dict[Scope, int], Sequence[FlowGraph]]:
        """The numbers of some scopes' graphs, with all graphs of the program so far."""
        numbers = {root: self._program.number(root) for root in roots}
        first = len(self._lowered)
        while len(self._lowered) < len(self._program.frames):  # lowering finds more frames
            frame = self._program.frames[len(self._lowered)]
            lowered = lower_frame(self._program, self._crossing, frame)
            self._lowered.append(lowered)
            self._graphs.append(lowered.graph)
            self._places.append(set(places_in(lowered)))
        self._link(first)
        ran = self._ran(numbers.values())
        cleared: dict[tuple[str, str], frozenset[str]] = {}
        for number in numbers.values():
            if number >= first:
                self._lose(number, ran, cleared)
                self._repeat(number)
        return numbers, self._graphs

    def _ran(self, roots: Iterable[int]) -> Ran:
        """What calls were followed into from some functions, and from those that they call."""
        reached = {n for root in roots for n in reachable(self._graphs, root)}
        frames = [self._lowered[number].scope for number in sorted(reached)]
        methods = map(self._program.roles.callees.methods_called, frames)
        return Ran(
            frozenset(
                frame.function_itself.whole or frame.function_itself
                for frame in frames
                if frame.origin and self._is_all_of_it(frame.function_itself)
            ),
            frozenset(chain.from_iterable(methods)),
        )

    def _is_all_of_it(self, function: Scope) -> bool:
        """Whether a function is whole, or a piece of one that is only ever run in pieces."""
        if function.whole is None:
            return True
        if function.whole not in self._in_pieces:
            scopes = [scope for file in self._program.files.values() for scope in file.scopes]
            generators = self._program.roles.generators
            self._in_pieces[function.whole] = is_run_in_pieces(function.whole, scopes, generators)
        return self._in_pieces[function.whole]

    def _lose(self, number: int, ran: Ran, cleared: dict[tuple[str, str], frozenset[str]]) -> None:
        """Give up the optimizers of a function that something may clear out of sight.

        What is cleared so is remembered for two files, the function's own and that it stands in.
        """
        graph = self._graphs[number]
        if not graph.optimizers:
            return
        own = graph.span.path
        paths = {self._graphs[n].span.path for n in reachable(self._graphs, number)}
        for path in paths - {known for first, known in cleared if first == own}:
            files = self._program.files[own], self._program.files[path]
            texts = {file.source.text for file in files}
            cleared[own, path] = cleared_out_of_sight(files[1].scopes, ran, texts)
        lost = frozenset[str]().union(*(cleared[own, path] for path in paths))
        if lost:
            optimizers = {
                place: replace(o, escaped=o.escaped or _is_among(place, lost))
                for place, o in graph.optimizers.items()
            }
            self._graphs[number] = replace(graph, optimizers=optimizers)

    def _repeat(self, number: int) -> None:
        """Note the optimizers that outlive a call of the function, and those it never steps."""
        reached = [self._graphs[n] for n in reachable(self._graphs, number)]
        lowered = replace(self._lowered[number], graph=self._graphs[number])
        scopes = self._program.files[lowered.scope.source.path].scopes
        again = called_again(lowered, reached, scopes, self._mentioned)
        files = {path: file.scopes for path, file in self._program.files.items()}
        graph = replace(lowered.graph, again=again, unstepped=never_stepped(lowered, files))
        if lowered.rounds is not None and not clears_between(lowered, reached):
            graph = repeated(graph, lowered.rounds)
        self._graphs[number] = graph

    def _link(self, first: int) -> None:
        """Join the graphs from a number on; those before are joined already."""
        new = range(len(self._graphs) - 1, first - 1, -1)
        changed = True
        while changed:
            changed = False
            for number in new:
                changed |= self._share(number)
        asked = self._asked(new)
        for number in new:
            graph = self._graphs[number]
            guards = replace(graph.guards, remembered=frozenset(asked[number]))
            blocks = tuple(self._linked(number, block) for block in graph.blocks)
            self._graphs[number] = replace(graph, blocks=blocks, guards=guards)

    def _calls(self, number: int) -> list[Call]:
        exits = (block.exit for block in self._graphs[number].blocks)
        return [exit_ for exit_ in exits if isinstance(exit_, Call)]

    def _share(self, number: int) -> bool:
        """Take over what the called graphs do to things the caller has names for."""
        graph = self._graphs[number]
        optimizers = dict(graph.optimizers)
        tracked = set(graph.guards.tracked)
        starts = dict(graph.guards.starts)
        places = self._places[number]
        before = len(places)
        for call in self._calls(number):
            called = self._graphs[call.callee]
            if len(places) < _MOST_SHARED:
                named = (self._name(number, call, place) for place in self._places[call.callee])
                places |= {name for name in named if name is not None}
            for place, optimizer in called.optimizers.items():
                name = self._name(number, call, place)
                if name is not None and name not in optimizers:
                    optimizers[name] = self._taken_over(number, call, name, optimizer)
            for place in called.guards.tracked if len(tracked) < _MOST_SHARED else ():
                name = self._name(number, call, place)
                if name is not None:
                    tracked.add(name)
                if name == place and place in called.guards.starts:  # of the same object
                    starts[name] = called.guards.starts[place]
                tracked |= self._counted_in(call, place)
        if len(optimizers) == len(graph.optimizers) and tracked == graph.guards.tracked:
            return len(places) > before
        guards = replace(graph.guards, tracked=frozenset(tracked), starts=starts)
        self._graphs[number] = replace(graph, optimizers=optimizers, guards=guards)
        return True

    def _counted_in(self, call: Call, place: str) -> set[str]:
        """The places that the caller computes the argument for a tracked parameter from."""
        frame = self._lowered[call.callee].scope
        passed = (frame.arguments or {}).get(place)
        parts = parts_of(passed.expr) if passed is not None else ()
        return {p for part in parts if (p := place_of(part)) is not None}

    def _name(self, number: int, call: Call, place: str) -> str | None:
        """What a caller calls a place of what it calls."""
        lowered = self._lowered[number]
        frame = self._lowered[call.callee].scope
        name = self._crossing.in_caller(frame, place, lowered.scope)
        if name is None:
            return None
        for variable, stands_for in call.renamed:
            if root_of(name) == variable:
                name = stands_for + name[len(variable) :]
        return lowered.places.canonical(name)

    def _taken_over(self, number: int, call: Call, name: str, optimizer: Optimizer) -> Optimizer:
        """An optimizer of a called graph, as the caller sees it."""
        places = self._lowered[number].places
        if places.role(name) is Role.OPTIMIZER:
            known = places.known(name)
            return (
                known if known.basis >= optimizer.basis else replace(known, basis=optimizer.basis)
            )
        return replace(optimizer, place=name, owners=self._owners(number, call, optimizer.owners))

    def _owners(self, number: int, call: Call, owners: Owners) -> Owners:
        names = {place: self._name(number, call, place) for place in owners.places | owners.related}
        places = {names[place] for place in owners.places}
        if not owners.places:
            return UNKNOWN_OWNERS
        return Owners(
            frozenset(p for p in places if p is not None),
            owners.complete and None not in places,
            frozenset(p for place in owners.related if (p := names[place]) is not None),
            owners.whole,
        )

    def _linked(self, number: int, block: Block) -> Block:
        call = block.exit
        if not isinstance(call, Call):
            return block
        called = self._lowered[call.callee]
        graph = self._graphs[call.callee]
        named = self._places[call.callee] | graph.optimizers.keys() | graph.guards.tracked
        for optimizer in graph.optimizers.values():
            named |= optimizer.owners.places | optimizer.owners.related
        outside = {}
        passed_in = called.scope.arguments or {}
        # Where a thing has several names, the called function goes by that of the parameter.
        for place in sorted(
            named | {root_of(place) for place in named},
            key=lambda place: (root_of(place) not in passed_in, place),
        ):
            name = self._name(number, call, place)
            if name is not None:
                outside[place] = name
        frame = called.scope
        passed: dict[str, Expr] = {
            place: argument.expr
            for place, argument in (frame.arguments or {}).items()
            if place in graph.guards.tracked
        }
        strangers = frozenset(
            place
            for place in graph.optimizers.keys() | owners_in(called)
            if place not in outside and not called.places.is_made_here(place)
        )
        owned = {p for o in self._graphs[number].optimizers.values() for p in o.owners.places}
        strangers |= {
            place
            for place in owners_in(called)
            if place in outside
            and owned & related_places(self._lowered[number].scope, outside[place])
        }
        flags = tuple(self._flags(number, call))
        link = Link(tuple(outside.items()), tuple(passed.items()), strangers, call.lost, flags)
        return replace(block, exit=replace(call, link=link))

    def _asked(self, new: Iterable[int]) -> dict[int, set[str]]:
        """The tests that graphs remember: those of their own, and those that callers ask again."""
        asked = {number: set(self._asked_twice(number)) for number in new}
        for number, keys in list(asked.items()):
            for other in self._connected(number) & asked.keys():
                again = keys & self._lowered[other].sites.keys()
                asked[other] |= set(sorted(again)[: _MOST_REMEMBERED - len(asked[other])])
            for call in self._calls(number) if keys else ():
                again = {flag for flag, key in self._flags(number, call) if key in keys}
                asked.setdefault(call.callee, set()).update(again)
        return asked

    def _flags(self, number: int, call: Call) -> Iterator[tuple[str, str]]:
        """The parameters that a called graph asks for their truth, with what is passed for them."""
        called, caller = self._lowered[call.callee], self._lowered[number].scope
        for name, argument in (called.scope.arguments or {}).items():
            key = place_of(argument.expr) if argument.scope is caller else None
            if key is not None and name in called.sites and not called.scope.bindings.get(name):
                yield name, key

    def _asked_twice(self, number: int) -> list[str]:
        """The tests that guard gradients more than once, in a graph and those it calls."""
        own = self._lowered[number].sites
        total = own.copy()
        for other in self._connected(number):
            for key, count in self._lowered[other].sites.items():
                if key.startswith("self.") or key in own:
                    total[key] += count
        for call in self._calls(number):
            for flag, key in self._flags(number, call):
                if flag != key and key in own:
                    total[key] += self._lowered[call.callee].sites[flag]
        return [key for key, n in total.most_common(_MOST_REMEMBERED) if n > 1]

    def _connected(self, number: int) -> set[int]:
        """The graphs that a graph calls, directly or not."""
        found: set[int] = set()
        todo = [number]
        while todo:
            for call in self._calls(todo.pop()):
                if call.callee not in found and call.callee != number:
                    found.add(call.callee)
                    todo.append(call.callee)
        return found


def _is_among(place: str, lost: frozenset[str]) -> bool:
    return ANYWHERE in lost or place.rsplit(".", 1)[-1].split("[", maxsplit=1)[0] in lost
