"""What the README shows is what happens."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import readme
from commands import BUGGY, PLAIN, lintgrad
from fixtures import ROOT

from lintgrad.docs import settings_table

TEXT = readme.README.read_text(encoding="utf-8")


def test_the_outputs_are_those_of_a_real_run() -> None:
    assert readme.rewritten(TEXT) == TEXT, "run: python tests/readme.py"
    assert TEXT.count("<!-- output:") >= 2


def test_the_script_for_a_first_run_is_there_and_has_a_finding() -> None:
    match = re.search(r"\.venv/bin/lintgrad check (\S+)", TEXT)
    assert match is not None
    run = lintgrad("check", match[1], cwd=ROOT)
    assert run.returncode == 1
    assert "LG101" in run.stdout


def test_a_first_use_goes_from_install_to_fixed_as_the_readme_has_it(tmp_path: Path) -> None:
    clone = tmp_path / "lintgrad"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, clone], check=True)
    (block,) = re.findall(r"```sh\n(python3 -m venv .+?)\n```", TEXT.split("## Settings")[0])

    def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, shell=True, cwd=folder, env=PLAIN, capture_output=True, text=True, check=False
        )

    first = shell(block, clone)
    assert first.returncode == 1, first.stderr
    assert first.stdout.startswith("fixtures/readme/train.py:13:9: LG101 ")

    def installed(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        del cwd  # the clone has the same scripts
        command = shlex.join([str(clone / ".venv/bin/lintgrad"), *map(str, arguments)])
        return shell(command, clone / "fixtures" / "readme")

    assert readme.rewritten(TEXT, installed) == TEXT
    script = clone / "fixtures" / "readme" / "train.py"
    script.write_text((script.parent / "fixed.py").read_text(encoding="utf-8"), encoding="utf-8")
    fixed = shell(".venv/bin/lintgrad check fixtures/readme/train.py", clone)
    assert (fixed.returncode, fixed.stdout, fixed.stderr) == (0, "", "")


def test_the_python_example_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"<!-- python -->\n```python\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.startswith("train.py 8 LG101 `optimizer` applies")
    assert "    1 train.py 7 adds gradients\n" in done.stdout


def test_the_table_of_settings_is_the_generated_one() -> None:
    assert "\n".join(settings_table()) in TEXT, "run: python -m lintgrad.docs"


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", TEXT):
        assert (ROOT / target).exists(), target


def test_there_is_one_line_to_run_the_tests() -> None:
    block = TEXT.split("<!-- test command -->")[1].split("<!-- end of test command -->")[0]
    assert len(block.strip().splitlines()) == 3  # the fence around one line
