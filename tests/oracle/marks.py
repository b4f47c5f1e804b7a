"""Counting which branches of a program run: a mark at the start of every block.

Nothing in the text changes: a mark stands on the row of the statement that it precedes. An `if`
without `else` gets one, with a mark on its own row, negated: how often it was passed over.
"""

import ast
from collections.abc import Iterator, Mapping
from types import CodeType

from oracle.outcome import Line

MARK = "__ran__"


def marked(text: str, file: str) -> CodeType:
    """A program's code, with marks."""
    tree = ast.parse(text, file)
    for node in list(ast.walk(tree)):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and not isinstance(node, ast.Module):
                block.insert(0, _mark(block[0].lineno, block[0]))
        if isinstance(node, ast.If) and not node.orelse:
            node.orelse = [_mark(-node.lineno, node)]
    return compile(tree, file, "exec")


def _mark(number: int, where: ast.stmt) -> ast.stmt:
    made = ast.parse(f"{MARK}({number})").body[0]
    for node in ast.walk(made):
        ast.copy_location(node, where)
    return made


def untaken(text: str, file: str, counts: Mapping[Line, int]) -> list[int]:
    """The rows of the branches that no run took; those of a function that never ran among them."""
    return [row for row in _branches(ast.parse(text)) if not counts.get(Line(file, row))]


def _branches(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If):
            yield node.body[0].lineno
            yield node.orelse[0].lineno if node.orelse else -node.lineno
        elif isinstance(node, ast.ExceptHandler | ast.FunctionDef | ast.For | ast.While):
            yield node.body[0].lineno
