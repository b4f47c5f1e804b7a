"""A whole program for a seed."""

import re
from dataclasses import dataclass, replace

from oracle.compose.dice import Dice
from oracle.compose.disturb import decorate, disturb
from oracle.compose.extract import around, extract, streamed
from oracle.compose.families import FAMILIES
from oracle.compose.package import LAYOUTS, contain, written
from oracle.compose.pieces import Draft
from oracle.compose.shapes import expression, reduction
from oracle.compose.slips import slip
from oracle.compose.tree import Tree, planted, stored

FLAG = "--fast"
_SETTING = re.compile(r"\bfast\b(?!' in)")
"""What is called so beside the option itself: once where the setting is only read."""


@dataclass(frozen=True)
class Composed:
    """A program, and what it was made by."""

    seed: str
    files: dict[str, str]
    tags: tuple[str, ...]

    @property
    def text(self) -> str:
        """The file that is run."""
        return self.files["train.py"]

    @property
    def others(self) -> dict[str, str]:
        """The files that it imports."""
        return {name: text for name, text in self.files.items() if name != "train.py"}

    @property
    def arguments(self) -> tuple[tuple[str, ...], ...]:
        """The arguments to run it with: one run for each setting, if the setting is asked for."""
        return ((), (FLAG,)) if len(_SETTING.findall("".join(self.files.values()))) > 1 else ((),)

    def with_text(self, text: str) -> "Composed":
        """The same program with another main file."""
        return replace(self, files={**self.files, "train.py": text})


def compose(seed: str) -> Composed:
    """The program of a seed: the same one every time."""
    dice = Dice(seed)
    tree = _family(dice)
    if "shapes" not in tree.kept:
        for _ in range(dice.pick(0, 1, 1, 2)):
            (slip if dice.chance(0.35) else disturb)(dice, tree)
        for _ in range(dice.pick(0, 0, 0, 1, 2)):
            decorate(dice, tree)
        if dice.chance(0.25):
            contain(dice, tree)
    layout = dice.one_of(LAYOUTS)
    if dice.chance(0.06):
        dice.pick(around, streamed)(dice, tree)
    elif dice.chance(0.4):
        for _ in range(dice.pick(1, 1, 2)):
            extract(dice, tree, _kind(dice, layout, tree))
    return Composed(seed, written(dice, tree, layout), tuple(tree.tags))


def _family(dice: Dice) -> Tree:
    if dice.chance(0.2):
        name, make = dice.pick(("expression", expression), ("reduction", reduction))
        return planted(make(dice), name)
    names = [name for name, (weight, _) in FAMILIES.items() for _ in range(weight)]
    name = dice.one_of(names)
    draft = FAMILIES[name][1](dice)
    flag = f"fast = {FLAG!r} in sys.argv"
    return planted(Draft([flag, *draft.setup], draft.body), name)


def _kind(dice: Dice, layout: str, tree: Tree) -> str:
    kinds = ["function", "function", "other file"]
    if layout in ("flat", "function") and not stored(tree.body) & tree.kept:
        kinds.append("function of globals")
    if layout != "flat":
        kinds.append("closure")
    if layout == "class":
        kinds += ["method"] * 4
    return dice.one_of(kinds)
