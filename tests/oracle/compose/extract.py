"""Some of the training goes into a function: a helper, a method, a closure, one of another file."""

import ast
import copy
from collections.abc import Iterable
from dataclasses import dataclass

from oracle.compose.dice import Dice
from oracle.compose.tree import (
    INNER_NAMES,
    Block,
    Tree,
    clears_only,
    concerns_gradients,
    defined,
    leaves,
    loaded,
    needed,
    parsed,
    stored,
)

NAMES = ("reset", "prepare", "run_batch", "apply", "learn", "advance", "finish")


@dataclass(frozen=True)
class Cut:
    """Statements that can be a function: what it takes, and what it returns."""

    block: Block
    start: int
    end: int
    takes: tuple[str, ...]
    returns: tuple[str, ...]

    @property
    def statements(self) -> Block:
        """What is cut out."""
        return self.block[self.start : self.end]


def extract(dice: Dice, tree: Tree, kind: str) -> bool:
    """Put some statements into a function of a kind, if any can be."""
    cut = _cut(dice, tree)
    if cut is None or loaded(cut.statements) & _out_of_reach(tree, kind):
        return False
    name = next((n for n in dice.shuffled(NAMES) if n not in _taken(tree)), None)
    if name is None:
        return False
    kept = tree.kept
    if kind in ("method", "closure", "function of globals"):
        if kept & stored(cut.statements):
            return False
        cut = Cut(cut.block, cut.start, cut.end, _without(cut.takes, kept), cut.returns)
    renamed = kind in ("function", "other file") and dice.chance(0.5)
    function = _function(name, cut, renamed=renamed)
    if kind == "method":
        function.args.args.insert(0, ast.arg("self"))
    call = f"self.{name}" if kind == "method" else name
    cut.block[cut.start : cut.end] = _call(call, cut)
    _home(tree, kind).append(function)
    tree.tags.append(f"in a {kind}" if kind != "other file" else "in another file")
    return True


def around(dice: Dice, tree: Tree) -> bool:
    """Put a clear into a context manager, around the rest of its block."""
    spots = [
        (block, index)
        for block in tree.blocks()
        for index, statement in enumerate(block)
        if clears_only(statement) and index + 1 < len(block)
    ]
    if not spots:
        return False
    block, index = dice.one_of(spots)
    takes, _ = _interface(tree, [block[index]])
    header = f"@contextlib.contextmanager\ndef fresh({', '.join(takes)}):\n    yield"
    (manager,) = parsed(header)
    (opened,) = parsed(f"with fresh({', '.join(takes)}):\n    pass")
    assert isinstance(manager, ast.FunctionDef)
    assert isinstance(opened, ast.With)
    manager.body.insert(0, block[index])
    opened.body = block[index + 1 :]
    block[index:] = [opened]
    tree.functions.append(manager)
    tree.tags.append("in a context manager")
    return True


def streamed(dice: Dice, tree: Tree) -> bool:
    """Put what a loop begins with into a generator of its batches."""
    loops = [
        loop
        for block in tree.blocks()
        for loop in block
        if isinstance(loop, ast.For)
        and ast.unparse(loop.iter) == "batches"
        and clears_only(loop.body[0])
        and len(loop.body) > 1
    ]
    if not loops:
        return False
    loop = dice.one_of(loops)
    takes, _ = _interface(tree, [loop.body[0]])
    names = ", ".join(sorted({"batches", *takes}))
    (stream,) = parsed(f"def stream({names}):\n    for one in batches:\n        yield one")
    assert isinstance(stream, ast.FunctionDef)
    inner = stream.body[0]
    assert isinstance(inner, ast.For)
    inner.body.insert(0, loop.body.pop(0))
    loop.iter = ast.parse(f"stream({names})", mode="eval").body
    tree.functions.append(stream)
    tree.tags.append("in a generator")
    return True


def _home(tree: Tree, kind: str) -> Block:
    return {
        "function": tree.functions,
        "function of globals": tree.functions,
        "closure": tree.closures,
        "method": tree.methods,
        "other file": tree.library,
    }[kind]


def _out_of_reach(tree: Tree, kind: str) -> set[str]:
    """The names that a function of a kind cannot see from where it stands."""
    if kind == "closure":
        return set()
    names = defined(tree.closures)
    if kind == "other file":
        names |= defined([*tree.functions, *tree.library])
    return names if kind == "method" else names | {"self"}


def _taken(tree: Tree) -> set[str]:
    return defined([*tree.functions, *tree.closures, *tree.methods, *tree.library])


def _without(names: Iterable[str], others: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)


def _cut(dice: Dice, tree: Tree) -> Cut | None:
    """A run of statements that concerns gradients and has one way in and one way out."""
    spots = [
        (block, index)
        for block in tree.blocks()
        for index, statement in enumerate(block)
        if concerns_gradients(statement)
    ]
    for block, index in dice.shuffled(spots)[:4]:
        start = max(0, index - dice.number(0, 2))
        end = min(len(block), index + dice.number(1, 3))
        statements = block[start:end]
        if not leaves(statements):
            takes, returns = _interface(tree, statements)
            return Cut(block, start, end, takes, returns)
    return None


def _interface(tree: Tree, statements: Block) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = tree.kept | stored(tree.body)
    missing = needed(statements, set())
    takes = (missing & known) - INNER_NAMES - _taken(tree)
    own = {id(node) for one in statements for node in ast.walk(one)}
    elsewhere = {
        node.id
        for one in tree.body
        for node in ast.walk(one)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in own
    }
    repeated = stored(statements) & missing
    returns = (stored(statements) & (elsewhere | repeated)) - INNER_NAMES
    return tuple(sorted(takes)), tuple(sorted(returns))


def _function(name: str, cut: Cut, *, renamed: bool) -> ast.FunctionDef:
    (function,) = parsed(f"def {name}({', '.join(cut.takes)}):\n    pass")
    assert isinstance(function, ast.FunctionDef)
    function.body = copy.deepcopy(cut.statements)
    if cut.returns:
        function.body += parsed(f"return {', '.join(cut.returns)}")
    if renamed:
        _rename(function, {name: f"{name}_" for name in cut.takes if not _rebound(name, cut)})
    return function


def _rebound(name: str, cut: Cut) -> bool:
    return name in stored(cut.statements)


def _rename(function: ast.FunctionDef, names: dict[str, str]) -> None:
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = names.get(node.arg, node.arg)


def _call(function: str, cut: Cut) -> Block:
    call = f"{function}({', '.join(cut.takes)})"
    return parsed(f"{', '.join(cut.returns)} = {call}" if cut.returns else call)
