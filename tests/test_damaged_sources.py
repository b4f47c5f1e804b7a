"""Real sources, damaged: every one gets a result in little time, and none is ever run."""

import io
import keyword
import os
import random
import subprocess
import sys
import time
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import BUGGY, lintgrad
from fixtures import programs

from lintgrad.engine.check import Checked, check_bytes
from lintgrad.engine.run import with_deep_stack
from lintgrad.registry import installed_rules

RULES = installed_rules()
SECONDS = 10.0
"""More than any damaged source may take."""
FIXTURES = [program.text for program in programs()]
LIBRARY = sorted(Path(os.__file__).parent.glob("*.py"))
_WORDS = (
    *"optimizer zero_grad backward step grad None model self".split(),
    *"( ) [ ] : , = == . * ** @ -> :=".split(),
    *"yield await async return lambda 0 'x' f'{x}' ... \\ # global del".split(),
    *("\n", "    ", "\t", "\N{GREEK SMALL LETTER PI}"),
)


def tokens_of(text: str) -> list[str]:
    """The tokens of a source with the blanks before them, as far as there are any."""
    lines = text.splitlines(keepends=True)
    found: list[str] = []
    row, column = 1, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            between = "".join(_between(lines, (row, column), token.start))
            found.append(between + token.string)
            row, column = token.end
    except (tokenize.TokenError, IndentationError, SyntaxError):
        pass
    return found


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> Iterator[str]:
    while start[0] < end[0]:
        if start[0] <= len(lines):
            yield lines[start[0] - 1][start[1] :]
        start = (start[0] + 1, 0)
    if start[0] <= len(lines):
        yield lines[start[0] - 1][start[1] : end[1]]


def damaged(text: str, chance: random.Random) -> str:
    """A source with a few of its tokens dropped, doubled, exchanged or replaced."""
    tokens = tokens_of(text)
    for _ in range(chance.randint(1, 6)):
        if len(tokens) < 2:
            break
        at, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        match chance.randrange(6):
            case 0:
                del tokens[at]
            case 1:
                tokens.insert(at, tokens[at])
            case 2:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 3:
                tokens[at] = " " + chance.choice(_WORDS)
            case 4:
                tokens.insert(at, " " + chance.choice([*_WORDS, *keyword.kwlist]))
            case _:
                first, last = sorted((at, other))
                tokens[first : min(last, first + 40)] = []
    return "".join(tokens)


def checked_in_time(name: str, data: bytes) -> Checked:
    start = time.monotonic()
    checked = with_deep_stack(lambda: check_bytes(name, data, RULES))
    assert checked.failures == (), data.decode(errors="replace")
    assert time.monotonic() - start < SECONDS, data.decode(errors="replace")
    return checked


def test_tokens_put_together_are_the_source() -> None:
    for text in FIXTURES[::10]:
        assert "".join(tokens_of(text)) == text


@pytest.mark.parametrize("part", range(8))
def test_damaged_fixtures_get_a_result(part: int) -> None:
    chance = random.Random(part)
    for text in FIXTURES[part::8]:
        for _ in range(3):
            checked_in_time("train.py", damaged(text, chance).encode())


def test_several_fixtures_grown_together_get_a_result() -> None:
    chance = random.Random("together")
    for _ in range(30):
        texts = chance.sample(FIXTURES, 3)
        lines = [line for text in texts for line in text.splitlines(keepends=True)]
        for _ in range(chance.randint(1, 20)):
            at = chance.randrange(len(lines))
            lines[at : at + 3] = chance.sample(lines[at : at + 3], len(lines[at : at + 3]))
        checked_in_time("train.py", "".join(lines).encode())


@pytest.mark.parametrize("part", range(4))
def test_damaged_files_of_the_standard_library_get_a_result(part: int) -> None:
    chance = random.Random(100 + part)
    for path in LIBRARY[part::24]:
        text = path.read_text(encoding="utf-8", errors="replace")
        if len(text) < 60_000:
            training = damaged(text, chance) + "\n" + BUGGY
            checked_in_time(path.name, ("import torch  # backward\n" + training).encode())


def test_training_code_among_real_code_is_still_read() -> None:
    """A whole module of the standard library around it hides nothing."""
    texts = {p: p.read_text(encoding="utf-8", errors="replace") for p in LIBRARY[::40]}
    small = {p: t for p, t in texts.items() if len(t) < 60_000 and "from __future__" not in t}
    assert small
    for path, text in small.items():
        checked = checked_in_time(path.name, f"{text}\n{BUGGY}".encode())
        assert [one.code for one in checked.diagnostics] == ["LG101"], path


PLANTED = """\
import pathlib
pathlib.Path({trace!r}).write_text("ran")
"""


NAMES = (
    *"torch numpy libcst lintgrad lintgrad_rules click rich setup conftest sitecustomize".split(),
    *"usercustomize train __init__ __main__ ast json pathspec".split(),
)


@pytest.mark.parametrize("command", ["check", "trace"])
def test_nothing_that_is_read_is_ever_run(tmp_path: Path, command: str) -> None:
    """Not as a module, a plugin, a configuration, nor by a name that lintgrad itself imports."""
    trace = tmp_path / "trace"
    planted = PLANTED.format(trace=str(trace))
    project = tmp_path / "project"
    project.mkdir()
    for name in NAMES:
        (project / f"{name}.py").write_text(planted + BUGGY, encoding="utf-8")
    (project / "lintgrad.toml").write_text('exclude = ["nothing"]\n', encoding="utf-8")
    arguments = ("train.py",) if command == "trace" else (".",)
    script = Path(sys.executable).parent / "lintgrad"
    run = subprocess.run(
        [script, command, *arguments], cwd=project, capture_output=True, text=True, check=False
    )
    assert not trace.exists()
    assert run.returncode in (0, 1), run.stderr
    if command == "check":
        assert run.stdout.count("LG101") == len(NAMES)
    assert not list(project.rglob("*.pyc"))


def test_a_program_that_imports_its_neighbours_is_read_without_them(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    (tmp_path / "neighbour.py").write_text(PLANTED.format(trace=str(trace)), encoding="utf-8")
    text = f"from neighbour import loader\n{BUGGY}"
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    before = set(sys.modules)
    checked_in_time(str(tmp_path / "train.py"), text.encode())
    lintgrad("check", "train.py", cwd=tmp_path)
    assert not trace.exists()
    assert "neighbour" not in set(sys.modules) - before
