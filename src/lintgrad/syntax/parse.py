"""Text to a module of the small tree, or one error that says what and where."""

import ast

import libcst as cst

from lintgrad.source.load import Unreadable
from lintgrad.source.text import Source, Span
from lintgrad.syntax.nodes import Import, Module, Stmt
from lintgrad.syntax.positions import Positions
from lintgrad.syntax.readable import check_syntax
from lintgrad.syntax.statements import Statements
from lintgrad.syntax.walk import statements_of

# libcst is quadratic in the length of an operator, attribute or call chain (version 1.9.0: 1,000
# nested calls take 12 s and 2 GB), and dies on some thousand nested brackets.
# A level of an operator chain costs far less than one of a call or attribute chain.
_DEEPEST_EXPRESSION = 3000
_WEIGHTS = {ast.BinOp: 2, ast.BoolOp: 2}
_WEIGHT = 10


def parse(source: Source) -> Module:
    """The small tree of a source.

    Raises Unreadable for a syntax error or an expression nested too deeply.
    """
    too_deep = _deepest_statement(check_syntax(source))
    if too_deep is not None:
        start = source.offset_of_row(too_deep)
        raise Unreadable("expression nested too deeply to be analysed", Span(start, start), source)
    try:
        module = cst.parse_module(source.text)
    except cst.ParserSyntaxError as error:
        start = source.offset_of_row(error.raw_line)
        raise Unreadable("not understood by the parser", Span(start, start), source) from None
    body = Statements(Positions(module, source.path), source.text).suite(module.body)
    return Module((*_same_names(source, body), *body))


def _same_names(source: Source, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """An import that binds the names which the project says to be known ones, if any is used."""
    imported = {
        name.split(".")[0]
        for statement in statements_of(body)
        if isinstance(statement, Import)
        for _, name in statement.names
    }
    same = tuple(pair for pair in source.same if pair[0].split(".")[0] in imported)
    return (Import(Span(0, 0, source.path), same),) if same else ()


def _deepest_statement(tree: ast.Module) -> int | None:
    """The row of an expression deeper than the limit, without recursion."""
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > _DEEPEST_EXPRESSION and isinstance(node, ast.expr):
            return node.lineno
        deeper = depth + _WEIGHTS.get(type(node), _WEIGHT) if isinstance(node, ast.expr) else 0
        stack.extend((child, deeper) for child in ast.iter_child_nodes(node))
    return None
