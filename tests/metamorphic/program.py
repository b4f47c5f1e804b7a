"""A training program as a tree of statements in one or more modules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Part(StrEnum):
    """What a line does in the training."""

    CLEAR = "clear"
    FORWARD = "forward"
    BACKWARD = "backward"
    STEP = "step"
    BUILD = "build"
    """The line builds an optimizer."""
    OTHER = "other"


class Kind(StrEnum):
    """What a block is."""

    LOOP = "loop"
    GUARD = "guard"
    FUNCTION = "function"
    CLASS = "class"
    PLAIN = "plain"
    """The block's body runs once where it stands: `with`, `try`, `if __name__ ...`."""


@dataclass(frozen=True)
class Line:
    """A simple statement.

    A mark names it wherever it is moved to. What it reads and writes (places that only the
    order of statements cares about) says which statements it may change places with.
    """

    text: str
    part: Part = Part.OTHER
    mark: str = ""
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Block:
    """A compound statement with one body."""

    head: str
    body: tuple[Node, ...]
    kind: Kind = Kind.PLAIN


Node = Line | Block
Suite = tuple[Node, ...]


class Layout(StrEnum):
    """Where modules stand, and how one imports from another."""

    NEIGHBOUR = "from a file next to it"
    ATTRIBUTE = "as attributes of a module"
    RENAMED = "under other names"
    STAR = "with a star"
    RELATIVE = "from a module of the same package"
    ABSOLUTE = "by the full name of the package"
    SOURCES = "from a package under src"
    REEXPORTED = "from a package that re-exports"


@dataclass(frozen=True)
class Module:
    name: str
    body: Suite


@dataclass(frozen=True)
class Program:
    """The script and the modules it imports; and what is wrong with it, by rule and mark."""

    name: str
    script: Module
    wrong: frozenset[tuple[str, str]] = frozenset()
    others: tuple[Module, ...] = ()
    layout: Layout = Layout.NEIGHBOUR
    renamed: tuple[tuple[str, str], ...] = ()
    """Identifiers and what they are called instead, everywhere."""

    def with_body(self, body: Suite) -> Program:
        """The program with another script."""
        return replace(self, script=replace(self.script, body=body))


class Inapplicable(Exception):  # the word says it
    """A rewriting does not fit a program."""


def leaves(nodes: Suite) -> Iterator[Line]:
    """All lines, in order."""
    for node in nodes:
        if isinstance(node, Line):
            yield node
        else:
            yield from leaves(node.body)


def blocks(nodes: Suite) -> Iterator[Block]:
    """All blocks, the outer ones first."""
    for node in nodes:
        if isinstance(node, Block):
            yield node
            yield from blocks(node.body)


def with_lines(nodes: Suite, change: Callable[[Line], Line]) -> Suite:
    """The same tree with every line changed."""
    return tuple(
        change(node)
        if isinstance(node, Line)
        else replace(node, body=with_lines(node.body, change))
        for node in nodes
    )


def with_names(nodes: Suite, names: dict[str, str]) -> Suite:
    """The same tree with names replaced by expressions; attributes, strings, keywords stay."""
    if not names:
        return nodes
    words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w.\"'])(?:{words})(?![\w\"']|=[^=])")

    def changed(text: str) -> str:
        return pattern.sub(lambda found: names[found[0]], text)

    return tuple(
        replace(node, text=changed(node.text))
        if isinstance(node, Line)
        else replace(node, head=changed(node.head), body=with_names(node.body, names))
        for node in nodes
    )


def written(nodes: Suite, indent: int = 0) -> list[str]:
    """The lines of a suite, with their marks in comments."""
    pad = "    " * indent
    rows: list[str] = []
    for before, node in zip((None, *nodes), nodes, strict=False):
        if not indent and before is not None and (_is_definition(before) or _is_definition(node)):
            rows += ["", ""]
        if isinstance(node, Line):
            rows.append(f"{pad}{node.text}  # mark: {node.mark}" if node.mark else pad + node.text)
        else:
            rows += [pad + line for line in node.head.splitlines()]
            rows += written(node.body, indent + 1)
    return rows


def _is_definition(node: Node) -> bool:
    return isinstance(node, Block) and node.kind in (Kind.FUNCTION, Kind.CLASS)


def lines(*texts: str) -> Suite:
    """Lines that do nothing of interest."""
    return tuple(Line(text) for text in texts)


def function(name: str, parameters: str, body: Suite) -> Block:
    return Block(f"def {name}({parameters}):", body, Kind.FUNCTION)
