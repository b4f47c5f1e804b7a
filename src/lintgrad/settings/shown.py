"""Settings as text: TOML that would say the same, and where they come from."""

import json
from collections.abc import Iterator, Sequence

from lintgrad.settings.values import Settings


def shown(settings: Settings, codes: Sequence[str], excludes: Sequence[str]) -> Iterator[str]:
    """The lines of a `lintgrad.toml` that says the same, given the rules and patterns it means."""
    yield f"# from {settings.file}" if settings.file is not None else "# no configuration file"
    yield f"# rules that run: {', '.join(codes)}"
    yield from _list("select", settings.select)
    yield from _list("extend-select", settings.extend_select)
    yield from _list("ignore", settings.ignore)
    yield from _list("exclude", excludes)
    yield f'confidence = "{settings.confidence}"'
    yield f"pedantic = {'true' if settings.pedantic else 'false'}"
    yield from _list("optimizer-factories", settings.optimizer_factories)
    yield from _list("backward-functions", settings.backward_functions)
    yield from _list("clearing-functions", settings.clearing_functions)
    if settings.output_format is not None:
        yield f'output-format = "{settings.output_format}"'
    if settings.per_file_ignores:
        yield "[per-file-ignores]"
        for pattern, names in settings.per_file_ignores:
            yield from _list(_text(pattern), names)


def _list(key: str, values: Sequence[str]) -> Iterator[str]:
    yield f"{key} = [{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    # What JSON escapes, TOML escapes alike, and DEL as well.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
