"""The books of every leaf tensor: which backward calls make up its `.grad`, and which were used.

Values are never compared between programs, only each `.grad` with itself a moment ago: whether it
is the same tensor, whether it has become zero, whether it is what it was up to a factor. All else
follows from the order of backward calls and steps.
"""

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from oracle.outcome import Line

Tensor = Any
_ALMOST_ONE = 1 - 1e-5


@dataclass(eq=False)
class Backward:
    """One backward call; by hand: gradients that were written without one."""

    order: int
    line: Line | None
    by_hand: bool = False
    scaler: Any = None
    """The scaler that has multiplied the loss."""
    used: bool = False
    """Whether any step has applied anything of it."""
    reached: list["Account"] = field(default_factory=list)


@dataclass(eq=False)
class Contribution:
    """What one backward call left in one `.grad`."""

    backward: Backward
    used_by: set[int] = field(default_factory=set)
    """The numbers of the optimizers whose steps have applied it; 0 for an update by hand."""
    scaled: bool = False
    """Whether it is still multiplied by a scaler's factor."""

    def use(self, number: int) -> None:
        """Write down that an optimizer has applied it."""
        self.used_by.add(number)
        self.backward.used = True


@dataclass(eq=False)
class Clip:
    """One call that clips, and whether a step has applied what it clipped."""

    line: Line
    applied: bool = False


@dataclass(frozen=True)
class Made:
    """One step: when, of which optimizer, and the backward calls that it applied or found wiped."""

    when: int
    whose: int
    applied: frozenset[int]
    wiped: frozenset[int]


@dataclass(eq=False)
class Account:
    """The books of one leaf."""

    tensor: Tensor
    contents: list[Contribution] = field(default_factory=list)
    wasted: list[Contribution] = field(default_factory=list)
    """What was wiped unused since the last step."""
    arriving: bool = False
    """A backward is about to add to `.grad`."""
    owned: bool = False
    """Whether some optimizer moves the leaf: what else moves it then does not apply gradients."""
    steps: int = 0
    """How often an optimizer has stepped that holds the leaf."""
    clips: list[Clip] = field(default_factory=list)
    """The clips of what is in `.grad`."""
    _grad: Tensor = None
    _value: Tensor = None
    _leaf: Tensor = None

    def __post_init__(self) -> None:
        self.observe()

    def observe(self) -> bool:
        """Bring the books up to date; says whether the leaf was changed by hand meanwhile."""
        if self.arriving:
            self.arriving = False
            self._remember()
            return False
        moved = not self.owned and self._moved()
        if moved:
            self.apply(0)
        grad = self.tensor.grad
        if grad is None or not _values(grad).any():
            self.wasted += [one for one in self.contents if not one.used_by]
            self.contents = []
            self.clips = []
        elif not self.contents or self._replaced(grad):
            self.contents = [Contribution(Backward(0, None, by_hand=True))]
        self._remember()
        return moved

    def receive(self, backward: Backward) -> None:
        """Write down that a backward adds to this leaf's `.grad` now."""
        scaled = backward.scaler is not None and backward.scaler.is_enabled()
        self.contents.append(Contribution(backward, scaled=scaled))
        self.arriving = True

    def apply(self, number: int) -> None:
        """Write down that a step applies what is there; 0 for an update by hand."""
        for one in self.contents:
            one.use(number)
        for clip in self.clips:
            clip.applied = True

    def settle(self) -> None:
        """Take the leaf's value as it is: an optimizer has just stepped."""
        self._remember()

    def _remember(self) -> None:
        grad = self.tensor.grad
        self._grad = grad
        self._value = None if grad is None else _values(grad).detach().clone()
        self._leaf = self.tensor.detach().clone()

    def _replaced(self, grad: Tensor) -> bool:
        return grad is not self._grad and not _proportional(_values(grad), self._value)

    def _moved(self) -> bool:
        if self._leaf is None or self._leaf.shape != self.tensor.shape:
            return False
        same = (self._leaf == self.tensor.detach()) | self._leaf.isnan()
        return not bool(same.all())

    @property
    def stale(self) -> list[Contribution]:
        """What an earlier step has applied."""
        return [one for one in self.contents if one.used_by]

    @property
    def fresh(self) -> list[Contribution]:
        """What no step has applied yet."""
        return [one for one in self.contents if not one.used_by]

    @property
    def mixed(self) -> bool:
        """Whether both kinds are there, each made by a backward."""
        kinds = [[c for c in own if not c.backward.by_hand] for own in (self.stale, self.fresh)]
        return all(kinds)


@dataclass
class Ledger:
    """All accounts. They keep their tensors alive, so that no identity is ever used again."""

    _accounts: dict[int, Account] = field(default_factory=dict)

    def account(self, tensor: Tensor) -> Account:
        """The account of a leaf, opened now if it is new."""
        key = id(tensor)
        if key not in self._accounts:
            self._accounts[key] = Account(tensor)
        return self._accounts[key]

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._accounts.values()))


def causes_of(accounts: Iterable[Account]) -> set[Line]:
    """The lines of the backward calls whose contributions are there, or were wiped unused."""
    return {
        one.backward.line
        for account in accounts
        for one in (*account.contents, *account.wasted)
        if one.backward.line is not None
    }


def leaves_of(roots: Iterable[Tensor]) -> list[Tensor]:
    """The leaves that a backward from these tensors can reach."""
    roots = list(roots)
    own = [root for root in roots if root.grad_fn is None and root.requires_grad]
    reached = [node.variable for node in nodes_of(roots) if hasattr(node, "variable")]
    return list({id(leaf): leaf for leaf in (*own, *reached)}.values())


def nodes_of(roots: Iterable[Tensor]) -> set[Any]:
    """The nodes of the graph behind some tensors."""
    seen: set[Any] = set()
    waiting = [root.grad_fn for root in roots if root.grad_fn is not None]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += [following for following, _ in node.next_functions if following is not None]
    return seen


def _values(grad: Tensor) -> Tensor:
    return grad.coalesce().values() if grad.is_sparse else grad


def _proportional(now: Tensor, before: Tensor) -> bool:
    """Whether a gradient is another one times a number."""
    if before is None or now.shape != before.shape:
        return False
    torch = importlib.import_module("torch")
    left, right = now.detach().reshape(-1).double(), before.reshape(-1).double()
    if left.numel() == 1:
        return bool(torch.equal(left, right))
    sizes = left.norm() * right.norm()
    return bool(sizes > 0 and abs(left @ right) / sizes > _ALMOST_ONE)
