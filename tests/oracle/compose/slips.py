"""One slip in a right program: a call forgotten, doubled or not called, a clip moved."""

import ast
import copy
from collections.abc import Callable, Iterator

from oracle.compose.dice import Dice
from oracle.compose.tree import Block, Tree, mentions, parsed, stored

_DOES = ("backward", "step", "unscale_", "update", "zero_grad")
_CLIPS = ("clip_grad_norm_", "clip_grad_value_")


def slip(dice: Dice, tree: Tree) -> None:
    """Do one thing to a program that people do by mistake."""
    name, change = dice.one_of(_SLIPS)
    if change(dice, tree):
        tree.tags.append(name)


def _calls(tree: Tree, *methods: str) -> list[tuple[Block, int]]:
    """Where a statement is nothing but a call of one of some methods."""
    return [
        (block, index)
        for block in tree.blocks()
        for index, statement in enumerate(block)
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Attribute)
        and statement.value.func.attr in methods
    ]


def _spot(dice: Dice, tree: Tree, *methods: str) -> tuple[Block, int] | None:
    found = _calls(tree, *methods)
    return dice.one_of(found) if found else None


def _twice(dice: Dice, tree: Tree) -> bool:
    spot = _spot(dice, tree, *_DOES)
    if spot is None:
        return False
    block, index = spot
    block.insert(dice.number(index + 1, len(block)), copy.deepcopy(block[index]))
    return True


def _left_out(dice: Dice, tree: Tree) -> bool:
    spot = _spot(dice, tree, "backward", "step", "unscale_", "update")
    if spot is None:
        return False
    block, index = spot
    block[index : index + 1] = [] if len(block) > 1 else parsed("pass")
    return True


def _not_called(dice: Dice, tree: Tree) -> bool:
    spot = _spot(dice, tree, "backward", "step", "zero_grad")
    if spot is None:
        return False
    block, index = spot
    statement = block[index]
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    statement.value = statement.value.func
    return True


def _losses(tree: Tree) -> Iterator[tuple[Block, int]]:
    for block in tree.blocks():
        for index, statement in enumerate(block):
            if isinstance(statement, ast.Assign) and "loss" in ast.unparse(statement.targets[0]):
                yield block, index


def _cut(dice: Dice, tree: Tree) -> bool:
    """Cut a loss off its graph."""
    found = list(_losses(tree))
    if not found:
        return False
    block, index = dice.one_of(found)
    statement = block[index]
    assert isinstance(statement, ast.Assign)
    form = dice.pick("({}).detach()", "({}).item()", "({}).data", "torch.tensor({})")
    statement.value = ast.parse(form.format(ast.unparse(statement.value)), mode="eval").body
    return True


def _without_graph(dice: Dice, tree: Tree) -> bool:
    found = list(_losses(tree))
    if not found:
        return False
    block, index = dice.one_of(found)
    mode = dice.pick("no_grad", "inference_mode", "no_grad")
    (around,) = parsed(f"with torch.{mode}():\n    pass")
    assert isinstance(around, ast.With)
    around.body = [block[index]]
    block[index] = around
    return True


def _recorded(dice: Dice, tree: Tree) -> bool:
    """Move parameters by hand where gradients are recorded."""
    found = [
        (block, index, statement)
        for block in tree.blocks()
        for index, statement in enumerate(block)
        if isinstance(statement, ast.With) and "no_grad" in ast.unparse(statement.items[0])
    ]
    if not found:
        return False
    block, index, around = dice.one_of(found)
    block[index : index + 1] = around.body
    return True


def _clip_somewhere(dice: Dice, tree: Tree) -> bool:
    """Clip where a clip may do nothing, or where there is none yet."""
    models = [name for name in ("model", "encoder", "head") if name in tree.kept]
    blocks = [block for block, _ in _calls(tree, "backward")]
    if not models or not blocks:
        return False
    for block in tree.blocks():
        block[:] = [one for one in block if not mentions(one, *_CLIPS)] or parsed("pass")
    block = dice.one_of(blocks)
    clip = f"torch.nn.utils.clip_grad_norm_({dice.one_of(models)}.parameters(), 1.0)"
    at = dice.number(0, len(block))
    block[at:at] = parsed(clip)
    return True


def _used_up(dice: Dice, tree: Tree) -> bool:
    """Keep the parameters under a name: a list, or a generator that is run through but once."""
    spots = [
        (index, call)
        for index, statement in enumerate(tree.setup)
        if ast.unparse(statement).startswith(("optimizer = ", "opt_"))
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and ast.unparse(call).endswith(".parameters()")
    ]
    if not spots or "params" in tree.kept:
        return False
    index, call = dice.one_of(spots)
    text = ast.unparse(call)
    if not any(text in ast.unparse(one) for one in tree.body):
        return False
    kept = dice.pick(f"list({text})", text)
    made = _Renamed(text)
    tree.setup[index] = made.visit(tree.setup[index])
    tree.body[:] = [made.visit(one) for one in tree.body]
    tree.setup[index:index] = parsed(f"params = {kept}")
    return True


class _Renamed(ast.NodeTransformer):
    """Puts `params` in place of an expression."""

    def __init__(self, text: str) -> None:
        self._text = text

    def visit_Call(self, node: ast.Call) -> ast.AST:  # ast's own spelling
        if ast.unparse(node) == self._text:
            return ast.Name("params", ast.Load())
        return self.generic_visit(node)


def _built_again(dice: Dice, tree: Tree) -> bool:
    """Build an optimizer, or its model, once more: in every round, or right after it was built."""
    names = ("optimizer", "opt_a", "opt_b", "model", "encoder")
    found = [
        one
        for one in tree.setup
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) in names
    ]
    loops = [block for block, _ in _calls(tree, "backward")]
    if not found or not loops:
        return False
    statement = dice.one_of(found)
    if stored([statement]) & stored(tree.body):
        return False
    again = copy.deepcopy(statement)
    if dice.chance(0.5) and "optim" in ast.unparse(statement):
        dice.one_of(loops).insert(0, again)
    else:
        tree.setup.append(again)
    return True


_SLIPS: list[tuple[str, Callable[[Dice, Tree], bool]]] = [
    ("said twice", _twice),
    ("said twice", _twice),
    ("left out", _left_out),
    ("left out", _left_out),
    ("not called", _not_called),
    ("cut off", _cut),
    ("without a graph", _without_graph),
    ("recorded", _recorded),
    ("clip moved", _clip_somewhere),
    ("clip moved", _clip_somewhere),
    ("parameters kept", _used_up),
    ("built again", _built_again),
]
