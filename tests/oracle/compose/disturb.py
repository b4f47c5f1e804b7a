"""What happens to a right program: clears dropped and moved, statements guarded, rounds skipped."""

import ast
import copy
from collections.abc import Callable

from oracle.compose.dice import Dice
from oracle.compose.tree import (
    Block,
    Tree,
    clears_only,
    concerns_gradients,
    loaded,
    parsed,
    stored,
)


def disturb(dice: Dice, tree: Tree) -> None:
    """Do one thing to a program that may make it wrong."""
    name, change = dice.one_of(_CHANGES)
    if change(dice, tree):
        tree.tags.append(name)


def decorate(dice: Dice, tree: Tree) -> None:
    """Do one thing to a program that changes nothing of what it does."""
    block = dice.one_of(tree.blocks())
    start = dice.number(0, len(block) - 1)
    end = dice.number(start + 1, len(block))
    kind = dice.pick("with", "finally", "once", "print", "flag")
    inner = block[start:end]
    match kind:
        case "with":
            around = dice.pick(
                "torch.enable_grad()",
                "contextlib.nullcontext()",
                "torch.autocast('cpu', enabled=False)",
                "torch.profiler.record_function('round')",
            )
            _wrap(block, start, end, f"with {around}:\n    pass")
        case "finally":
            _wrap(block, start, end, "try:\n    pass\nfinally:\n    rounds = 1")
        case "once":
            if not _jumps(inner):
                _wrap(block, start, end, "for _ in range(1):\n    pass")
        case "flag":
            (branch,) = parsed("if fast:\n    pass\nelse:\n    pass")
            assert isinstance(branch, ast.If)
            branch.body, branch.orelse = inner, copy.deepcopy(inner)
            block[start:end] = [branch]
        case _:
            block[start:start] = parsed("print('round')")
    tree.tags.append(f"decorated: {kind}")


def _wrap(block: Block, start: int, end: int, text: str) -> None:
    (around,) = parsed(text)
    assert isinstance(around, (ast.With, ast.Try, ast.For, ast.If))
    around.body = block[start:end]
    block[start:end] = [around]


def _jumps(statements: Block) -> bool:
    kinds = (ast.Break, ast.Continue)
    return any(isinstance(node, kinds) for one in statements for node in ast.walk(one))


def _spots(tree: Tree, wanted: Callable[[ast.stmt], bool]) -> list[tuple[Block, int]]:
    return [
        (block, index)
        for block in tree.blocks()
        for index, statement in enumerate(block)
        if wanted(statement) and not _is_loop_over_batches(statement)
    ]


def _is_loop_over_batches(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.For, ast.While)) and not clears_only(statement)


def _is_clear(statement: ast.stmt) -> bool:
    return clears_only(statement) and not isinstance(statement, (ast.With, ast.If, ast.Try))


def _drop_clear(dice: Dice, tree: Tree) -> bool:
    spots = _spots(tree, _is_clear)
    if not spots:
        return False
    block, index = dice.one_of(spots)
    if len(block) == 1:
        block[index : index + 1] = parsed("pass")
    else:
        del block[index]
    return True


def _move(dice: Dice, tree: Tree) -> bool:
    wanted = _is_clear if dice.chance(0.6) else concerns_gradients
    spots = [(b, i) for b, i in _spots(tree, wanted) if len(b) > 1]
    if not spots:
        return False
    block, index = dice.one_of(spots)
    block.insert(dice.number(0, len(block) - 1), block.pop(index))
    return True


def _hoist(dice: Dice, tree: Tree) -> bool:
    """Take a clear (or a step) out of its loop, to before or after it."""
    found = []
    for outer in tree.blocks():
        for index, loop in enumerate(outer):
            if isinstance(loop, (ast.For, ast.While)) and len(loop.body) > 1:
                found += [
                    (outer, index, loop.body, inner)
                    for inner, statement in enumerate(loop.body)
                    if _is_clear(statement)
                ]
    if not found:
        return False
    outer, index, block, inner = dice.one_of(found)
    statement = block.pop(inner)
    outer.insert(index + dice.number(0, 1), statement)
    return True


