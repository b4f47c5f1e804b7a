"""Whatever stands in a settings file: settings, or one line that says what is wrong with it."""

import random
from pathlib import Path

import pytest
from commands import BUGGY, lintgrad

from lintgrad.errors import LintgradError
from lintgrad.settings.read import settings_in

SOUND = """\
[project]
name = "training"

[tool.lintgrad]
select = ["LG1", "missing-zero-grad"]
ignore = ["LG201"]
exclude = ["build", "*.ipynb"]
extend-exclude = ["data/**"]
confidence = "low"
pedantic = true
output-format = "json"
optimizer-factories = ["mine.build_optimizer"]
backward-functions = ["mine.backward"]

[tool.lintgrad.per-file-ignores]
"tests/*" = ["LG102"]
"""
PIECES = [
    *"[ ] { } = . , ' \" \\ # \n \r \t \0 - 0 1e9 true false nan inf 1979-05-27".split(" "),
    *"[[tool.lintgrad]] [tool] 'LG1' \"\"\" ''' !! ** / ~ select lintgrad".split(),
    *(
        "\N{GREEK SMALL LETTER PI}",
        "\\u0000",
        "\\n",
        "9" * 5000,
        "[" * 3000,
        "{a=" * 400,
        "a." * 900,
    ),
]


def mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(text) + 1)
        other = min(len(text), at + chance.randint(0, 12))
        match chance.randrange(4):
            case 0:
                text = text[:at] + text[other:]
            case 1:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + chance.choice(PIECES) + text[other:]
            case _:
                lines = text.splitlines(keepends=True) or [""]
                chance.shuffle(lines)
                text = "".join(lines)
    return text


@pytest.mark.parametrize("name", ["pyproject.toml", "lintgrad.toml"])
@pytest.mark.parametrize("part", range(4))
def test_mutated_settings_hold_or_are_refused_in_one_line(
    tmp_path: Path, name: str, part: int
) -> None:
    chance = random.Random(f"{name} {part}")
    start = SOUND if name == "pyproject.toml" else SOUND.partition("[tool.lintgrad]\n")[2]
    refused = 0
    for _ in range(300):
        text = mutated(start, chance)
        (tmp_path / name).write_bytes(text.encode())
        try:
            settings_in(tmp_path)
        except LintgradError as error:
            refused += 1
            assert len(str(error).splitlines()) == 1, text
    assert refused > 30


NASTY = {
    "nested brackets": "select = " + "[" * 5000,
    "a number of many digits": "select = " + "9" * 5000,
    "an unknown key of two lines": '"a\\nb" = 1',
    "a rule of two lines": 'select = ["LG1\\nLG2"]',
    "a pattern that negates nothing": 'exclude = ["!"]',
    "patterns of odd characters": 'exclude = ["[", "[]", "\\\\", "***", "a[!]b", "", " ", "/"]',
    "a pattern for ignores": '[per-file-ignores]\n"[" = ["LG101"]\n"!" = ["LG102"]\n"" = []',
    "a name that is none": 'backward-functions = ["a b", "1.2", "..", ""]',
    "bytes": "\udcff\udcfe",
    "a NUL byte": 'select = ["\0"]',
}


@pytest.mark.parametrize("name", NASTY)
def test_nasty_settings_end_in_findings_or_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "lintgrad.toml").write_bytes(NASTY[name].encode(errors="surrogateescape"))
    run = lintgrad("check", "--output-format", "concise", cwd=tmp_path)
    assert "Traceback" not in run.stderr
    if run.returncode == 2:
        assert len(run.stderr.splitlines()) == 1, run.stderr
        assert run.stdout == ""
    else:
        assert run.stderr == ""


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"{" * 100, b"\xff", b"", b"null", b'{"version": 1}', b"9" * 5000]
)
def test_a_baseline_that_is_none_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "known.json").write_bytes(content)
    run = lintgrad("check", "--baseline", "known.json", cwd=tmp_path)
    assert run.returncode == 2
    assert len(run.stderr.splitlines()) == 1, run.stderr


@pytest.mark.parametrize("pattern", ["!", "[", "\\", "***", "", " ", "a\nb", "/", "\N{SNOWMAN}"])
def test_any_pattern_excludes_something_or_nothing(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / ".gitignore").write_text(pattern + "\n", encoding="utf-8")
    run = lintgrad("check", "--exclude", pattern, ".", cwd=tmp_path)
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) <= 1
