"""Blocks while they are being filled: the one place where lowering keeps state."""

from dataclasses import dataclass, field, replace

from lintgrad.flow.events import Event
from lintgrad.flow.graph import (
    Block,
    Branch,
    Call,
    Enter,
    Exit,
    Goto,
    Leave,
    Repeat,
    Stop,
    targets_of,
)


@dataclass(slots=True, eq=False)
class _Open:
    loops: tuple[int, ...]
    events: list[Event | Enter | Leave] = field(default_factory=list)
    exit: Exit | None = None


class Blocks:
    """A growing flow graph with a cursor: the block that the next event goes into.

    After a jump the cursor stands in a block that nothing leads to; it is dropped at the end.
    """

    def __init__(self) -> None:
        self._loops: tuple[int, ...] = ()
        self._open = [_Open(())]
        self._at = 0

    def new(self) -> int:
        """A new empty block."""
        self._open.append(_Open(self._loops))
        return len(self._open) - 1

    def enter_loop(self, loop: int) -> None:
        """Let blocks made from now on stand in a loop."""
        self._loops = (*self._loops, loop)

    def leave_loop(self) -> None:
        """Let blocks made from now on stand outside of the innermost loop."""
        self._loops = self._loops[:-1]

    @property
    def in_loop(self) -> bool:
        """Whether blocks made from now on stand in a loop."""
        return bool(self._loops)

    def add(self, *events: Event | Enter | Leave) -> None:
        """Append events to the current block."""
        self._open[self._at].events.extend(events)

    def leave(self, exit_: Exit) -> None:
        """End the current block; what follows is reached only through a later `move`."""
        if self._open[self._at].exit is None:
            self._open[self._at].exit = exit_
        self._at = self.new()

    def goto(self, target: int) -> None:
        """End the current block with a jump."""
        self.leave(Goto(target))

    def move(self, block: int) -> None:
        """Go on in a block; the current one falls through into it."""
        self.leave(Goto(block))
        self._at = block

    def jump_to(self, block: int) -> None:
        """Go on in a block that the current one does not lead to."""
        self._at = block

    def finish(self) -> tuple[Block, ...]:
        """The blocks that can be reached, renumbered, the entry first."""
        order: dict[int, int] = {}
        todo = [0]
        while todo:
            index = todo.pop()
            if index in order:
                continue
            order[index] = len(order)
            todo.extend(reversed(targets_of(self._open[index].exit or Stop())))
        return tuple(
            Block(
                tuple(self._open[i].events),
                _renumbered(self._open[i].exit or Stop(), order),
                self._open[i].loops,
            )
            for i in order
        )


def _renumbered(exit_: Exit, order: dict[int, int]) -> Exit:
    match exit_:
        case Goto():
            return Goto(order[exit_.target])
        case Branch():
            ends = exit_.loop
            return replace(
                exit_,
                if_true=order[exit_.if_true],
                if_false=order[exit_.if_false],
                loop=None if ends is None else replace(ends, done=order[ends.done]),
            )
        case Call():
            return replace(exit_, target=order[exit_.target])
        case Repeat():
            done = None if exit_.done is None else order[exit_.done]
            return Repeat(exit_.loop, order[exit_.body], done)
    return exit_
