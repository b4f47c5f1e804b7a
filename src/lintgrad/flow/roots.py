"""One file to the flow graphs of its functions, joined with those of all that they call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lintgrad.flow.graph import FlowGraph
from lintgrad.flow.linking import Linker
from lintgrad.flow.program import Finder, Program
from lintgrad.source.text import Source


@dataclass(frozen=True, slots=True)
class Analysis:
    """The graphs of a program, the numbers of one file's functions, and the sources by path."""

    graphs: Sequence[FlowGraph]
    roots: tuple[int, ...]
    sources: Mapping[str, Source]


def analysed(source: Source, find: Finder | None = None) -> Analysis:
    """The graphs of a file's functions and of its module body, where gradients are used.

    Modules that it imports are found with `find`. Raises Unreadable if the file is not Python.
    """
    program = Program(find)
    file = program.load(source)
    roots = [
        scope
        for scope in file.scopes
        if program.touching.may_touch(scope) and program.strength(scope) is not None
    ]
    numbers, graphs = Linker(program).graphs(roots)
    sources = {path: each.source for path, each in program.files.items()}
    return Analysis(graphs, tuple(numbers.values()), sources)
