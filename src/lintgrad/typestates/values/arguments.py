"""What a call is given: the values of its arguments, by position and by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lintgrad.typestates.values.value import Kind, Value


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of a call; of a method, the object comes first.

    Complete if there is nothing like `*args` or `**options` among them.
    """

    args: tuple[Value, ...] = ()
    named: Mapping[str, Value] = field(default_factory=dict)
    complete: bool = True

    def get(self, position: int, *names: str) -> Value | None:
        """The argument at a position or by any of the names; None if it is left out."""
        for name in names:
            if name in self.named:
                return self.named[name]
        return self.args[position] if 0 <= position < len(self.args) else None

    @property
    def first(self) -> Value | None:
        """What a function works on: its first argument."""
        return self.get(0, "input", "tensors", "self")

    @property
    def all(self) -> tuple[Value, ...]:
        """Every value that is passed."""
        return (*self.args, *self.named.values())


Operation = Callable[[Given], Value]
"""What a function makes of what it is given."""


def whole_numbers(value: Value | None) -> tuple[int, ...] | None:
    """One whole number or several, as dims are given; None if they are not known."""
    if value is None:
        return None
    if value.kind is Kind.ITEMS and not value.names:
        found = [item.whole for item in value.items]
        return tuple(n for n in found if n is not None) if found and None not in found else None
    return None if value.whole is None else (value.whole,)


def is_left_out(value: Value | None) -> bool:
    """Whether an argument is left out, or None."""
    return value is None or value.is_none


def truth(value: Value | None, *, default: bool) -> bool | None:
    """What a flag says; None if that is not known."""
    if value is None:
        return default
    return bool(value.constant) if value.kind is Kind.NUMBER and _is_known(value) else None


def _is_known(value: Value) -> bool:
    return value.constant is not None
