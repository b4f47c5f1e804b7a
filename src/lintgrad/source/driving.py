"""Which files without a word of training call a function, or a class, that trains.

Read off the imports and the text, not off a syntax tree: a file that drives nothing costs next to
nothing.
"""

import re
from collections.abc import Callable, Iterator

Locate = Callable[[str, str], str | None]
"""The path of a module's file by its dotted name, as seen from the file at a path."""

_IMPORT = re.compile(
    rb"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)", re.MULTILINE
)
_NAME = re.compile(rb"(\w+)(?:[ \t]+as[ \t]+(\w+))?")
_RUNS_BACKWARD = re.compile(rb"\.backward\(")
_STEPS = re.compile(rb"\.step\(")
_DEEPEST = 4
"""Names are followed through so many files that hand them on, and so many base classes."""


class Drivers:
    """Answers whether a file calls what trains; remembers what it read."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._texts: dict[str, bytes] = {}
        self._known: dict[tuple[str, bytes], bool] = {}

    def drives(self, path: str, data: bytes) -> bool:
        """Whether a file calls or derives from something of its project that trains."""
        return any(
            re.search(rb"\b" + re.escape(used) + rb"(?:\.\w+)?[ \t]*\(|\(.*\b" + used, data)
            and self._trains(module, path, name, _DEEPEST)
            for module, name, used in _imported(data)
        )

    def _trains(self, module: bytes, importing: str, name: bytes, depth: int) -> bool:
        """Whether a function or class that a file imports by its name trains."""
        path = self._locate(module.decode(), importing)
        if path is None:
            return False
        dots = b"" if module.endswith(b".") else b"."
        within = self._locate((module + dots + name).decode(), importing)
        if within is not None:  # it is a module itself
            text = self._text(within)
            return bool(_RUNS_BACKWARD.search(text) and _STEPS.search(text))
        key = (path, name)
        if key not in self._known:
            self._known[key] = False  # files may import a name from each other
            self._known[key] = depth > 0 and self._defines_training(path, name, depth - 1)
        return self._known[key]

    def _defines_training(self, path: str, name: bytes, depth: int) -> bool:
        text = self._text(path)
        defined = re.search(
            rb"^(?:class|def|async def)[ \t]+" + re.escape(name) + rb"\b(?:\(([^)]*)\))?",
            text,
            re.MULTILINE,
        )
        if defined is None:
            wanted = [(m, n) for m, n, used in _imported(text) if used == name]
        elif _RUNS_BACKWARD.search(text) and _STEPS.search(text):
            return True
        else:
            bases = re.findall(rb"\w+", defined[1] or b"")
            wanted = [(m, n) for m, n, used in _imported(text) if used in bases]
        return any(self._trains(module, path, n, depth) for module, n in wanted)

    def _text(self, path: str) -> bytes:
        if path not in self._texts:
            try:
                with open(path, "rb") as file:  # noqa: PTH123
                    self._texts[path] = file.read()
            except OSError:
                self._texts[path] = b""
        return self._texts[path]


def _imported(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The modules and names that a text imports, with what it calls them."""
    for module, names in _IMPORT.findall(data):
        for name, used in _NAME.findall(names.replace(b"\\", b"")):
            yield module, name, used or name
