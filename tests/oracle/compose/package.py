"""How a program is laid out: at the top of a file, in functions, in a class; what holds what."""

import ast
import copy

from oracle.compose.dice import Dice
from oracle.compose.pieces import NET
from oracle.compose.tree import Block, Tree, defined, loaded, parsed, stored

LAYOUTS = ("flat", "function", "main", "class")
_IMPORTS = ("contextlib", "random", "sys")


def contain(dice: Dice, tree: Tree) -> None:
    """Put the optimizers into a container, or give one a second name."""
    names = [name for name in _optimizers(tree) if name in tree.kept]
    if not names or stored(tree.body) & set(names):
        return
    kind = dice.pick("dict", "list", "alias", "bound method")
    if kind == "bound method":
        _bind(tree, dice.one_of(names))
    elif kind == "alias":
        name = dice.one_of(names)
        tree.body[0:0] = parsed(f"other = {name}")
        loads = [
            node
            for one in tree.body[1:]
            for node in ast.walk(one)
            if isinstance(node, ast.Name) and node.id == name
        ]
        for node in loads:
            if dice.chance(0.5):
                node.id = "other"
    else:
        keys = {n: repr(n if kind == "dict" else k) for k, n in enumerate(names)}
        _hold(tree, keys, kind)
    tree.tags.append(f"{kind} of optimizers" if kind in ("dict", "list") else kind)


def _optimizers(tree: Tree) -> list[str]:
    return [
        statement.targets[0].id
        for statement in tree.setup
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and ast.unparse(statement.value).startswith("torch.optim.")
        and "lr_scheduler" not in ast.unparse(statement.value)
    ]


def _bind(tree: Tree, name: str) -> None:
    """Give one of an optimizer's methods a name of its own."""
    wanted = f"{name}.zero_grad"
    for one in tree.body:
        for node in ast.walk(one):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == wanted:
                node.func = ast.Name("wipe", ast.Load())
    tree.body[0:0] = parsed(f"wipe = {wanted}")


def _hold(tree: Tree, keys: dict[str, str], kind: str) -> None:
    """Build the container in place of the last optimizer, and look things up in it."""
    values: dict[str, str] = {}
    setup: Block = []
    for statement in tree.setup:
        name = _target(statement)
        if name in keys:
            assert isinstance(statement, ast.Assign)
            values[name] = ast.unparse(statement.value)
            if len(values) == len(keys):
                setup += parsed(f"optimizers = {_display(values, kind)}")
        else:
            setup.append(statement)
    lookup = _Lookup(keys)
    tree.setup = [lookup.visit(statement) for statement in setup]
    tree.body[:] = [lookup.visit(statement) for statement in tree.body]


def _target(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return ""


def _display(values: dict[str, str], kind: str) -> str:
    if kind == "list":
        return f"[{', '.join(values.values())}]"
    return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"


class _Lookup(ast.NodeTransformer):
    def __init__(self, keys: dict[str, str]) -> None:
        self._keys = keys

    def visit_Name(self, node: ast.Name) -> ast.expr:  # ast's own spelling
        if node.id not in self._keys:
            return node
        return ast.parse(f"optimizers[{self._keys[node.id]}]", mode="eval").body


class _Attributes(ast.NodeTransformer):
    def __init__(self, names: set[str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:  # ast's own spelling
        if node.id not in self._names:
            return node
        return ast.Attribute(ast.Name("self", ast.Load()), node.id, node.ctx)


def written(dice: Dice, tree: Tree, layout: str) -> dict[str, str]:
    """The files of a program."""
    laid_out = {"flat": _flat, "function": _function, "main": _main, "class": _class}[layout]
    top = [] if _uses(tree, "Net") == 0 else parsed(NET)
    body = [*top, *laid_out(dice, tree)]
    tree.tags.append(f"layout: {layout}")
    imports = _imports(body)
    if tree.library:
        names = ", ".join(sorted(defined(tree.library) & loaded(body)))
        imports += parsed(f"from lib import {names}")
    files = {"train.py": _text([*imports, *body])}
    if tree.library:
        files["lib.py"] = _text([*_imports(tree.library), *tree.library])
    return files


def _uses(tree: Tree, name: str) -> int:
    return name in loaded([*tree.setup, *tree.body, *tree.functions, *tree.closures, *tree.methods])


def _imports(body: Block) -> Block:
    names = loaded(body)
    found = [f"import {name}" for name in _IMPORTS if name in names]
    found.append("import torch")
    if "F" in names:
        found.append("import torch.nn.functional as F")
    if "nn" in names:
        found.append("from torch import nn")
    return parsed(*found)


def _text(body: Block) -> str:
    tree = ast.fix_missing_locations(ast.Module(body, []))
    return ast.unparse(tree) + "\n"


def _flat(_dice: Dice, tree: Tree) -> Block:
    return [*tree.functions, *tree.setup, *tree.closures, *tree.body]


def _function(dice: Dice, tree: Tree) -> Block:
    names = sorted(loaded([*tree.body, *tree.closures]) & tree.kept)
    if stored(tree.body) & tree.kept or dice.chance(0.7):
        annotated = [_annotated(name) if dice.chance(0.2) else name for name in names]
        header = f"def train({', '.join(annotated)}):\n    pass"
        call = f"train({', '.join(names)})"
    else:
        header, call = "def train():\n    pass", "train()"
    (function,) = parsed(header)
    assert isinstance(function, ast.FunctionDef)
    function.body = [*tree.closures, *tree.body]
    if dice.chance(0.5):
        return [*tree.functions, *tree.setup, function, *parsed(call)]
    return [*tree.functions, function, *tree.setup, *parsed(call)]


def _annotated(name: str) -> str:
    if name.startswith("opt") and name != "optimizers":
        return f"{name}: torch.optim.Optimizer"
    return f"{name}: nn.Module" if name in ("model", "encoder", "head", "tail") else name


def _main(_dice: Dice, tree: Tree) -> Block:
    (function,) = parsed("def main():\n    pass")
    assert isinstance(function, ast.FunctionDef)
    function.body = [*tree.setup, *tree.closures, *tree.body]
    return [*tree.functions, function, *parsed("if __name__ == '__main__':\n    main()")]


def _class(dice: Dice, tree: Tree) -> Block:
    own = _Attributes(tree.kept)
    (kind,) = parsed(
        "class Trainer:\n    def __init__(self):\n        pass\n    def fit(self):\n        pass"
    )
    assert isinstance(kind, ast.ClassDef)
    built, fit = kind.body
    assert isinstance(built, ast.FunctionDef)
    assert isinstance(fit, ast.FunctionDef)
    built.body = [own.visit(copy.deepcopy(one)) for one in tree.setup]
    if dice.chance(0.2):
        kind.bases = [ast.Attribute(ast.Name("nn", ast.Load()), "Module", ast.Load())]
        built.body[0:0] = parsed("super().__init__()")
    fit.body = [own.visit(one) for one in [*tree.closures, *tree.body]]
    methods: Block = [own.visit(one) for one in tree.methods]
    made = parsed("trainer = Trainer()", "trainer.fit()")
    if methods and dice.chance(0.3):
        (base,) = parsed("class Base:\n    pass")
        assert isinstance(base, ast.ClassDef)
        base.body = methods
        kind.bases = [ast.Name("Base", ast.Load())]
        tree.tags.append("in a base class")
        return [*tree.functions, base, kind, *made]
    kind.body += methods
    return [*tree.functions, kind, *made]
