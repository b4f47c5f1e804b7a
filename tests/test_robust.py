"""Whatever the input: every file gets a result or a diagnostic, and no file spoils another."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import BUGGY, install_pack, lintgrad
from hypothesis import given, settings
from hypothesis import strategies as st

from lintgrad.engine.check import check_bytes
from lintgrad.engine.run import File, check_files, with_deep_stack
from lintgrad.registry import installed_rules

RULES = installed_rules()

UNREADABLE = {
    "syntax error": (b"import torch\nfor x in\n    loss.backward()\n", "2:9", "syntax error"),
    "python 2": (b"import torch\nprint 'backward'\n", "2:1", "syntax error"),
    "nul byte": (b"import torch\nx = '\0'\nloss.backward()\n", "2:6", "a NUL byte"),
    "not utf-8": (b"import torch\n# \xff\nloss.backward()\n", "2:3", "cannot be decoded as utf-8"),
    "unknown encoding": (b"# coding: klingon\nimport torch\n", "1:1", "unknown encoding: klingon"),
    "half a dedent": (b"import torch\nif x:\n        y\n    z\n", "4:6", "unindent"),
    "deep brackets": (b"import torch\nx = " + b"(" * 3000 + b"1" + b")" * 3000, "1:1", "nest"),
    "a long chain": (b"import torch\nx = a" + b".backward" * 2000 + b"\n", "2:1", "too deeply"),
    "nested calls": (b"x = " + b"backward(" * 150 + b"1" + b")" * 150, None, None),
    "many terms": (b"import torch\nbackward = " + b"a + " * 3000 + b"a\n", "2:1", "too deeply"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_one_diagnostic_with_its_place(tmp_path: Path, name: str) -> None:
    data, place, message = UNREADABLE[name]
    (tmp_path / "bad.py").write_bytes(data)
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    start = time.monotonic()
    run = lintgrad("check", ".", cwd=tmp_path)
    assert time.monotonic() - start < 10
    assert run.stderr == ""
    assert "train.py:8:5: LG101" in run.stdout
    if place is None:
        assert "LG901" not in run.stdout
    else:
        assert message is not None
        (line,) = [line for line in run.stdout.splitlines() if "LG901" in line]
        assert message in line
        assert line.startswith(f"bad.py:{place}:") or place == "1:1"
    assert run.returncode == 1


READABLE = {
    "a byte order mark": b"\xef\xbb\xbf" + BUGGY.encode(),
    "CRLF": BUGGY.replace("\n", "\r\n").encode(),
    "old Mac line ends": BUGGY.replace("\n", "\r").encode(),
    "tabs": BUGGY.replace("    ", "\t").encode(),
    "form feeds": BUGGY.replace("\n\n", "\n\x0c\n").encode(),
    "no newline at the end": BUGGY.rstrip().encode(),
    "latin-1": b"# coding: latin-1\n# \xe9\n" + BUGGY.encode(),
    "utf-8 text": ('name = "模型"\n' + BUGGY).encode(),
    "a line of 100 KB": (f"x = [{'0, ' * 33_000}]\n" + BUGGY).encode(),
    "2,000 branches": (
        BUGGY + "if x == 0:\n    y\n" + "".join(f"elif x == {i}:\n    y\n" for i in range(2000))
    ).encode(),
    "20,000 lines": (BUGGY + "x = f(1)\n" * 20_000).encode(),
    "90 nested blocks": (
        BUGGY + "".join(f"{' ' * i}if x{i}:\n" for i in range(90)) + " " * 90 + "pass\n"
    ).encode(),
}


@pytest.mark.parametrize("name", READABLE)
def test_odd_but_valid_python_is_checked(name: str) -> None:
    checked = with_deep_stack(lambda: check_bytes("train.py", READABLE[name], RULES))
    assert checked.failures == ()
    assert [one.code for one in checked.diagnostics] == ["LG101"]
    (found,) = checked.diagnostics
    text = READABLE[name].decode("utf-8-sig" if name != "latin-1" else "latin-1")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert lines[found.range.start.row - 1].strip() == "optimizer.step()"


@pytest.mark.parametrize("data", [b"", b"\n", b"# backward\n", b"'''backward'''"])
def test_files_without_code_are_clean(data: bytes) -> None:
    checked = check_bytes("empty.py", data, RULES)
    assert (checked.diagnostics, checked.failures) == ((), ())


def test_odd_entries_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "folder.py" / "inner.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "dangling.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "around").symlink_to(tmp_path, target_is_directory=True)
    run = lintgrad("check", cwd=tmp_path)
    assert run.stderr == ""
    paths = [line.split(":")[0] for line in run.stdout.splitlines()]
    assert paths == ["folder.py/inner.py", "train.py"]


def test_a_file_that_cannot_be_opened_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    files = [File(str(tmp_path / name), named=False) for name in ("gone.py", "train.py")]
    found = [one for done in check_files(files, RULES, 1) for one in done.diagnostics]
    assert [(Path(one.path).name, one.code) for one in found] == [
        ("gone.py", "LG901"),
        ("train.py", "LG101"),
    ]
    assert found[0].message == "cannot be opened: No such file or directory"


BROKEN_PACK = """
from lintgrad.rule import Category, Severity, rule

@rule(code="LG991", category=Category.CLEARING, severity=Severity.INFO, docs="Fails.")
def failing(flow):
    raise KeyError("on purpose")
    yield

RULES = (failing,)
"""


def test_a_rule_that_fails_is_named_and_the_rest_is_reported(tmp_path: Path) -> None:
    install_pack(tmp_path, "failing_pack", BROKEN_PACK)
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    run = lintgrad("check", "train.py", cwd=tmp_path, environment={"PYTHONPATH": str(tmp_path)})
    assert run.returncode == 2
    assert run.stderr == "lintgrad: rule LG991 failing failed on train.py: KeyError: 'on purpose'\n"
    assert "train.py:8:5: LG101" in run.stdout


def test_an_interrupt_ends_long_before_the_work_would_and_without_a_traceback(
    tmp_path: Path,
) -> None:
    for number in range(40):
        text = BUGGY + "x = [f(a, b, c) for a in range(10)]\n" * 4000
        (tmp_path / f"m{number}.py").write_text(text, encoding="utf-8")
    for jobs in ("1", "2"):
        process = subprocess.Popen(
            [sys.executable, "-m", "lintgrad", "check", "--jobs", jobs],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        time.sleep(2.5)
        assert process.poll() is None, "too little to do to be interrupted"
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=10)
        assert output == ""
        assert errors.strip() == "lintgrad: interrupted"
        assert process.returncode == 130


SEEDS = [BUGGY, *(data.decode() for data in (READABLE["CRLF"], READABLE["tabs"]))]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_mutated_sources_never_make_the_analysis_fail(text: str, data: st.DataObject) -> None:
    lines = text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "repeat", "swap", "indent", "cut"])):
            case "drop":
                lines[at] = ""
            case "repeat":
                lines.insert(at, lines[at])
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "indent":
                lines[at] = "    " + lines[at]
            case _:
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
    checked = check_bytes("train.py", "".join(lines).encode(), RULES)
    assert checked.failures == ()


def test_the_standard_library_is_read_without_a_failure() -> None:
    library = Path(os.__file__).parent
    for path in sorted(library.glob("*.py"))[::4]:
        data = b"import torch  # backward\n" + path.read_bytes()
        checked = with_deep_stack(lambda path=path, data=data: check_bytes(str(path), data, RULES))  # type: ignore[misc]
        assert checked.failures == ()
        assert checked.diagnostics == ()
