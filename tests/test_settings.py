"""Settings: which file holds where, what it may say, and the schema that says so too."""

import json
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from commands import BUGGY, FIXED, lintgrad
from fixtures import ROOT

from lintgrad.rule import Confidence
from lintgrad.settings.keys import KEYS
from lintgrad.settings.read import settings_in
from lintgrad.settings.shown import shown
from lintgrad.settings.values import Asked, Settings

EARLY = BUGGY.replace("    optimizer.step()", "    optimizer.zero_grad()\n    optimizer.step()")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("", "inner", "inner/deep", "other"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "train.py").write_text(BUGGY, encoding="utf-8")
        (tmp_path / folder / "early.py").write_text(EARLY, encoding="utf-8")
    return tmp_path


def found(project: Path, *arguments: str | Path) -> list[str]:
    """The files and codes of a run, one text each."""
    run = lintgrad("check", "--output-format", "json", *arguments, cwd=project)
    assert run.stderr == ""
    return [f"{Path(one['filename'])} {one['code']}" for one in json.loads(run.stdout)]


def test_each_file_follows_the_nearest_settings_above_it_in_one_run(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.lintgrad]\nignore = ['LG101']\n")
    (project / "inner" / "lintgrad.toml").write_text("select = ['LG101']\n")
    (project / "other" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert found(project) == [
        "early.py LG102",
        "inner/deep/train.py LG101",
        "inner/train.py LG101",
        "other/early.py LG102",
    ]


def test_the_confidence_is_that_of_the_file_the_finding_is_in(project: Path) -> None:
    text = "import torch\ndef f(optimizer, loss, loader):\n    for _ in loader:\n"
    text += "        loss.backward()\n        optimizer.step()\n"
    for folder in ("", "inner"):
        (project / folder / "used.py").write_text(text, encoding="utf-8")
    (project / "inner" / "lintgrad.toml").write_text("confidence = 'high'\n")
    assert found(project, "used.py", "inner/used.py") == ["used.py LG101"]
    both = found(project, "used.py", "inner/used.py", "--confidence", "low")
    assert both == ["inner/used.py LG101", "used.py LG101"]


def test_per_file_ignores_are_patterns_relative_to_the_settings(project: Path) -> None:
    (project / "lintgrad.toml").write_text(
        "[per-file-ignores]\n'inner/**' = ['LG1']\n'early.py' = ['zero-grad-before-step']\n"
        "'/train.py' = ['LG101']\n"
    )
    assert found(project) == ["other/train.py LG101"]
    assert found(project / "inner", "train.py") == []


def test_exclude_takes_the_place_of_the_defaults_and_extend_exclude_adds(project: Path) -> None:
    (project / "build").mkdir()
    (project / "build" / "train.py").write_text(BUGGY, encoding="utf-8")
    only = ("--select", "LG101")
    assert "build/train.py LG101" not in found(project, *only)
    (project / "lintgrad.toml").write_text("exclude = ['inner']\n")
    assert found(project, *only) == [
        "build/train.py LG101",
        "other/train.py LG101",
        "train.py LG101",
    ]
    (project / "lintgrad.toml").write_text("extend-exclude = ['/inner/deep']\n")
    assert found(project, *only) == [
        "inner/train.py LG101",
        "other/train.py LG101",
        "train.py LG101",
    ]
    assert found(project, *only, "--extend-exclude", "inner,other") == ["train.py LG101"]
    assert "build/train.py LG101" in found(project, *only, "--exclude", "inner")


def test_excludes_are_those_of_the_nearest_settings(project: Path) -> None:
    (project / "lintgrad.toml").write_text("select = ['LG101']\nextend-exclude = ['train.py']\n")
    (project / "inner" / "lintgrad.toml").write_text(
        "select = ['LG101']\nextend-exclude = ['deep']\n"
    )
    assert found(project) == ["inner/train.py LG101"]


def test_settings_hold_for_a_folder_that_is_reached_through_a_link(project: Path) -> None:
    (project / "inner" / "lintgrad.toml").write_text("extend-exclude = ['/deep', 'early.py']\n")
    (project / "link").symlink_to(project / "inner")
    assert found(project, "link") == ["link/train.py LG101"]
    assert found(project, "link/train.py", "--force-exclude") == ["link/train.py LG101"]


def test_what_is_excluded_is_checked_if_named_unless_excluding_is_forced(project: Path) -> None:
    (project / "lintgrad.toml").write_text("select = ['LG101']\nextend-exclude = ['inner']\n")
    assert found(project, "inner/train.py") == ["inner/train.py LG101"]
    assert found(project, "inner") == ["inner/deep/train.py LG101", "inner/train.py LG101"]
    assert found(project, "--force-exclude", "inner/train.py", "train.py") == ["train.py LG101"]
    assert found(project, "--force-exclude", "inner/train.py") == []


def test_select_on_the_command_line_replaces_and_the_extending_options_add(project: Path) -> None:
    (project / "lintgrad.toml").write_text("select = ['LG2']\nextend-select = ['LG101']\n")
    assert found(project, "train.py", "early.py") == ["train.py LG101"]
    both = found(project, "train.py", "early.py", "--extend-select", "LG102")
    assert both == ["early.py LG102", "train.py LG101"]
    assert found(project, "train.py", "early.py", "--select", "LG102") == ["early.py LG102"]


def test_the_output_format_can_be_settled(project: Path) -> None:
    (project / "lintgrad.toml").write_text("output-format = 'github'\n")
    assert lintgrad("check", "train.py", cwd=project).stdout.startswith("::warning ")
    concise = lintgrad("check", "train.py", "--output-format", "concise", cwd=project)
    assert concise.stdout.startswith("train.py:8:5: ")


def test_an_unknown_rule_in_settings_names_the_file_and_the_nearest_rule(project: Path) -> None:
    for text in (
        "ignore = ['missing-zerograd']\n",
        "[per-file-ignores]\n'*' = ['missing-zerograd']\n",
    ):
        (project / "inner" / "lintgrad.toml").write_text(text)
        run = lintgrad("check", cwd=project)
        assert run.returncode == 2
        file = project / "inner" / "lintgrad.toml"
        told = f"lintgrad: {file}: unknown rule `missing-zerograd`; "
        assert run.stderr == f"{told}did you mean `missing-zero-grad`?\n"


def test_show_settings_prints_toml_that_says_the_same(project: Path) -> None:
    (project / "lintgrad.toml").write_text(
        "select = ['LG1']\nconfidence = 'low'\noutput-format = 'json'\n"
        "[per-file-ignores]\n'a b' = ['LG101']\n"
    )
    (project / "inner" / "lintgrad.toml").write_text("pedantic = true\n")
    run = lintgrad("check", "--show-settings", "train.py", "inner", cwd=project)
    first, second = run.stdout.split("# from ")[1:]
    assert second.startswith(f"{project / 'inner' / 'lintgrad.toml'}\n")
    assert tomllib.loads(f"# {second}")["pedantic"] is True
    values = tomllib.loads(f"# {first}")
    assert values["select"] == ["LG1"]
    assert values["confidence"] == "low"
    assert values["per-file-ignores"] == {"a b": ["LG101"]}
    assert "# rules that run: LG101, LG102, LG103, LG104\n" in first


def test_show_files_lists_what_would_be_checked(project: Path) -> None:
    (project / "lintgrad.toml").write_text("extend-exclude = ['inner', 'early.py']\n")
    run = lintgrad("check", "--show-files", cwd=project)
    assert run.stdout == "other/train.py\ntrain.py\n"
    assert run.returncode == 0


def test_every_key_is_a_field_an_option_and_said_in_the_readme(tmp_path: Path) -> None:
    names = {key.name for key in KEYS}
    assert {field.name.replace("_", "-") for field in fields(Settings)} == {*names, "file"}
    text = lintgrad("check", "--help", cwd=tmp_path).stdout
    # Tables and names are for files: no command line is the place for them.
    assert [key.name for key in KEYS if f"--{key.name} " not in text] == [
        "per-file-ignores", "optimizer-factories", "backward-functions", "clearing-functions",
    ]  # fmt: skip
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in readme] == []


