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

from oracle.uses import Uses

ROWS, BATCHES = 6, 12

_MODELS = frozenset(
    "model net network student teacher left right base critic actor policy a b first_model D"
    " classifier discriminator".split()
)
_ENCODERS = frozenset("encoder body backbone trunk features G generator gen netG decoder".split())
"""Networks that give what another one takes."""
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
    classes: int = 0
    """How many classes there are to tell apart; none where numbers are predicted."""
    made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.torch: Any = importlib.import_module("torch")
        self.uses = Uses(self.function)

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
        kinds = (self._model, self._batches, self._optimizer, self._plain, self._used)
        for makes in kinds:
            made = makes(name)
            if made is not None:
                return made
        return self.flag

    def _model(self, name: str) -> Any:
        if name in _ENCODERS:
            return self._network(name, self.width)
        if name in _MODELS:
            return self._network(name, self.classes or 1)
        if name == "head":
            return self.torch.nn.Linear(self.width, self.classes or 1)
        if name in _LISTS_OF_MODELS:
            models = [self._network(name, self.classes or 1) for _ in range(3)]
            if "items" in self.uses.attributes(name):
                return {f"model{i}": model for i, model in enumerate(models)}
            return models
        if self.uses.is_module(name):
            return self._network(name, self.classes or 1)
        return None

    def _network(self, name: str, outputs: int) -> Any:
        model = network(self.width, outputs)
        for part in self.uses.parts_called(name):
            if not hasattr(model, part):
                setattr(model, part, network(self.width, self._outputs_of(part)))
        return model

    def _outputs_of(self, part: str) -> int:
        return self.width if part in _ENCODERS else self.classes or 1

    def _batches(self, name: str) -> Any:
        if name in _LOADERS or (self.uses.is_walked(name) and not name.startswith("opt")):
            return Batches(self._batch(name) for _ in range(BATCHES))
        if name == "loaders":
            return {phase: Batches(self._batch(name) for _ in range(4)) for phase in _PHASES}
        if name in ("x", "xs", "batch", "state", "inputs", "images", "sample", "following"):
            return self.torch.randn(ROWS, self.width)
        if name in ("y", "target", "goal", "labels", "reward", "weights"):
            return self._goal()
        return None

    def _goal(self) -> Any:
        if self.classes:
            return self.torch.randint(self.classes, (ROWS,))
        return self.torch.randn(ROWS, 1)

    def _batch(self, name: str) -> Any:
        x = self.torch.randn(ROWS, self.width)
        count = self.uses.elements(name)
        return (x, *(self._goal() for _ in range(count - 1))) if count > 1 else x

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
        return self._descent(nn.ModuleList(modules or [network(self.width, 1)]))

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

    def _used(self, name: str) -> Any:
        """By its uses alone, for a name that says nothing."""
        asked = self.uses.attributes(name)
        if "append" in asked:
            return []
        if self.uses.is_called(name):
            return _squared_mean
        if "backward" in asked:
            return self.torch.randn(self.width, requires_grad=True).pow(2).sum()
        if self.uses.is_count(name):
            return 3
        return None


def network(inputs: int, outputs: int) -> Any:
    """A small network, which adds up what it is called with."""
    nn = importlib.import_module("torch").nn

    class Network(nn.Sequential):  # type: ignore[misc, name-defined]
        def forward(self, *given: Any) -> Any:
            result = sum(given)
            for layer in list(self)[:3]:
                result = layer(result)
            return result

    return Network(nn.Linear(inputs, inputs), nn.ReLU(), nn.Linear(inputs, outputs))


_PHASES = ("train", "val")


def _squared_error(guess: Any, goal: Any) -> Any:
    return (guess - (goal if goal.shape == guess.shape else 0)).pow(2).mean()


def _squared_mean(*given: Any, **options: Any) -> Any:
    """Something of the tensors that are given; new data where there are none."""
    values = [one for one in (*given, *options.values()) if hasattr(one, "pow")]
    if not values:
        return importlib.import_module("torch").randn(ROWS, 8)
    return sum(one.pow(2).mean() for one in values if one.is_floating_point())


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
        return stand_ins(self.text, node, self.program, flag=self.flag, values=self.values)


def stand_ins(
    text: str, node: ast.AST, program: dict[str, Any], *, flag: bool, values: dict[str, str]
) -> StandIns:
    """Stand-ins for a part of a program; some names get the values of the expressions given."""
    known = {name: importlib.import_module(name) for name in ("torch", "types", "functools")}
    made: dict[str, Any] = {}
    for name, expression in values.items():
        made[name] = eval(expression, {**known, **made})
    return StandIns(node, program, flag, _width_in(text), _classes_in(text), made)


def _width_in(text: str) -> int:
    """The features that the first layer of a program takes."""
    found = re.search(r"\bLinear\((\d+), \d+\)", text)
    return int(found[1]) if found else 8


def _classes_in(text: str) -> int:
    """The classes that a program's losses tell apart."""
    if not re.search(r"(?<!binary_)cross_entropy|CrossEntropyLoss|nll_loss|NLLLoss", text):
        return 0
    widths = [int(width) for width in re.findall(r"\bLinear\(\d+, (\d+)\)", text)]
    return min(width for width in (*widths, 3) if width > 1)
