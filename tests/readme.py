"""The outputs in the README: `python tests/readme.py` runs the commands and writes them anew."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from commands import lintgrad
from fixtures import FIXTURES, ROOT

README = ROOT / "README.md"
_OUTPUT = re.compile(
    r"<!-- output: (?P<command>.+?) -->\n```console\n.*?```\n<!-- end of output -->", re.DOTALL
)
_SCRIPT = re.compile(
    r"<!-- script: (?P<name>.+?) -->\n```python\n.*?```\n<!-- end of script -->", re.DOTALL
)


Command = Callable[..., subprocess.CompletedProcess[str]]


def rewritten(text: str, command: Command = lintgrad) -> str:
    """The README with the scripts as they are and the outputs as they come out now."""
    return _OUTPUT.sub(lambda match: _run(match, command), _SCRIPT.sub(_script, text))


def _script(match: re.Match[str]) -> str:
    text = (FIXTURES / "readme" / match["name"]).read_text(encoding="utf-8")
    return f"<!-- script: {match['name']} -->\n```python\n{text}```\n<!-- end of script -->"


def _run(match: re.Match[str], lintgrad: Command) -> str:
    command = match["command"]
    run = lintgrad(*shlex.split(command), cwd=FIXTURES / "readme")
    shown = f"$ lintgrad {command}\n{run.stdout.rstrip()}".rstrip()
    return f"<!-- output: {command} -->\n```console\n{shown}\n```\n<!-- end of output -->"


def main() -> None:
    text = README.read_text(encoding="utf-8")
    Path(README).write_text(rewritten(text), encoding="utf-8")


if __name__ == "__main__":
    main()
