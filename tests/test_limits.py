"""What a small source can ask of the parser: no source gets more memory than its share.

libcst 1.9 dies on 3,000 nested parentheses, takes 12 s and 2 GB for 1,000 nested calls, and is
quadratic in the length of operator and attribute chains. Here each gets a result, or a diagnostic.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import BUGGY
from everything import cost_of_file, sample
from measured import Cost

MEGABYTES = 256
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="nothing here says how much memory was used"
)

NESTED = {
    "parentheses": ("(", "1", ")"),
    "lists": ("[", "1", "]"),
    "dicts": ("{0: ", "1", "}"),
    "calls": ("f(", "1", ")"),
    "subscripts": ("a[", "1", "]"),
    "lambdas": ("lambda: ", "1", ""),
    "conditionals": ("1 if a else ", "1", ""),
    "negations": ("-", "1", ""),
    "nots": ("not ", "1", ""),
    "awaits": ("(yield ", "1", ")"),
    "comprehensions": ("[x for x in ", "y", "]"),
    "formatted strings": ("f'{", "1", "}'"),
    "starred": ("[*", "a", "]"),
    "powers": ("a ** ", "a", ""),
}
CHAINED = {
    "attributes": ("a", ".backward"),
    "calls": ("a", ".backward()"),
    "items": ("a", "[0]"),
    "called again": ("f", "(1)"),
    "sums": ("a", " + a"),
    "alternatives": ("a", " or a"),
    "comparisons": ("a", " < a"),
    "strings": ("'a'", " 'a'"),
    "assignments": ("a", " = a"),
    "arguments": ("f(a", ", a"),
}
BLOCKS = {
    "elif": "if a:\n    b\n" + "elif a:\n    b\n" * 5000,
    "nested blocks": "".join(f"{' ' * n}if a:\n" for n in range(99)) + " " * 99 + "b\n",
    "functions in functions": "".join(f"{' ' * n}def f():\n" for n in range(99)) + " " * 99 + "b\n",
    "decorators": "@f\n" * 5000 + "def g(): pass\n",
    "one line": f"x = [{'0, ' * 33_000}]\n",
    "one string": f"x = '{'a' * 100_000}'\n",
    "one comment": f"# {'a' * 100_000}\n",
    "one comment of comments": "#" * 100_000 + "\n",
    "comments of blanks": "# lintgrad: ignore[" + " " * 100_000 + "\n",
    "one statement after another": "a; " * 33_000 + "a\n",
    "with items": f"with {'a, ' * 3000}a: pass\n",
    "backslashes": "x = \\\n" * 3000 + "1\n",
    "blank lines": "\n" * 100_000,
    "branches in a loop": "for x in y:\n" + "    if a(): z.zero_grad()\n" * 1000,
    "optimizers": "".join(
        f"o{n} = torch.optim.SGD(m{n}.parameters())\no{n}.zero_grad()\nl.backward()\no{n}.step()\n"
        for n in range(200)
    ),
}


def _sources() -> dict[str, str]:
    found = {
        f"{n} nested {name}": a * n + b + c * n + "\n"
        for n in (90, 1000, 3000)
        for name, (a, b, c) in NESTED.items()
    }
    found |= {
        f"{n} {name} in a chain": a + b * n + ")" * a.count("(") + "\n"
        for n in (200, 1000, 5000)
        for name, (a, b) in CHAINED.items()
    }
    return found | BLOCKS


SOURCES = _sources()


@pytest.fixture(scope="module")
def meter() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "measured"],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    yield process
    process.communicate()


def cost(meter: subprocess.Popen[str], text: str) -> Cost:
    assert meter.stdin is not None
    assert meter.stdout is not None
    meter.stdin.write(json.dumps(text) + "\n")
    meter.stdin.flush()
    return Cost(**json.loads(meter.stdout.readline()))


@needs_proc
@pytest.mark.parametrize("name", SOURCES)
def test_a_source_gets_a_result_in_little_memory(meter: subprocess.Popen[str], name: str) -> None:
    found = cost(meter, f"import torch\n{SOURCES[name]}\nloss.backward()\n")
    print(f"{name}: {found.seconds:.2f} s, {found.megabytes:.0f} MB {found.codes}")
    assert found.died == 0
    assert not found.failures
    assert set(found.codes) <= {"LG901", "LG207"} or name == "optimizers"
    assert found.megabytes < MEGABYTES


COMMENTS = {
    "number signs": "#" * 100_000,
    "words": "# lintgrad " + "lintgrad " * 10_000,
    "codes": "# noqa: " + "A1, " * 25_000,
    "codes that are none": "# noqa: " + "A" * 100_000,
    "blanks": "#" + " " * 100_000 + "lintgrad",
    "names": f"# lintgrad: ignore[{'LG101, ' * 15_000}] reason",
    "brackets": "# lintgrad: ignore" + "[" * 100_000,
}


@pytest.mark.parametrize("name", COMMENTS)
def test_a_long_comment_is_read_once(tmp_path: Path, name: str) -> None:
    """The whole command, which looks into comments; what it says of them is not the point."""
    text = BUGGY + COMMENTS[name] + "\n# noqa: LG902\n"
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "lintgrad", "check", "."],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr == b""


@needs_proc
@pytest.mark.parametrize("path", sample(40, "ci"), ids=lambda path: path.name)
def test_installed_packages_are_read_as_if_they_trained(path: Path) -> None:
    """All of them are read by hand: see `everything`."""
    found = cost_of_file(path)
    assert found.died == 0, path
    assert not found.failures, path
