"""The JSON schema of the settings, for editors that complete and check TOML."""

from collections.abc import Iterable

from lintgrad.rule import Rule
from lintgrad.settings.keys import DOTTED_NAME, KEYS, Key, Kind

SCHEMA_URL = "https://github.com/lintgrad/lintgrad/blob/main/lintgrad.schema.json"


def schema(rules: Iterable[Rule]) -> dict[str, object]:
    """The schema of `lintgrad.toml`, and of the table `[tool.lintgrad]` of a pyproject.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_URL,
        "title": "Settings of lintgrad",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key.name: {"description": key.meaning, **_shape(key)}
            for key in sorted(KEYS, key=lambda key: key.name)
        },
        "$defs": {
            "rule": {
                "description": "A code, a name, a prefix of codes, or ALL.",
                "type": "string",
                # Packs bring rules of their own, so that the known ones are only proposed.
                "anyOf": [{"enum": sorted(_names(rules))}, {"type": "string"}],
            }
        },
    }


def _names(rules: Iterable[Rule]) -> set[str]:
    found = {"ALL"}
    for rule in rules:
        found |= {rule.code, rule.name, rule.code[:3]}
    return found


def _shape(key: Key) -> dict[str, object]:
    rules: dict[str, object] = {"type": "array", "items": {"$ref": "#/$defs/rule"}}
    match key.kind:
        case Kind.RULES:
            return rules
        case Kind.PATTERNS:
            return {"type": "array", "items": {"type": "string"}}
        case Kind.RULES_BY_PATTERN:
            return {"type": "object", "additionalProperties": rules}
        case Kind.WORD:
            return {"enum": list(key.words)}
        case Kind.NAMES:
            return {"type": "array", "items": {"type": "string", "pattern": f"^{DOTTED_NAME}$"}}
        case Kind.FLAG:
            return {"type": "boolean"}
