"""A program that is being composed, as syntax, and what can be asked of its statements."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from oracle.compose.pieces import Draft

Block = list[ast.stmt]
INNER_NAMES = frozenset("p q g group each part one".split())
"""Loop variables that mean nothing outside of their own loop."""
_GRADIENTS = ("backward", "step", "update", "unscale_", "clip_grad_norm_", "sub_")


@dataclass
class Tree:
    """A program in parts."""

    setup: Block
    body: Block
    functions: Block = field(default_factory=list)
    closures: Block = field(default_factory=list)
    methods: Block = field(default_factory=list)
    library: Block = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def blocks(self) -> list[Block]:
        """All blocks of the training, the outermost first; not those of a loop that only clears."""
        return [self.body, *blocks_in(self.body, whole=True)]

    @property
    def kept(self) -> set[str]:
        """The names that are bound once, before the training."""
        return stored(self.setup)


def planted(draft: Draft, family: str) -> Tree:
    """A draft as syntax."""
    return Tree(parsed(*draft.setup), parsed(*draft.body), tags=[family])


def parsed(*lines: str) -> Block:
    """Lines as statements."""
    return ast.parse("\n".join(lines)).body


def blocks_in(block: Block, *, whole: bool = False) -> Iterator[Block]:
    """The blocks within a block; bodies of functions too. Whole: a loop that clears stays one."""
    for statement in block:
        if whole and isinstance(statement, ast.For) and clears_only(statement):
            continue
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(statement, name, None)
            if isinstance(inner, list) and inner:
                yield inner
                yield from blocks_in(inner, whole=whole)
        for handler in getattr(statement, "handlers", []):
            yield handler.body
            yield from blocks_in(handler.body, whole=whole)


def walked(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of some statements."""
    for statement in statements:
        yield from ast.walk(statement)


def stored(statements: Iterable[ast.stmt]) -> set[str]:
    """The names that statements bind, those of comprehensions aside."""
    found = set()
    nodes = list(walked(statements))
    inner = {
        id(name)
        for node in nodes
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
    }
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found |= set() if id(node) in inner else {node.id}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


def defined(statements: Iterable[ast.stmt]) -> set[str]:
    """The names of the functions among some statements."""
    return {one.name for one in statements if isinstance(one, ast.FunctionDef)}


def loaded(statements: Iterable[ast.stmt]) -> set[str]:
    """The names that statements use."""
    found = set()
    for node in walked(statements):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def needed(statements: Block, bound: set[str]) -> set[str]:
    """The names that statements use before they bind them; what they bind is added."""
    missing: set[str] = set()
    for statement in statements:
        match statement:
            case ast.For(target, source, body):
                missing |= _names(source) - bound
                inner = bound | _names(target)
                missing |= needed(body, inner)
                bound |= _names(target)
            case ast.If(test, body, orelse):
                missing |= _names(test) - bound
                left, right = set(bound), set(bound)
                missing |= needed(body, left) | needed(orelse, right)
                bound |= left & right
            case ast.With(_, body):
                missing |= loaded([statement]) - stored(body) - bound
                missing |= needed(body, bound)
            case _:
                missing |= loaded([statement]) - bound
                bound |= set() if isinstance(statement, ast.Try) else stored([statement])
    return missing


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def mentions(statement: ast.stmt, *attributes: str) -> bool:
    """Whether a statement reads one of some attributes of anything."""
    return any(isinstance(n, ast.Attribute) and n.attr in attributes for n in ast.walk(statement))


def clears(statement: ast.stmt) -> bool:
    """Whether a statement is there to clear gradients."""
    return mentions(statement, "zero_grad", "zero_") or (
        isinstance(statement, ast.For)
        and any(isinstance(n, ast.Attribute) and n.attr == "grad" for n in ast.walk(statement))
    )


def clears_only(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a way of clearing."""
    return clears(statement) and not mentions(statement, "backward", "step")


def concerns_gradients(statement: ast.stmt) -> bool:
    """Whether a statement does anything with gradients."""
    return clears(statement) or mentions(statement, *_GRADIENTS)


def leaves(statements: Iterable[ast.stmt]) -> bool:
    """Whether control may leave the statements other than at their end."""
    return any(
        isinstance(n, (ast.Break, ast.Continue, ast.Return, ast.Yield)) for n in walked(statements)
    )
