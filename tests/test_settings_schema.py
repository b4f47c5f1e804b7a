"""The schema of the settings: it accepts what lintgrad accepts, and nothing else."""

import json

import jsonschema
import pytest
from fixtures import ROOT
from hypothesis import given
from hypothesis import strategies as st

from lintgrad.docs import schema_text
from lintgrad.errors import LintgradError
from lintgrad.registry import installed_rules
from lintgrad.settings.keys import OUTPUT_FORMATS
from lintgrad.settings.read import settings_in
from lintgrad.settings.schema import schema

SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "select": st.lists(st.sampled_from(["LG1", "missing-zero-grad"])),
        "extend-select": st.lists(st.just("LG2")),
        "ignore": st.lists(st.just("ALL")) | st.just("LG1") | st.lists(st.integers(), min_size=1),
        "exclude": st.lists(st.text(max_size=3)) | st.booleans(),
        "extend-exclude": st.lists(st.text(max_size=3)),
        "per-file-ignores": st.dictionaries(
            st.text(max_size=3), st.lists(st.just("LG1")) | st.integers()
        )
        | st.lists(st.just("x")),
        "confidence": st.sampled_from(["low", "medium", "high", "HIGH", ""]) | st.integers(),
        "backward-functions": st.lists(st.sampled_from(["a.b", "a.b.c_1", "a", "1.b"])),
        "clearing-functions": st.lists(st.sampled_from(["mylib.clear", "a..b"])) | st.just("a.b"),
        "pedantic": st.booleans() | st.sampled_from(["true"]) | st.integers(),
        "output-format": st.sampled_from([*OUTPUT_FORMATS, "text"]) | st.booleans(),
        "confidences": st.just("low"),
    },
)  # fmt: skip


@given(values=SETTINGS)
def test_the_schema_accepts_what_lintgrad_accepts_and_nothing_else(
    values: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("settings", numbered=True)
    (folder / "lintgrad.toml").write_text(_toml(values), encoding="utf-8")
    valid = jsonschema.Draft202012Validator(schema(installed_rules())).is_valid(values)
    try:
        settings_in(folder)
    except LintgradError:
        assert not valid
    else:
        assert valid


def _toml(values: dict[str, object]) -> str:
    flat = {key: value for key, value in values.items() if not isinstance(value, dict)}
    lines = [f"{_written(key)} = {_written(value)}" for key, value in flat.items()]
    for key, value in values.items():
        if isinstance(value, dict):
            lines.append(f"[{_written(key)}]")
            lines += [f"{_written(name)} = {_written(item)}" for name, item in value.items()]
    return "\n".join(lines)


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def test_the_schema_in_the_repository_is_the_generated_one_and_is_a_schema() -> None:
    text = (ROOT / "lintgrad.schema.json").read_text(encoding="utf-8")
    assert text == schema_text(installed_rules()), "run: python -m lintgrad.docs"
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
