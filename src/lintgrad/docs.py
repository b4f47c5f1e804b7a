"""What a rule's module says of it: sections, and the pages made from them.

`python -m lintgrad.docs` in a checkout rewrites the pages.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lintgrad.engine.diagnostics import url_of
from lintgrad.registry import installed_rules
from lintgrad.rule import Rule
from lintgrad.settings.keys import KEYS
from lintgrad.settings.schema import schema

_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def sections(rule: Rule) -> dict[str, str]:
    """The sections of a rule's documentation by heading; the text before the first is ''."""
    parts = _SECTION.split(rule.docs.strip())
    found = {"": parts[0].strip()}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        found[heading] = text.strip()
    return found


def example(rule: Rule, section: str) -> str:
    """The code of one of a rule's examples, empty if there is none."""
    fence = _FENCE.search(sections(rule).get(section, ""))
    return "" if fence is None else fence[1]


def page(rule: Rule) -> str:
    """A rule's documentation as Markdown."""
    found = sections(rule)
    first, _, rest = found.pop("").partition("\n")
    lines = [
        f"## {rule.code} {rule.name}",
        "",
        f"{rule.category.value} · {rule.severity}",
        "",
        f"**{first.strip()}**",
    ]
    if rest.strip():
        lines += ["", rest.strip()]
    for heading, text in found.items():
        lines += ["", f"### {heading}", "", text]
    return "\n".join(lines) + "\n"


def page_value(rule: Rule) -> dict[str, object]:
    """A rule's documentation as plain values."""
    found = sections(rule)
    first, _, rest = found.pop("").partition("\n")
    return {
        "code": rule.code,
        "name": rule.name,
        "category": rule.category.value,
        "severity": str(rule.severity),
        "summary": first.strip(),
        "explanation": rest.strip(),
        "example": example(rule, "Example"),
        "use_instead": example(rule, "Use instead"),
        "known_limits": found.get("Known limits", ""),
        "references": [
            line.removeprefix("- ").strip()
            for line in found.get("References", "").splitlines()
            if line.startswith("- ")
        ],
        "url": url_of(rule.code, rule.name),
    }


def catalogue(rules: Sequence[Rule]) -> str:
    """The catalogue of rules: `rules/README.md`."""
    intro = (
        "# Rules\n\n"
        "Generated from the rule modules by `python -m lintgrad.docs`; edit those instead.\n\n"
    )
    return intro + "\n".join(table(rules)) + "\n\n" + "\n".join(page(rule) for rule in rules)


def table(rules: Iterable[Rule], page: str = "") -> Iterator[str]:
    """A Markdown table of the rules, linking to their sections in a page."""
    yield "| Code | Name | Severity | Says |"
    yield "|---|---|---|---|"
    for rule in rules:
        link = f"[{rule.code}]({page}#{rule.code.lower()}-{rule.name})"
        yield f"| {link} | {rule.name} | {rule.severity} | {rule.summary} |"


def settings_table() -> Iterator[str]:
    """A Markdown table of the settings."""
    yield "| Key | Meaning |"
    yield "|---|---|"
    for key in KEYS:
        words = f" One of {', '.join(f'`{word}`' for word in key.words)}." if key.words else ""
        yield f"| `{key.name}` | {key.meaning}{words} |"


def schema_text(rules: Sequence[Rule]) -> str:
    """The schema of the settings: `lintgrad.schema.json`."""
    return json.dumps(schema(rules), indent=2) + "\n"


def _rewrite() -> None:
    """Write the catalogue, the schema, and the README's two tables."""
    rules = installed_rules()
    root = Path.cwd()
    (root / "lintgrad.schema.json").write_text(schema_text(rules), encoding="utf-8")
    (root / "rules" / "README.md").write_text(catalogue(rules), encoding="utf-8")
    readme = root / "README.md"
    text = _between("rules", table(rules, "rules/README.md"), readme.read_text(encoding="utf-8"))
    readme.write_text(_between("settings", settings_table(), text), encoding="utf-8")


def _between(marker: str, lines: Iterable[str], text: str) -> str:
    """A text with the lines between two markers, instead of what stands there."""
    begin, end = f"<!-- {marker} -->", f"<!-- end of {marker} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return "\n".join([f"{before}{begin}", *lines, f"{end}{after}"])


if __name__ == "__main__":
    _rewrite()