CONDITIONS = (
    "x.mean() > 0",
    "x.sum().item() > 0",
    "i % 2 == 0",
    "(i + 1) % 3 == 0",
    "i > 0",
    "i == 0",
    "i < 5",
    "i != len(batches) - 1",
    "epoch == 0",
    "epoch % 2 == 1",
    "fast",
    "not fast",
    "random.random() < 0.5",
)


def _condition(dice: Dice, tree: Tree, block: Block) -> str:
    """A condition whose names are bound where it stands."""
    known = tree.kept | {"random"}
    if block is not tree.body:
        known |= stored(tree.body)
    return dice.one_of([c for c in CONDITIONS if loaded(parsed(c)) <= known])


def _guard(dice: Dice, tree: Tree) -> bool:
    spots = _spots(tree, _is_clear if dice.chance(0.5) else concerns_gradients)
    if not spots:
        return False
    block, index = dice.one_of(spots)
    end = min(len(block), index + dice.number(1, 2))
    _wrap(block, index, end, f"if {_condition(dice, tree, block)}:\n    pass")
    return True


def _guard_by_name(dice: Dice, tree: Tree) -> bool:
    """Guard two places by one name: both or neither, or one or the other."""
    spots = _spots(tree, concerns_gradients)
    if len(spots) < 2:
        return False
    block, index = dice.one_of(spots)
    inside = [i for b, i in spots if b is block and i > index]
    if not inside:
        return False
    other = dice.one_of(inside)
    _wrap(block, other, other + 1, f"if {dice.pick('big', 'not big')}:\n    pass")
    _wrap(block, index, index + 1, "if big:\n    pass")
    block[index:index] = parsed(f"big = {_condition(dice, tree, block)}")
    return True


def _clear_more(dice: Dice, tree: Tree) -> bool:
    spots = _spots(tree, _is_clear)
    if not spots:
        return False
    block, index = dice.one_of(spots)
    target = dice.one_of(tree.blocks())
    target.insert(dice.number(0, len(target)), copy.deepcopy(block[index]))
    return True


def _skip(dice: Dice, tree: Tree) -> bool:
    """Leave the round early, sometimes."""
    loops = [
        loop
        for block in tree.blocks()
        for loop in block
        if isinstance(loop, (ast.For, ast.While)) and not clears_only(loop)
    ]
    if not loops:
        return False
    block = dice.one_of(loops).body
    lines = ["continue"]
    conditions = ["x.mean() > 0.1", "loss.item() > 1.0"]
    if "i" in stored(tree.body):
        conditions += ["i % 4 == 3", "i > 7"]
    condition = dice.one_of(conditions)
    if dice.chance(0.4):
        clearing = [b[i] for b, i in _spots(tree, _is_clear)]
        if clearing:
            lines = [*ast.unparse(dice.one_of(clearing)).splitlines(), "continue"]
    elif condition == "i > 7":
        lines = ["break"]
    text = f"if {condition}:\n" + "\n".join(f"    {line}" for line in lines)
    at = dice.number(1, len(block))
    block[at:at] = parsed(text)
    return True


def _caught(dice: Dice, tree: Tree) -> bool:
    """Run some of a round in a `try`, whose error sometimes comes."""
    spots = [(b, i) for b, i in _spots(tree, concerns_gradients) if b is not tree.body]
    if not spots:
        return False
    block, index = dice.one_of(spots)
    end = min(len(block), index + dice.number(1, 3))
    if _jumps(block[index:end]):
        return False
    ending = dice.pick("continue", "pass", "print('skipped')")
    _wrap(block, index, end, f"try:\n    pass\nexcept ValueError:\n    {ending}")
    around = block[index]
    assert isinstance(around, ast.Try)
    failing = parsed("if x.mean() > 0.1:\n    raise ValueError('bad batch')")
    at = dice.number(0, len(around.body))
    around.body[at:at] = failing
    return True


_CHANGES: list[tuple[str, Callable[[Dice, Tree], bool]]] = [
    ("clear dropped", _drop_clear),
    ("moved", _move),
    ("moved", _move),
    ("clear out of the loop", _hoist),
    ("guarded", _guard),
    ("guarded", _guard),
    ("guarded by a name", _guard_by_name),
    ("cleared more often", _clear_more),
    ("rounds skipped", _skip),
    ("error caught", _caught),
]
