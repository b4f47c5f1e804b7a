"""Stand-ins for what a fixture's functions are handed, and calls of those that nobody calls.

A fixture is often one function: `def train(model, loader, criterion)`. What it needs is made up
from the names and from how they are used: a loader whose elements are unpacked gives pairs.
"""

import ast
import asyncio
import importlib
import inspect
import re
import unittest
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

ROWS, BATCHES = 6, 12

_MODELS = frozenset(
    "model net network student teacher left right base critic actor policy a b first_model".split()
)
_ENCODERS = frozenset("encoder body backbone".split())
_LISTS_OF_MODELS = frozenset("models generators critics nets".split())
_LOADERS = frozenset(
    "loader batches data warmup folds tasks train_loader rollouts memory xs samples dataset"
    " states micro_batches".split()
)
_NUMBERS: dict[str, float] = {
    "accum": 3,
    "accumulation": 3,
    "window": 3,
    "epochs": 2,
    "rounds": 4,
    "steps": 6,
    "n": 1,
    "frozen": 1,
    "lr": 0.05,
    "eps": 0.1,
    "epsilon": 0.1,
    "max_norm": 1.0,
    "limit": 1.0,
    "gamma": 0.9,
}


class Batches(list[Any]):
    """A loader: walked, indexed, and walked asynchronously."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        for one in list(self):
            yield one


class Settings:
    """What `args` or `config` is: every attribute is made up by its name."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        """Take what makes a value for a name."""
        self._make = make

    def __getattr__(self, name: str) -> Any:
        return self._make(name)


@dataclass
class StandIns:
    """The arguments of one call: a name stands for the same value in all of them."""

    function: ast.AST
    """Where the names are used."""
    program: dict[str, Any]
    flag: bool
    width: int = 8
    """How many features a sample has."""
    made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.torch: Any = importlib.import_module("torch")

    def arguments_of(self, called: Callable[..., Any]) -> dict[str, Any]:
        """A value for every parameter that must be given."""
        parameters = inspect.signature(called).parameters.values()
        wanted = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        late = ("optim", "opt")
        for one in sorted(wanted, key=lambda p: p.name.startswith(late)):
            kind = one.annotation
            if isinstance(kind, type) and kind.__module__ == "__main__":
                self.made[one.name] = kind(**self.arguments_of(kind))
            elif isinstance(one.default, bool) or one.default is one.empty:
                self.made[one.name] = self.value(one.name)
        return {p.name: self.made[p.name] for p in wanted if p.name in self.made}

    def value(self, name: str) -> Any:
        """A value for a name."""
        if name in self.made:
            return self.made[name]
        for makes in (self._model, self._batches, self._optimizer, self._plain):
            made = makes(name)
            if made is not None:
                return made
        return self.flag

    def _model(self, name: str) -> Any:
        if name in _MODELS or name in ("G", "D", "classifier", "generator", "discriminator"):
            return self._network(1)
        if name in _ENCODERS:
            return self._network(self.width)
        if name == "head":
            return self.torch.nn.Linear(self.width, 1)
        if name in _LISTS_OF_MODELS:
            models = [self._network(1) for _ in range(3)]
            if self._has_attribute(name, "items"):
                return {f"model{i}": model for i, model in enumerate(models)}
            return models
        return None

    def _network(self, outputs: int) -> Any:
        nn = self.torch.nn
        return nn.Sequential(
            nn.Linear(self.width, self.width), nn.ReLU(), nn.Linear(self.width, outputs)
        )

    def _batches(self, name: str) -> Any:
        if name in _LOADERS:
            return Batches(self._batch(name) for _ in range(BATCHES))
        if name == "loaders":
            return {phase: Batches(self._batch(name) for _ in range(4)) for phase in _PHASES}
        if name in ("x", "xs", "batch", "state", "inputs", "images", "sample", "following"):
            return self.torch.randn(ROWS, self.width)
        if name in ("y", "target", "goal", "labels", "reward", "weights"):
            return self.torch.randn(ROWS, 1)
        return None

    def _batch(self, name: str) -> Any:
        x, y = self.torch.randn(ROWS, self.width), self.torch.randn(ROWS, 1)
        return (x, y) if self._in_pairs(name) else x

    def _optimizer(self, name: str) -> Any:
        if not name.startswith(("optim", "opt")):
            return None
        models = self.made.get("models")
        if name.endswith("s") and models is not None:
            if isinstance(models, dict):
                return {key: self._descent(model) for key, model in models.items()}
            return [self._descent(model) for model in models]
        nn = self.torch.nn
        modules = [one for one in self.made.values() if isinstance(one, nn.Module)]
        return self._descent(nn.ModuleList(modules or [self._network(1)]))

    def _descent(self, model: Any) -> Any:
        return self.torch.optim.SGD(model.parameters(), lr=0.01)

    def _plain(self, name: str) -> Any:
        torch = self.torch
        if name in _NUMBERS:
            return _NUMBERS[name]
        if name in ("criterion", "loss_fn", "first", "second", "loss_function"):
            return _squared_error
        if name in ("args", "cfg", "config", "options", "hparams"):
            return Settings(self.value)
        if name == "scaler":
            return torch.amp.GradScaler("cpu")
        if name in ("log", "report", "callback", "print"):
            return lambda *_args, **_options: None
        if name in ("name", "kind"):
            return "SGD"
        if name == "names":
            return ["SGD", "Adam"]
        if name in ("particles", "weight"):
            return torch.randn(self.width, requires_grad=True)
        return None

    def _in_pairs(self, name: str) -> bool:
        for node in ast.walk(self.function):
            match node:
                case ast.For(target, source) | ast.AsyncFor(target, source):
                    pass
                case ast.Assign([target], source):
                    pass
                case ast.comprehension(target, source):
                    pass
                case _:
                    continue
            if _mentions(source, name) and _pair_in(target):
                return True
        return False

    def _has_attribute(self, name: str, attribute: str) -> bool:
        return any(
            isinstance(node, ast.Attribute)
            and node.attr == attribute
            and isinstance(node.value, ast.Name)
            and node.value.id == name
            for node in ast.walk(self.function)
        )


_PHASES = ("train", "val")


def _squared_error(guess: Any, goal: Any) -> Any:
    return (guess - (goal if goal.shape == guess.shape else 0)).pow(2).mean()


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))


def _pair_in(target: ast.AST) -> bool:
    """Whether a target unpacks a batch: `x, y` or `i, (x, y)`."""
    if not isinstance(target, ast.Tuple):
        return False
    names = [one.id for one in target.elts if isinstance(one, ast.Name)]
    inner = [one for one in target.elts if isinstance(one, ast.Tuple)]
    return bool(inner) or names[:1] not in (["i"], ["step"], ["j"], ["accum"])


@dataclass
class Visitors:
    """Calls of the functions and methods of a program that nothing in it calls."""

    text: str
    program: dict[str, Any]
    flag: bool
    values: dict[str, str] = field(default_factory=dict)
    """Expressions for names that no table can know."""

    def calls(self) -> Iterator[Callable[[], object]]:
        """The calls, to be made one after the other."""
        tree = ast.parse(self.text)
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        for node in tree.body:
            match node:
                case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) if name not in used:
                    yield self._call(node, self.program[name])
                case ast.ClassDef(name) if name not in used:
                    yield from self._methods(node, self.program[name], attributes)
                case _:
                    pass

    def _methods(
        self, node: ast.ClassDef, kind: type, used: set[str]
    ) -> Iterator[Callable[[], object]]:
        if issubclass(kind, unittest.TestCase):
            yield lambda: unittest.TextTestRunner().run(
                unittest.defaultTestLoader.loadTestsFromTestCase(kind)
            )
            return
        made = self._stand_ins(node)
        built = kind(**made.arguments_of(kind))
        for one in node.body:
            if isinstance(one, ast.FunctionDef) and one.name not in {"__init__", *used}:
                yield self._call(one, getattr(built, one.name))

    def _call(self, node: ast.AST, called: Callable[..., Any]) -> Callable[[], object]:
        def call() -> object:
            result = called(**self._stand_ins(node).arguments_of(called))
            if inspect.iscoroutine(result):
                return asyncio.run(result)
            return result

        return call

    def _stand_ins(self, node: ast.AST) -> StandIns:
        known = {name: importlib.import_module(name) for name in ("torch", "types", "functools")}
        made: dict[str, Any] = {}
        for name, text in self.values.items():
            made[name] = eval(text, {**known, **made})
        return StandIns(node, self.program, self.flag, _width_in(self.text), made)


def _width_in(text: str) -> int:
    """The features that the first layer of a program takes."""
    found = re.search(r"\bLinear\((\d+), \d+\)", text)
    return int(found[1]) if found else 8
