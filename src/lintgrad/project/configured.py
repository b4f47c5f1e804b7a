"""The settings that hold for each file of a project, and the rules that follow from them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lintgrad.errors import LintgradError
from lintgrad.registry import Selection, codes_of, selection
from lintgrad.rule import Rule
from lintgrad.settings.read import settings_in
from lintgrad.settings.values import Asked, Settings
from lintgrad.source.discover import DEFAULT_EXCLUDES, Excludes, excluded
from lintgrad.source.load import Unreadable, decode
from lintgrad.source.text import Source
from lintgrad.syntax import apis


@dataclass(frozen=True)
class Project:
    """The rules there are, and the settings of every folder."""

    rules: tuple[Rule, ...]
    settings_of: Callable[[str], Settings]
    """By absolute folder, with what the call asks for already on top."""
    selection_of: Callable[[Settings], Selection]
    """The rules that settings select, but for single files."""
    given: Mapping[str, bytes]
    """What to take for the contents of some paths instead of what is on the disk."""

    def settings_for(self, path: str) -> Settings:
        """The settings that hold for a file."""
        return self.settings_of(folder_of(path))

    def selection_for(self, path: str) -> Selection:
        """The rules that run on a file."""
        settings = self.settings_for(path)
        selected = self.selection_of(settings)
        ignored = frozenset(
            code
            for pattern, names in settings.per_file_ignores
            if excluded(path, Excludes((pattern,), _folder(settings)))
            for code in codes_of(self.rules, names)
        )
        return Selection(selected.codes - ignored, selected.named - ignored)

    def excludes_of(self, folder: str) -> Excludes:
        """What to leave out in an absolute folder."""
        settings = self.settings_of(folder)
        patterns = DEFAULT_EXCLUDES if settings.exclude is None else settings.exclude
        return Excludes((*patterns, *settings.extend_exclude), _folder(settings))

    def same_names_for(self, path: str) -> tuple[tuple[str, str], ...]:
        """The functions of the project that do what known ones do, each with that one's name."""
        settings = self.settings_for(path)
        return (
            *((name, apis.ANY_OPTIMIZER) for name in settings.optimizer_factories),
            *((name, apis.AUTOGRAD_BACKWARD) for name in settings.backward_functions),
            *((name, apis.ZERO_GRAD) for name in settings.clearing_functions),
        )

    def contents(self, path: str) -> bytes | None:
        """The bytes of a file; None if it cannot be read any more."""
        if path in self.given:
            return self.given[path]
        try:
            return Path(path).read_bytes()
        except OSError:
            return None

    def source(self, path: str) -> Source | None:
        """The text of a file, however it can be shown; None if it cannot be read any more."""
        contents = self.contents(path)
        try:
            return None if contents is None else decode(path, contents)
        except Unreadable as unreadable:
            return unreadable.source


def configured(
    rules: Sequence[Rule], asked: Asked, given: Mapping[str, bytes] | None = None
) -> Project:
    """A project as its configuration files have it, with what is asked for on top.

    Raises LintgradError if an unknown rule is asked for, and wherever settings are looked up if
    their file is wrong.
    """
    codes_of(rules, (*asked.select, *asked.extend_select, *asked.ignore))

    @cache
    def said_in(folder: Path) -> Settings:
        own = settings_in(folder)
        if own is not None:
            _validate(rules, own)
            return own
        return Settings() if folder.parent == folder else said_in(folder.parent)

    @cache
    def settings_of(folder: str) -> Settings:
        return asked.over(said_in(Path(folder)))

    return Project(tuple(rules), settings_of, _selecting(rules), given or {})


def unconfigured(rules: Sequence[Rule], asked: Asked, given: Mapping[str, bytes]) -> Project:
    """A project without configuration files: only what is asked for counts.

    Raises LintgradError if an unknown rule is asked for.
    """
    codes_of(rules, (*asked.select, *asked.extend_select, *asked.ignore))
    return Project(tuple(rules), lambda _: asked.over(Settings()), _selecting(rules), given)


def _selecting(rules: Sequence[Rule]) -> Callable[[Settings], Selection]:
    @cache
    def select(settings: Settings) -> Selection:
        return selection(rules, settings.select, settings.extend_select, settings.ignore)

    return select


def _validate(rules: Sequence[Rule], said: Settings) -> None:
    """Raise LintgradError, naming the configuration file, if it names an unknown rule."""
    by_pattern = (name for _, names in said.per_file_ignores for name in names)
    try:
        codes_of(rules, (*said.select, *said.extend_select, *said.ignore, *by_pattern))
    except LintgradError as error:
        raise LintgradError(f"{said.file}: {error}") from None


def folder_of(path: str) -> str:
    """The absolute folder of a file as it is called, whatever its links lead to."""
    return os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120  # Path keeps `..`


def _folder(settings: Settings) -> str | None:
    return None if settings.file is None else str(Path(settings.file).parent)
