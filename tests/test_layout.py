"""The house stays as it was designed: layers, file sizes, and what the wheel holds."""

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fixtures import ROOT

MODULES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "rules").rglob("*.py")])
NOT_USED = {"utils", "util", "helpers", "helper", "visitor", "manager", "handler", "checker"}


def test_files_stay_small_enough_to_be_read() -> None:
    sizes = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    large = {str(p.relative_to(ROOT)): n for p, n in sizes.items() if n > 300}
    assert large == {}


def test_functions_stay_short() -> None:
    long = [
        f"{path.name}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 40
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [p for p in MODULES if set(p.stem.split("_")) & NOT_USED] == []


def test_nothing_committed_depends_on_the_machine_it_was_made_on() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert tracked.stdout
    local = re.compile(r"(?<![\w.])/(work|home/\w+|root|Users)/")
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".yaml", ".yml"):
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not local.search(text), name


def test_the_wheel_holds_the_two_packages_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"lintgrad", "lintgrad_rules"}
    assert {"lintgrad/py.typed", "lintgrad_rules/py.typed"} <= set(names)
    assert not [name for name in names if name.endswith((".pyc", ".md"))]
