"""Which file of a project an import names: found as Python would, without running anything."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from lintgrad.source.driving import Drivers
from lintgrad.source.load import Unreadable, decode
from lintgrad.source.repository import repository_of
from lintgrad.source.text import Source

_HIGHEST = 6
"""Folders above the importing file that are searched for a package, at most."""

_MOST_FILES = 4000
"""A project with more files than this is not searched for who calls a function."""

_SMALL = 8_000
"""Bytes of a module that is read whatever it mentions: it may hand on what others define."""

_TRAINING = re.compile(rb"\.backward\(|zero_grad|\.grad\b|optim(izer|s)?\b|\.step\(\)")
"""What a module must mention for its code to be worth following."""


_MOST_DERIVING = 8
"""Files with classes that derive from one are read, so many at most."""

_CLASS = re.compile(rb"^[ \t]*class\s+(\w+)\s*\(([^)]*)\)", re.MULTILINE)


class Derived(NamedTuple):
    """A class that a file defines, with all names that its bases are spelled with."""

    path: str
    name: str
    bases: frozenset[str]


class Modules:
    """Finds the modules of a project that take part in training; remembers what it found."""

    def __init__(self) -> None:
        self._roots: dict[str, tuple[str, ...]] = {}
        self._held: dict[tuple[str, str], bool] = {}
        self._sources: dict[str, Source | None] = {}
        self._texts: dict[str, dict[str, bytes] | None] = {}
        self._drivers = Drivers(self.path_of)
        self._classes: dict[str, tuple[Derived, ...]] = {}

    def find(self, dotted: str, importing: str) -> Source | None:
        """The source of a module as seen from the file at a path; None if there is no such file.

        Relative imports start at the folder of the importing file. Absolute ones are looked for
        next to it and in the folders above, up to the repository's root, and in `src` folders
        of these. A module without a word of training is left out, unless it is a package.
        """
        path = self.path_of(dotted, importing)
        if path is None:
            return None
        if path not in self._sources:
            self._sources[path] = _training_source(path)
        return self._sources[path]

    def mentioned(self, path: str, pattern: str) -> bool:
        """Whether another file of the project of the one at a path matches a pattern.

        The project is the repository, or else the folder; a very large one is taken to match.
        """
        texts = self._project_of(path)
        if texts is None:
            return True
        expression = re.compile(pattern.encode())
        own = os.path.abspath(path)  # noqa: PTH100
        return any(expression.search(text) for other, text in texts.items() if other != own)

    def drives(self, path: str, data: bytes) -> bool:
        """Whether a file calls or derives from something of its project that trains."""
        return self._drivers.drives(path, data)

    def deriving(self, path: str, name: str, method: str) -> tuple[Source, ...] | None:
        """Other files of a project with classes that may derive from one and define a method.

        None if there are many, or if the project of the file at the path is very large.
        """
        root = _repository(path)
        texts = self._project_of(path)
        if texts is None:
            return None
        if root not in self._classes:
            self._classes[root] = tuple(_classes(texts))
        found = files_of_descendants(self._classes[root], name)
        defines = re.compile(
            rb"^[ \t]+(async\s+)?def\s+" + re.escape(method).encode(), re.MULTILINE
        )
        own = os.path.abspath(path)  # noqa: PTH100
        paths = [other for other in found if other != own and defines.search(texts[other])]
        if len(paths) > _MOST_DERIVING:
            return None
        spelled = [_spelled_from(path, other) for other in paths]
        return tuple(
            source
            for at, other in zip(spelled, paths, strict=True)
            if (source := _decoded(at, texts[other])) is not None
        )

    def _project_of(self, path: str) -> dict[str, bytes] | None:
        """The Python files of the project of a file; None if there are very many."""
        root = _repository(path)
        if root not in self._texts:
            self._texts[root] = _texts(root)
        return self._texts[root]

    def path_of(self, dotted: str, importing: str) -> str | None:
        """The path of a module's file, spelled as the importing file's is."""
        dots = len(dotted) - len(dotted.lstrip("."))
        parts = [part for part in dotted[dots:].split(".") if part]
        folder = os.path.dirname(importing)  # noqa: PTH120  # paths stay as the user spelled them
        if dots:
            for _ in range(dots - 1):
                folder = _above(folder)
            return _module_in(folder, parts)
        for root in self._searched(folder) if parts else ():
            if self._holds(root, parts[0]):
                found = _module_in(root, parts)
                if found is not None:
                    return found
        return None

    def _searched(self, folder: str) -> tuple[str, ...]:
        """Where an absolute import from a folder is looked for, nearest first."""
        if folder not in self._roots:
            self._roots[folder] = tuple(_search_path(folder))
        return self._roots[folder]

    def _holds(self, root: str, name: str) -> bool:
        """Whether a folder holds a module or package of that name."""
        key = (root, name)
        if key not in self._held:
            base = os.path.join(root, name)  # noqa: PTH118
            self._held[key] = os.path.isfile(f"{base}.py") or os.path.isdir(base)  # noqa: PTH112, PTH113
        return self._held[key]


def _repository(path: str) -> str:
    """The repository that a file is in, or its folder if it is in none."""
    own = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120
    return str(repository_of(Path(own)) or own)


def _texts(root: str) -> dict[str, bytes] | None:
    """The Python files below a folder; None if there are very many."""
    found: dict[str, bytes] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.endswith((".py", ".ipynb")):
                path = os.path.join(folder, name)  # noqa: PTH118
                try:
                    with open(path, "rb") as file:  # noqa: PTH123
                        found[path] = file.read()
                except OSError:
                    continue
        if len(found) > _MOST_FILES:
            return None
    return found


def _classes(texts: Mapping[str, bytes]) -> Iterator[Derived]:
    for path, text in texts.items():
        for name, bases in _CLASS.findall(text):
            named = re.findall(r"\w+", bases.decode(errors="replace"))
            yield Derived(path, name.decode(errors="replace"), frozenset(named))


def files_of_descendants(classes: Iterable[Derived], name: str) -> list[str]:
    """The files of all classes that derive, by their names, from the one of a name."""
    known, found = {name}, dict[str, None]()
    every = list(classes)
    grown = True
    while grown:
        new = [one for one in every if one.name not in known and not known.isdisjoint(one.bases)]
        grown = bool(new)
        known |= {one.name for one in new}
    found |= {one.path: None for one in every if not known.isdisjoint(one.bases)}
    return list(found)


def _spelled_from(importing: str, other: str) -> str:
    """An absolute path, spelled as the path of a file is."""
    folder = os.path.dirname(importing)  # noqa: PTH120
    if os.path.isabs(importing):  # noqa: PTH117
        return other
    away = os.path.relpath(other, os.path.abspath(folder))  # noqa: PTH100
    return os.path.normpath(os.path.join(folder, away))  # noqa: PTH118


def _decoded(path: str, content: bytes) -> Source | None:
    try:
        return decode(path, content)
    except Unreadable:
        return None


def _module_in(folder: str, parts: list[str]) -> str | None:
    base = os.path.join(folder, *parts)  # noqa: PTH118
    candidates = [os.path.join(base, "__init__.py")]  # noqa: PTH118
    if parts:
        candidates.append(f"{base}.py")
    for path in candidates:
        if os.path.isfile(path):  # noqa: PTH113
            return os.path.normpath(path)
    return None


def _search_path(folder: str) -> list[str]:
    found: list[str] = []
    for _ in range(_HIGHEST):
        found += [folder, os.path.join(folder, "src")]  # noqa: PTH118
        if os.path.exists(os.path.join(folder, ".git")):  # noqa: PTH110, PTH118
            break
        above = _above(folder)
        if os.path.abspath(above) == os.path.abspath(folder):  # noqa: PTH100
            break
        folder = above
    return found


def _above(folder: str) -> str:
    return os.path.normpath(os.path.join(folder, os.pardir))  # noqa: PTH118


def _training_source(path: str) -> Source | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read()
        is_package = os.path.basename(path) == "__init__.py"  # noqa: PTH119
        if not is_package and len(content) > _SMALL and not _TRAINING.search(content):
            return None
        return decode(path, content)
    except (OSError, Unreadable):
        return None
