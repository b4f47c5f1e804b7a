"""Which files without a word of training call a function, or a class, that trains.

Read off the imports and the text, not off a syntax tree: a file that drives nothing costs next to
nothing.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Locate = Callable[[str, str], str | None]
"""The path of a module's file by its dotted name, as seen from the file at a path."""

_IMPORT = re.compile(
    rb"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)", re.MULTILINE
)
_NAME = re.compile(rb"(\w+)(?:[ \t]+as[ \t]+(\w+))?")
_DEFINED = re.compile(
    rb"^(?:class|(?:async[ \t]+)?def)[ \t]+(\w+)[ \t]*(?:\(([^()]*)\))?", re.MULTILINE
)
_WORD = re.compile(rb"\w+")
_TESTS = re.compile(r"(^|/)(test_\w*|\w*_test|conftest)\.py$|(^|/)tests?/[^/]*$")
_UPDATES = (b".step(", b".grad")
"""What the text of a function shows that updates parameters, by an optimizer or by hand."""
_DEEPEST = 4
"""Names are followed through so many files that hand them on, and so many base classes."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What the text of a file says: whether it trains, and what it imports and defines."""

    trains: bool
    imported: tuple[tuple[bytes, bytes, bytes], ...]
    """Modules and names, and what the file calls them."""
    defined: dict[bytes, tuple[bytes, ...]]
    """Its functions and classes, with the words of what is in their parentheses."""


class Drivers:
    """Answers whether a file calls what trains; remembers what it read."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._located: dict[tuple[bytes, str], str | None] = {}
        self._read: dict[str, _Read] = {}
        self._known: dict[tuple[str, bytes], bool] = {}

    def drives(self, path: str, data: bytes) -> bool:
        """Whether a file calls or derives from something of its project that trains.

        Tests do not count: what they try out is run once, and whatever else is in the project.
        """
        return not _TESTS.search(path.replace(os.sep, "/")) and any(
            self._trains(module, path, name, _DEEPEST) and _is_used(used, data)
            for module, name, used in _imported(data)
        )

    def _trains(self, module: bytes, importing: str, name: bytes, depth: int) -> bool:
        """Whether a function or class that a file imports by its name trains."""
        path = self._path(module, importing)
        if path is None:
            return False
        key = (path, name)
        if key not in self._known:
            self._known[key] = False  # files may import a name from each other
            self._known[key] = depth > 0 and self._makes_train(path, name, depth - 1)
        return self._known[key]

    def _makes_train(self, path: str, name: bytes, depth: int) -> bool:
        read = self._of(path)
        if name in read.defined:
            if read.trains:
                return True
            bases = read.defined[name]
            wanted = [(m, n) for m, n, used in read.imported if used in bases]
        else:
            wanted = [(m, n) for m, n, used in read.imported if used == name]
            if not wanted and path.endswith("__init__.py"):
                within = self._path(b"." + name, path)
                return within is not None and self._of(within).trains
        return any(self._trains(module, path, n, depth) for module, n in wanted)

    def _path(self, module: bytes, importing: str) -> str | None:
        key = (module, os.path.dirname(importing))  # noqa: PTH120
        if key not in self._located:
            self._located[key] = self._locate(module.decode(), importing)
        return self._located[key]

    def _of(self, path: str) -> _Read:
        if path not in self._read:
            try:
                with open(path, "rb") as file:  # noqa: PTH123
                    self._read[path] = _read(file.read())
            except OSError:
                self._read[path] = _read(b"")
        return self._read[path]


def _read(text: bytes) -> _Read:
    defined = {name: tuple(_WORD.findall(inner)) for name, inner in _DEFINED.findall(text)}
    trains = b".backward(" in text and any(update in text for update in _UPDATES)
    return _Read(trains, tuple(_imported(text)), defined)


def _is_used(name: bytes, text: bytes) -> bool:
    """Whether a text calls a name, or a method of it, or derives from it."""
    return (
        re.search(rb"\b" + name + rb"(\.\w+)?\(|\(([\w, .]+, *)?" + name + rb"\b", text) is not None
    )


def _imported(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The modules and names that a text imports, with what it calls them."""
    for module, names in _IMPORT.findall(data):
        for name, used in _NAME.findall(names.replace(b"\\", b"")):
            yield module, name, used or name
