"""`[tool.lintgrad]` of a pyproject.toml, or a `lintgrad.toml`, to Settings."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lintgrad.errors import LintgradError, nearest
from lintgrad.rule import Confidence
from lintgrad.settings.keys import CONFIDENCES, DOTTED_NAME, KEYS, OUTPUT_FORMATS
from lintgrad.settings.values import Settings


def settings_in(folder: Path) -> Settings | None:
    """The settings of a folder's own file: `lintgrad.toml` before `pyproject.toml`.

    Raises LintgradError for a file that is not TOML, an unknown key or a wrong value.
    """
    for file, section in ((folder / "lintgrad.toml", ()), (folder / "pyproject.toml", _SECTION)):
        table = _table(file, section)
        if table is not None:
            return _settings(_Table(file, table))
    return None


_SECTION = ("tool", "lintgrad")


def _table(file: Path, section: Iterable[str]) -> Mapping[str, object] | None:
    try:
        content = file.read_bytes()
    except OSError:
        return None
    if section and b"lintgrad" not in content:
        return None
    try:
        table: object = tomllib.loads(content.decode())
    except ValueError as error:  # what is no TOML, no UTF-8, or a number of too many digits
        raise LintgradError(f"{file}: not valid TOML: {error}") from None
    except RecursionError:
        raise LintgradError(f"{file}: not valid TOML: nested too deeply") from None
    for key in section:
        table = table.get(key) if isinstance(table, dict) else None
    if table is None or isinstance(table, dict):
        return table
    raise LintgradError(f"{file}: [tool.lintgrad] is no table")


def _settings(table: "_Table") -> Settings:
    table.check_keys()
    confidence = table.word("confidence", CONFIDENCES)
    return Settings(
        select=table.strings("select"),
        extend_select=table.strings("extend-select"),
        ignore=table.strings("ignore"),
        per_file_ignores=table.strings_by_pattern("per-file-ignores"),
        exclude=table.strings("exclude") if "exclude" in table.values else None,
        extend_exclude=table.strings("extend-exclude"),
        confidence=Confidence[confidence.upper()] if confidence else Confidence.MEDIUM,
        pedantic=table.flag("pedantic"),
        optimizer_factories=table.names("optimizer-factories"),
        backward_functions=table.names("backward-functions"),
        clearing_functions=table.names("clearing-functions"),
        output_format=table.word("output-format", OUTPUT_FORMATS),
        file=str(table.file),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """The values of a file by key; reading one raises LintgradError if it is of a wrong kind."""

    file: Path
    values: Mapping[str, object]

    def check_keys(self) -> None:
        names = [key.name for key in KEYS]
        for key in self.values:
            if key not in names:
                raise LintgradError(f"{self.file}: unknown setting `{key}`{nearest(key, names)}")

    def strings(self, key: str) -> tuple[str, ...]:
        return self._strings(self.values.get(key, []), f"`{key}`")

    def _strings(self, values: object, what: str) -> tuple[str, ...]:
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise LintgradError(f"{self.file}: {what} is a list of strings")
        return tuple(str(value) for value in values)

    def names(self, key: str) -> tuple[str, ...]:
        names = self.strings(key)
        for name in names:
            if not re.fullmatch(DOTTED_NAME, name):
                raise LintgradError(f"{self.file}: `{name}` in `{key}` is no dotted name")
        return names

    def strings_by_pattern(self, key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        table = self.values.get(key, {})
        if not isinstance(table, dict):
            raise LintgradError(f"{self.file}: `{key}` is a table of lists of strings")
        return tuple((p, self._strings(v, f"`{p}` in `{key}`")) for p, v in table.items())

    def word(self, key: str, words: Iterable[str]) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or value not in words:
            hint = nearest(str(value), words)
            raise LintgradError(f"{self.file}: `{key}` is one of {', '.join(words)}{hint}")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise LintgradError(f"{self.file}: `{key}` is true or false")
        return value