def test_what_is_asked_for_goes_before_what_files_say() -> None:
    said = Settings(select=("LG1",), confidence=Confidence.HIGH, pedantic=True, file="a/b.toml")
    assert Asked().over(said) == said
    asked = Asked(confidence=Confidence.LOW, ignore=("LG2",)).over(said)
    assert (asked.confidence, asked.ignore, asked.pedantic) == (Confidence.LOW, ("LG2",), True)


def test_settings_shown_can_be_read_again(tmp_path: Path) -> None:
    said = Settings(("LG1",), ignore=('a"b',), exclude=("x\\y",), extend_exclude=("z",))
    text = "\n".join(shown(said, ["LG101"], ("x\\y", "z")))
    (tmp_path / "lintgrad.toml").write_text(text, encoding="utf-8")
    again = settings_in(tmp_path)
    assert again is not None
    assert (again.select, again.ignore, again.exclude) == (("LG1",), ('a"b',), ("x\\y", "z"))


OWN_NAMES = """\
import torch
import mylib.training
from mylib import make, clear


def train(model, loader):
    optimizer = make(model)
    for x, y in loader:
        loss = torch.nn.functional.mse_loss(model(x), y)
        mylib.training.run_backward(loss)
        clear(optimizer)
        optimizer.step()
"""


def test_names_of_a_project_mean_what_it_says_they_mean(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(OWN_NAMES, encoding="utf-8")
    names = {
        "optimizer-factories": "mylib.make",
        "backward-functions": "mylib.training.run_backward",
        "clearing-functions": "mylib.clear",
    }

    def with_names(*keys: str) -> list[dict[str, str]]:
        text = "".join(f"{key} = ['{names[key]}']\n" for key in keys)
        (tmp_path / "lintgrad.toml").write_text(text, encoding="utf-8")
        run = lintgrad("check", "--output-format", "json", cwd=tmp_path)
        assert run.stderr == ""
        found: list[dict[str, str]] = json.loads(run.stdout)
        return found

    assert with_names() == []
    assert with_names("backward-functions") == []
    assert with_names("backward-functions", "optimizer-factories") == []
    (used,) = with_names("backward-functions", "clearing-functions")
    assert (used["code"], used["confidence"]) == ("LG102", "medium")
    (built,) = with_names(*names)
    assert (built["code"], built["confidence"]) == ("LG102", "high")
    text = OWN_NAMES.replace("        clear(optimizer)\n", "").replace(
        "        optimizer.step()\n", "        optimizer.step()\n        clear(model)\n"
    )
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    assert with_names(*names) == []
    (tmp_path / "train.py").write_text(text.replace("clear(model)", "pass"), encoding="utf-8")
    assert [one["code"] for one in with_names(*names)] == ["LG101"]


def test_a_name_that_is_not_dotted_is_one_line_and_exits_with_two(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "lintgrad.toml").write_text("optimizer-factories = ['make()']\n")
    run = lintgrad("check", cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.endswith(": `make()` in `optimizer-factories` is no dotted name\n")


def test_a_clean_file_stays_clean_under_any_settings(project: Path) -> None:
    (project / "fine.py").write_text(FIXED, encoding="utf-8")
    assert found(project, "fine.py", "--pedantic", "--confidence", "low") == []
