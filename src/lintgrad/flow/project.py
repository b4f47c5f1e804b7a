"""Files to the flow graphs of their functions, joined with those of all that they call."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lintgrad.flow.calls.differentiating import differentiates
from lintgrad.flow.calls.replacing import may_leave_behind
from lintgrad.flow.events import Backward
from lintgrad.flow.graph import FlowGraph, reachable
from lintgrad.flow.joining.linking import Linker
from lintgrad.flow.joining.program import Deriving, Finder, Mentioned, Program
from lintgrad.flow.slips.of_function import may_slip
from lintgrad.flow.slips.running import evaluates
from lintgrad.source.text import Source

_MOST_FILES = 300
_MOST_FRAMES = 4000
"""Files and frames that are kept in memory; with more, what was learned of them is forgotten."""
_SEVERAL = 2
"""Optimizers from which on it matters whose parameters a loss reaches."""


Drives = Callable[[str, bytes], bool]
"""Whether a file, given by its path and bytes, calls what trains in another one."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The graphs of a program, the numbers of one file's functions, and the sources by path."""

    graphs: Sequence[FlowGraph]
    roots: tuple[int, ...]
    sources: Mapping[str, Source]


class Project:
    """Analyses the files of a project one after another; remembers what they have in common."""

    def __init__(
        self,
        find: Finder | None = None,
        mentioned: Mentioned | None = None,
        drives: Drives | None = None,
        deriving: Deriving | None = None,
    ) -> None:
        """Modules that files import are found with `find`; without one, none are.

        `mentioned` says whether another file matches a pattern; without it, none does. `drives`
        says whether the file of a path and a text calls what trains in another one. `deriving`
        finds the files with classes that derive from one; without it, none do.
        """
        self._drives = drives
        self._find = find
        self._mentioned = mentioned
        self._deriving = deriving
        self._program = Program(find, mentioned, deriving)
        self._linker = Linker(self._program, mentioned)

    def drives(self, path: str, data: bytes) -> bool:
        """Whether a file, given by its path and bytes, calls what trains in another one."""
        return self._drives is not None and self._drives(path, data)

    def analysed(self, source: Source) -> Analysis:
        """The graphs of a file's functions and of its module body, where gradients are used.

        Raises Unreadable if the file is not Python.
        """
        program = self._program
        if len(program.files) > _MOST_FILES or len(program.frames) > _MOST_FRAMES:
            self._program = Program(self._find, self._mentioned, self._deriving)
            self._linker = Linker(self._program, self._mentioned)
        program = self._program
        file = program.load(source)
        roots = [
            scope
            for scope in file.scopes
            if program.strength(scope) is not None
            and (
                program.touching.may_touch(scope)
                or may_slip(scope)
                or differentiates(scope)
                or evaluates(scope)
                or may_leave_behind(scope)
            )
        ]
        numbers, graphs = self._linker.graphs(roots)
        sources = {path: each.source for path, each in program.files.items()}
        asked = dict.fromkeys([*numbers.values(), *_trained_in_calls(graphs, numbers.values())])
        return Analysis(graphs, tuple(asked), sources)


def _trained_in_calls(graphs: Sequence[FlowGraph], roots: Iterable[int]) -> Iterator[int]:
    """The called graphs that know more of their losses for how they are called.

    They are worth to be looked at for themselves: whoever calls them has no name for what they
    make.
    """
    for number in sorted({n for root in roots for n in reachable(graphs, root)}):
        graph = graphs[number]
        if len(graph.optimizers) >= _SEVERAL and any(
            isinstance(event, Backward) and event.reaches is not None and event.reaches.must
            for block in graph.blocks
            for event in block.events
        ):
            yield number
