"""Objects that build their optimizers themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from metamorphic.classes import NAME, OBJECT, handed_in, initial, method
from metamorphic.extraction import Choice, extracted
from metamorphic.holders import built_by
from metamorphic.names import loads, names_of
from metamorphic.program import Block, Inapplicable, Line, Node, Program, Suite, lines, with_names


@dataclass(frozen=True)
class _Start:
    """How an object starts: the methods that do so, and what the script does."""

    methods: Suite
    script: Suite


def in_init(given: Sequence[str], built: Mapping[str, str]) -> _Start:
    start = initial(given)
    own = lines(*(f"self.{name} = {made}" for name, made in built.items()))
    return _Start((replace(start, body=(*start.body, *own)),), _made(given))


def by_a_method(given: Sequence[str], built: Mapping[str, str]) -> _Start:
    start = initial(given)
    own = lines(*(f"self.{name} = self.make_{name}()" for name in built))
    inner = {name: f"self.{name}" for name in given}
    makers = (
        method(f"make_{name}", (), with_names(lines(f"return {made}"), inner))
        for name, made in built.items()
    )
    return _Start((replace(start, body=(*start.body, *own)), *makers), _made(given))


def in_setup(given: Sequence[str], built: Mapping[str, str]) -> _Start:
    inner = {name: f"self.{name}" for name in given}
    own = (
        Line(f"self.{name} = {with_names(lines(made), inner)[0].text}")  # type: ignore[union-attr]
        for name, made in built.items()
    )
    setup = method("setup", (), tuple(own))
    return _Start((initial(given), setup), (*_made(given), *lines(f"{OBJECT}.setup()")))


def _made(given: Sequence[str]) -> Suite:
    return lines(f"{OBJECT} = {NAME}({', '.join(given)})")


STARTS = {
    "a method, optimizer built in __init__": in_init,
    "a method, optimizer built by a method": by_a_method,
    "a method, optimizer built in setup()": in_setup,
}


def built_inside(program: Program, choice: Choice, start: str) -> Program:
    """The program with what is chosen in methods of an object that builds its optimizers."""
    moved = extracted(program, choice, handed_in)
    body = moved.script.body
    own = next(n for n in body if isinstance(n, Block) and n.head == f"class {NAME}:")
    made = next((n for n in body if isinstance(n, Line) and n.text.startswith(f"{OBJECT} =")), None)
    init = own.body[0]
    assert isinstance(init, Block)
    held = [line.text.rpartition(" = ")[2] for line in init.body if isinstance(line, Line)]
    built = {name: value for name, value in built_by(body).items() if name in held}
    if made is None or not built:
        raise Inapplicable
    at = body.index(made)
    before = tuple(node for node in body[:at] if not _builds_one_of(node, built))
    if set(loads(tuple(node for node in before if node is not own))) & set(built):
        raise Inapplicable
    needed = names_of(lines(*built.values())).needed
    given = [*dict.fromkeys([*needed, *(name for name in held if name not in built)])]
    begun = STARTS[start](given, built)
    class_ = replace(own, body=(*begun.methods, *own.body[1:]))
    after = with_names(body[at + 1 :], {name: f"{OBJECT}.{name}" for name in built})
    whole = tuple(class_ if node is own else node for node in before)
    return moved.with_body((*whole, *begun.script, *after))


def _builds_one_of(node: Node, built: Mapping[str, str]) -> bool:
    return isinstance(node, Line) and any(node.text == f"{n} = {v}" for n, v in built.items())
