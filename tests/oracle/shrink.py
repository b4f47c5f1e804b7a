"""Making a counterexample small: statements go as long as the two verdicts still differ."""

import ast
from collections.abc import Callable, Iterator

from oracle.compose.tree import Block, blocks_in

MOST_TRIES = 250


def shrunk(text: str, still: Callable[[str], bool]) -> str:
    """A smaller program of which the same is true."""
    tries = 0
    smaller = True
    while smaller and tries < MOST_TRIES:
        smaller = False
        for candidate in _smaller(text):
            tries += 1
            if still(candidate):
                text, smaller = candidate, True
                break
            if tries >= MOST_TRIES:
                break
    return text


def _smaller(text: str) -> Iterator[str]:
    """Programs that have a statement less, or a compound statement's body in its place."""
    count = sum(len(block) for block in _blocks(ast.parse(text)))
    for number in range(count):
        for change in (_without, _opened, _otherwise):
            tree = ast.parse(text)
            if change(tree, number):
                made = ast.unparse(tree) + "\n"
                if made != text:
                    yield made


def _blocks(tree: ast.Module) -> list[Block]:
    return [tree.body, *blocks_in(tree.body)]


def _spot(tree: ast.Module, number: int) -> tuple[Block, int]:
    for block in _blocks(tree):
        if number < len(block):
            return block, number
        number -= len(block)
    raise IndexError(number)


def _without(tree: ast.Module, number: int) -> bool:
    block, index = _spot(tree, number)
    if isinstance(block[index], (ast.Import, ast.ImportFrom)) and "torch" in ast.unparse(
        block[index]
    ):
        return False
    if len(block) == 1:
        if isinstance(block[0], ast.Pass):
            return False
        block[0] = ast.Pass()
    else:
        del block[index]
    return True


def _opened(tree: ast.Module, number: int) -> bool:
    block, index = _spot(tree, number)
    inner = getattr(block[index], "body", None)
    if not isinstance(inner, list) or isinstance(block[index], (ast.ClassDef, ast.FunctionDef)):
        return False
    block[index : index + 1] = inner
    return True


def _otherwise(tree: ast.Module, number: int) -> bool:
    block, index = _spot(tree, number)
    inner = getattr(block[index], "orelse", None)
    if not inner:
        return False
    block[index : index + 1] = inner
    return True
