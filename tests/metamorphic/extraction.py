"""Statements taken out of where they stand, and a call put in their place."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from metamorphic.names import defined, loads, names_of
from metamorphic.program import (
    Block,
    Inapplicable,
    Kind,
    Line,
    Node,
    Part,
    Program,
    Suite,
    blocks,
    leaves,
)


@dataclass(frozen=True)
class Choice:
    """Which statements are taken out, and what they are called then."""

    name: str
    verb: Callable[[Block | None, Node], str | None]
    """For a statement in the body of a block (None: of the module); None if it stays."""


_VERBS = {Part.CLEAR: "reset", Part.BACKWARD: "propagate", Part.STEP: "apply"}


def _of(*parts: Part) -> Callable[[Block | None, Node], str | None]:
    return lambda _, node: (
        _VERBS[node.part] if isinstance(node, Line) and node.part in parts else None
    )


def _guarded_step(_: Block | None, node: Node) -> str | None:
    guarded = isinstance(node, Block) and node.kind is Kind.GUARD
    return "apply_in_time" if guarded and Part.STEP in _parts(node) else None


def _parts(node: Node) -> set[Part]:
    return {line.part for line in leaves((node,))}


def _is_loop(node: Node | None) -> bool:
    return isinstance(node, Block) and node.kind is Kind.LOOP


def is_innermost(loop: Block | None) -> bool:
    """Whether a block is a loop with no other loop in it."""
    return loop is not None and _is_loop(loop) and not any(map(_is_loop, blocks(loop.body)))


def _round(parent: Block | None, _: Node) -> str | None:
    return "train_batch" if is_innermost(parent) else None


def _inner_loop(parent: Block | None, node: Node) -> str | None:
    return "train_epoch" if _is_loop(parent) and _is_loop(node) else None


def _outer_loop(parent: Block | None, node: Node) -> str | None:
    return "train" if _is_loop(node) and not _is_loop(parent) else None


STEP = Choice("step", _of(Part.STEP))
CLEAR = Choice("clear", _of(Part.CLEAR))
BACKWARD = Choice("backward", _of(Part.BACKWARD))
EACH = Choice("each of the three", _of(Part.CLEAR, Part.BACKWARD, Part.STEP))
GUARDED_STEP = Choice("guarded step", _guarded_step)
ROUND = Choice("whole round", _round)
EPOCH = Choice("inner loop", _inner_loop)
LOOP = Choice("whole loop", _outer_loop)


@dataclass(frozen=True)
class Piece:
    """Statements taken out.

    Early names have their value before the loop starts and keep it; late ones get it in the loop.
    """

    name: str
    body: Suite
    early: tuple[str, ...]
    late: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        return (*self.early, *self.late)

    @property
    def returning(self) -> Suite:
        """The statements, and what comes of them handed back."""
        if not self.results:
            return self.body
        return (*self.body, Line(f"return {', '.join(self.results)}"))

    def call(self, text: str, mark: str = "") -> Line:
        """A call that gives the results back their names."""
        return Line(f"{', '.join(self.results)} = {text}" if self.results else text, mark=mark)


@dataclass(frozen=True)
class Moved:
    """What a form makes of pieces: one call for each of them and what the calls rely on."""

    calls: tuple[Line, ...]
    definitions: Suite = ()
    """Functions and classes of the module that need nothing but their arguments."""
    bindings: Suite = ()
    """What is to be done once, right before the loop."""


Form = Callable[[Sequence[Piece]], Moved]
Path = tuple[int, ...]


@dataclass(frozen=True)
class _Region:
    path: Path
    """The way to the block that holds it, by the index in each body."""
    start: int
    stop: int
    verb: str
    landing: Path
    """The way to the statement before which bindings go."""


def extracted(program: Program, choice: Choice, form: Form) -> Program:
    """The program with what is chosen moved into a form. Raises Inapplicable."""
    body = program.script.body
    regions = list(_regions(body, body, choice))
    if not regions:
        raise Inapplicable
    names = _fresh_names(body, [region.verb for region in regions])
    pieces = {
        region: _piece(body, region, name) for region, name in zip(regions, names, strict=True)
    }
    definitions: Suite = ()
    by_landing = groupby(sorted(regions, key=_order, reverse=True), lambda one: one.landing)
    for landing, group in by_landing:
        together = sorted(group, key=_order)
        moved = form([pieces[region] for region in together])
        for region, call in zip(reversed(together), reversed(moved.calls), strict=True):
            body = _replaced(body, region.path, region.start, region.stop, (call,))
        body = _replaced(body, landing[:-1], landing[-1], landing[-1], moved.bindings)
        if set(defined(moved.definitions)) & {*defined(program.script.body), *defined(definitions)}:
            raise Inapplicable
        definitions = (*moved.definitions, *definitions)
    return program.with_body(_below_definitions(body, definitions))


def _order(region: _Region) -> Path:
    return (*region.path, region.start)


def _regions(whole: Suite, suite: Suite, choice: Choice, path: Path = ()) -> Iterator[_Region]:
    around = _block_at(whole, path)
    verbs = [choice.verb(around, node) for node in suite]
    for verb, run in groupby(range(len(suite)), lambda at: verbs[at]):
        found = list(run)
        if verb is not None:
            landing = _landing(whole, (*path, found[0]))
            yield _Region(path, found[0], found[-1] + 1, verb, landing)
            continue
        for at in found:
            node = suite[at]
            if isinstance(node, Block):
                yield from _regions(whole, node.body, choice, (*path, at))


def _block_at(nodes: Suite, path: Path) -> Block | None:
    found: Block | None = None
    for at in path:
        node = nodes[at]
        assert isinstance(node, Block)
        found, nodes = node, node.body
    return found


def _landing(whole: Suite, path: Path) -> Path:
    """The outermost loop or guard around a statement, within its function."""
    start = 0
    around = [_block_at(whole, path[: n + 1]) for n in range(len(path) - 1)]
    for n, block in enumerate(around):
        if block is not None and block.kind in (Kind.FUNCTION, Kind.CLASS):
            start = n + 1
    for n, block in enumerate(around[start:], start):
        if block is not None and block.kind in (Kind.LOOP, Kind.GUARD):
            return path[: n + 1]
    return path


def _piece(whole: Suite, region: _Region, name: str) -> Piece:
    suite = _suite_at(whole, region.path)
    body = suite[region.start : region.stop]
    own = names_of(body)
    landing = _suite_at(whole, region.landing[:-1])[region.landing[-1]]
    needed = [one for one in own.needed if one not in defined(whole)]
    late = own.assigned if region.landing == _order(region) else names_of((landing,)).assigned
    return Piece(
        name,
        body,
        tuple(one for one in needed if one not in late),
        tuple(one for one in needed if one in late),
        tuple(one for one in own.assigned if one in _read_later(whole, region)),
    )


def _read_later(whole: Suite, region: _Region) -> set[str]:
    """What is read after a region, in its function, without being assigned in between."""
    found: set[str] = set()
    for depth in range(len(region.path), -1, -1):
        around, suite = _block_at(whole, region.path[:depth]), _suite_at(whole, region.path[:depth])
        after = region.stop if depth == len(region.path) else region.path[depth] + 1
        found |= set(names_of(suite[after:]).needed)
        if _is_loop(around):
            found |= set(names_of(suite).needed)
        if around is not None and around.kind is Kind.FUNCTION:
            break
    return found


def _suite_at(whole: Suite, path: Path) -> Suite:
    block = _block_at(whole, path)
    return whole if block is None else block.body


def _replaced(nodes: Suite, path: Path, start: int, stop: int, new: Suite) -> Suite:
    if not path:
        return (*nodes[:start], *new, *nodes[stop:])
    block = nodes[path[0]]
    assert isinstance(block, Block)
    inner = replace(block, body=_replaced(block.body, path[1:], start, stop, new))
    return (*nodes[: path[0]], inner, *nodes[path[0] + 1 :])


def _fresh_names(body: Suite, verbs: Sequence[str]) -> list[str]:
    taken = {*loads(body), *defined(body)}
    names: list[str] = []
    for verb in verbs:
        candidates = [verb, *(f"{verb}_{n}" for n in range(2, 20))]
        names.append(next(name for name in candidates if name not in taken))
        taken.add(names[-1])
    return names


def _below_definitions(body: Suite, definitions: Suite) -> Suite:
    """The module with more definitions, below those with which it starts."""
    first = next(
        (
            n
            for n, node in enumerate(body)
            if isinstance(node, Line) or node.kind not in (Kind.FUNCTION, Kind.CLASS)
        ),
        len(body),
    )
    return (*body[:first], *definitions, *body[first:])
