"""The files of a project as far as they are looked at: modules on demand, and their frames."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lintgrad.flow.calls.touching import Touching
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.names.definitions import find
from lintgrad.flow.names.methods import only_raises, overridden_in_file
from lintgrad.flow.names.scopes import ClassScope, Global, Scope
from lintgrad.flow.names.scoping import scopes_of
from lintgrad.flow.places.roles import Roles
from lintgrad.flow.places.usage import Usage
from lintgrad.source.load import Unreadable
from lintgrad.source.text import Source

_TORCH = ("torch", "accelerate", "lightning", "pytorch_lightning", "lightning_fabric", "apex")
_OTHER_ENGINES = ("tensorflow", "keras", "mxnet", "paddle", "jax", "tinygrad", "micrograd", "numpy")

_FOR_ALL_ENGINES = ("torch.utils.tensorboard", "torch.utils.data")
"""Parts of torch that code of other engines uses as well."""

Finder = Callable[[str, str], Source | None]
"""Finds a module's source by its dotted name, as seen from the file at a path."""


Deriving = Callable[[str, str, str], tuple[Source, ...] | None]
"""The other files of the project of the one at a path in which classes that may derive from the
one of a name define a method; None if there are many."""

_MOST_OVERRIDES = 6
"""Methods that a call is taken to run one of, at most."""

Mentioned = Callable[[str, str], bool]
"""Whether another file of the project of the one at a path matches a pattern."""


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """A file that was parsed: its scopes, and what is done in it with which place."""

    source: Source
    scopes: tuple[Scope, ...]
    usage: Usage
    strength: Basis | None
    """How far its imports can be trusted to make it torch code; None if it is another engine's."""


class Program:
    """The files of a project, loaded as they are asked for; numbers its frames."""

    def __init__(
        self,
        find: Finder | None = None,
        mentioned: Mentioned | None = None,
        deriving: Deriving | None = None,
    ) -> None:
        self._mentioned = mentioned
        self._deriving = deriving
        self.roles = Roles(self.overridden, self.overriding)
        self.touching = Touching(self.roles)
        self.files: dict[str, File] = {}
        self.frames: list[Scope] = []
        self._find = find
        self._numbers: dict[Scope, int] = {}
        self._modules: dict[tuple[str, str], Scope | None] = {}
        self._definitions: dict[tuple[str, str], Scope | ClassScope | Global | None] = {}

    def load(self, source: Source) -> File:
        """The file of a source, parsed once. Raises Unreadable if it is not Python."""
        if source.path not in self.files:
            from lintgrad.syntax.parse import parse  # libcst takes its time to be imported

            scopes = scopes_of(parse(source), source, self if self._find else None)
            file = File(source, tuple(scopes), Usage(scopes), _strength(scopes))
            self.files[source.path] = file
            self.roles.callers.note(scopes)
        return self.files[source.path]

    def module(self, dotted: str, importing: str) -> Scope | None:
        """The scope of a module of the project; None if it is not one, or cannot be read."""
        key = (dotted, importing)
        if key not in self._modules:
            self._modules[key] = None  # a module that imports itself
            source = self._find(dotted, importing) if self._find is not None else None
            if source is not None:
                try:
                    same = self.files[importing].source.same if importing in self.files else ()
                    self._modules[key] = self.load(replace(source, same=same)).scopes[0]
                except Unreadable:
                    self._modules[key] = None
        return self._modules[key]

    def definition(self, dotted: str, importing: str) -> Scope | ClassScope | Global | None:
        """What a dotted name refers to in the project, as seen from the file at a path."""
        key = (dotted, importing)
        if key not in self._definitions:
            self._definitions[key] = None  # modules may import a name from each other
            self._definitions[key] = find(self, dotted, importing)
        return self._definitions[key]

    def overridden(self, method: Scope, own: ClassScope) -> bool:
        """Whether a class that derives from another has its own method in place of one."""
        if overridden_in_file(method, own, own.scope):
            return True
        if self._mentioned is None:
            return False
        derives = rf"^[ \t]*class\s+\w+\s*\([^)]*\b{re.escape(own.name)}\b[^)]*\)"
        defines = rf"^[ \t]+(async\s+)?def\s+{re.escape(method.name_alone)}\b"
        return self._mentioned(own.scope.source.path, rf"(?ms){derives}.*?{defines}")

    def overriding(self, method: Scope, own: ClassScope) -> tuple[ClassScope, ...] | None:
        """The classes that derive from another and have their own method in place of one.

        None if there are too many to look at.
        """
        name = method.name_alone
        roots = [own.scope.root]
        if self._deriving is not None:
            sources = self._deriving(own.scope.source.path, own.name, name)
            if sources is None:
                return None
            roots += [root for source in sources if (root := self._root_of(source)) is not None]
        found = {
            itself: one
            for root in roots
            for one in root.all_classes()
            if one is not own
            and (itself := one.method(name)) is not None
            and itself is not method
            and own in one.lineage()
        }
        real = tuple(one for itself, one in found.items() if not only_raises(itself))
        return real if len(real) <= _MOST_OVERRIDES else None

    def _root_of(self, source: Source) -> Scope | None:
        try:
            return self.load(source).scopes[0]
        except Unreadable:
            return None

    def number(self, frame: Scope) -> int:
        """The number of a frame in the program."""
        if frame not in self._numbers:
            self._numbers[frame] = len(self.frames)
            self.frames.append(frame)
        return self._numbers[frame]

    def strength(self, frame: Scope) -> Basis | None:
        """How far a frame is torch code, going by its file and those it is called from."""
        found: list[Basis] = []
        todo, seen = [frame], set[Scope]()
        while todo:
            scope = todo.pop()
            if scope in seen:
                continue
            seen.add(scope)
            own = self.files[scope.source.path].strength
            found += [own] if own is not None else []
            todo.extend(argument.scope for argument in (scope.arguments or {}).values())
        return max(found, default=None)


def _strength(scopes: list[Scope]) -> Basis | None:
    names = {name for scope in scopes for name in scope.imports.values()}
    imported = {name.split(".")[0] for name in names if not name.startswith(_FOR_ALL_ENGINES)}
    if imported & set(_TORCH):
        return Basis.BUILT
    return None if imported & set(_OTHER_ENGINES) else Basis.NAMED
