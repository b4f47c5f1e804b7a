"""Character spans of libcst nodes, from one pass of its code generator.

libcst keeps no positions; its own position provider costs over twice the parse. Generating the
code once while noting how many tokens stood before and after each node costs about a third.
"""

from itertools import accumulate

import libcst as cst
from libcst._nodes.internal import CodegenState

from lintgrad.source.text import Span


class _TokenCounter(CodegenState):
    """A code generator state that remembers each node's first and last token."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.first[id(node)] = len(self.tokens)

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.last[id(node)] = len(self.tokens)


class Positions:
    """The spans of all nodes of one module, valid while the module is alive."""

    def __init__(self, module: cst.Module, path: str) -> None:
        self._path = path
        state = _TokenCounter(module)
        module._codegen(state)
        self._first = state.first
        self._last = state.last
        self._offsets = list(accumulate(map(len, state.tokens), initial=0))

    def span(self, node: cst.CSTNode) -> Span:
        """The characters of a node, white space before a statement included."""
        key = id(node)
        last = min(self._last[key], len(self._offsets) - 1)
        return Span(self._offsets[self._first[key]], self._offsets[last], self._path)
