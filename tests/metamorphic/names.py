"""Which names a suite needs from outside and which it assigns."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from metamorphic.program import Block, Kind, Suite, written

IMPORTS = {
    "Any": "from typing import Any",
    "NamedTuple": "from typing import NamedTuple",
    "SimpleNamespace": "from types import SimpleNamespace",
    "contextlib": "import contextlib",
    "dataclass": "from dataclasses import dataclass",
    "functools": "import functools",
    "torch": "import torch",
}
"""Names that mean the same in every module, and the line that gives them their meaning."""

_EVERYWHERE = {*IMPORTS, *dir(builtins), "__name__"}


@dataclass
class Names(ast.NodeVisitor):
    """Names in the order in which Python evaluates them."""

    needed: dict[str, None] = field(default_factory=dict)
    assigned: dict[str, None] = field(default_factory=dict)

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:  # ast's spelling
        if not isinstance(node.ctx, ast.Load):
            self.assigned[node.id] = None
        elif node.id not in self.assigned and node.id not in _EVERYWHERE:
            self.needed[node.id] = None

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit_all([node.value, *node.targets])

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit(ast.Name(node.target.id, ast.Load()))
        self.visit_all([node.value, node.target])

    def visit_For(self, node: ast.For) -> None:
        self.visit_all([node.iter, node.target, *node.body])

    def visit_ListComp(self, node: ast.ListComp) -> None:
        own = Names(assigned=dict(self.assigned))
        own.visit_all([part for one in node.generators for part in (one.iter, one.target)])
        own.visit(node.elt)
        self.needed |= own.needed

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.visit_all([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults])
        self._inner(node.args, node.body)
        self.assigned[node.name] = None

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inner(node.args, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all([*node.decorator_list, *node.bases])
        own = Names()
        own.visit_all(node.body)
        self._add(own.needed)
        self.assigned[node.name] = None

    def _inner(self, arguments: ast.arguments, body: Iterable[ast.AST]) -> None:
        own = Names()
        for argument in ast.walk(arguments):
            if isinstance(argument, ast.arg):
                own.assigned[argument.arg] = None
        own.visit_all(body)
        self._add(own.needed)

    def _add(self, needed: Iterable[str]) -> None:
        self.needed |= {name: None for name in needed if name not in self.assigned}


@cache
def names_of(suite: Suite) -> Names:
    """What a suite needs and assigns, which is not to be changed."""
    found = Names()
    found.visit(_tree(suite))
    return found


@cache
def _tree(suite: Suite) -> ast.Module:
    return ast.parse("\n".join(written(suite)))


@cache
def loads(suite: Suite) -> Counter[str]:
    """How often each name is read anywhere in a suite."""
    return Counter(
        node.id
        for node in ast.walk(_tree(suite))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def defined(suite: Suite) -> dict[str, Block]:
    """The functions and classes of a suite's own level."""
    return {
        name: node
        for node in suite
        if isinstance(node, Block) and node.kind in (Kind.FUNCTION, Kind.CLASS)
        for name in names_of((node,)).assigned
    }
