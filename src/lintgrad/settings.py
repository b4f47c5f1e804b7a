"""`[tool.lintgrad]` of the nearest pyproject.toml, or `lintgrad.toml`, to frozen Settings."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lintgrad.errors import LintgradError
from lintgrad.rule import Confidence


@dataclass(frozen=True, slots=True)
class Settings:
    """What a configuration file says; keys are spelled as the options of `lintgrad check`."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    confidence: Confidence = Confidence.MEDIUM
    folder: str | None = None
    """The folder of the file, which `exclude` patterns are relative to."""


_KEYS = ("select", "ignore", "exclude", "confidence")


def nearest_settings(start: Path) -> Settings:
    """The settings that hold for a folder: those of the nearest file that has any.

    Raises LintgradError for a file that is not TOML, an unknown key or a wrong value.
    """
    for folder in (start, *start.parents):
        for file, section in ((folder / "lintgrad.toml", False), (folder / "pyproject.toml", True)):
            table = _table(file, section=section)
            if table is not None:
                return _settings(table, file)
    return Settings()


def _table(file: Path, *, section: bool) -> Mapping[str, object] | None:
    try:
        data = file.read_bytes()
    except OSError:
        return None
    if section and b"lintgrad" not in data:
        return None
    try:
        table: object = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LintgradError(f"{file}: not valid TOML: {error}") from None
    for key in ("tool", "lintgrad") if section else ():
        table = table.get(key) if isinstance(table, dict) else None
    if table is None or isinstance(table, dict):
        return table
    raise LintgradError(f"{file}: [tool.lintgrad] is no table")


def _settings(table: Mapping[str, object], file: Path) -> Settings:
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.5)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise LintgradError(f"{file}: unknown setting `{key}`{hint}")
    confidence = table.get("confidence", "medium")
    if confidence not in [str(level) for level in Confidence]:
        raise LintgradError(f"{file}: `confidence` is one of low, medium, high")
    return Settings(
        _strings(table, "select", file),
        _strings(table, "ignore", file),
        _strings(table, "exclude", file),
        Confidence[str(confidence).upper()],
        str(file.parent),
    )


def _strings(table: Mapping[str, object], key: str, file: Path) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise LintgradError(f"{file}: `{key}` is a list of strings")
    return tuple(str(value) for value in values)
