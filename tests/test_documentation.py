"""What the command line says of itself: help, pages of rules, and what a shell completes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from commands import in_a_terminal, lintgrad

from lintgrad.cli.main import commands
from lintgrad.docs import page
from lintgrad.registry import installed_rules
from lintgrad.settings.keys import OUTPUT_FORMATS

RULES = installed_rules()


def test_explain_gives_the_page_as_it_is_written_or_its_parts(tmp_path: Path) -> None:
    written = lintgrad("explain", "LG101", "--format", "markdown", cwd=tmp_path).stdout
    (rule,) = [rule for rule in RULES if rule.code == "LG101"]
    assert written == page(rule)
    assert lintgrad("explain", "LG101", cwd=tmp_path).stdout == written
    (value,) = json.loads(lintgrad("explain", "LG101", "--format", "json", cwd=tmp_path).stdout)
    assert list(value) == [
        "code", "name", "category", "severity", "summary", "explanation", "example",
        "use_instead", "known_limits", "references", "url",
    ]  # fmt: skip
    for name, part in value.items():
        assert part, name
    assert value["example"] in written
    assert value["use_instead"] in written
    assert all(reference.startswith("https://") for reference in value["references"])


def test_explain_is_laid_out_on_a_terminal(tmp_path: Path) -> None:
    laid_out = in_a_terminal(tmp_path, "explain", "LG101", NO_COLOR="1")
    assert "##" not in laid_out
    assert "```" not in laid_out
    assert "LG101 missing-zero-grad" in laid_out
    assert "optimizer.zero_grad()" in laid_out


@pytest.mark.parametrize("command", ["check", "explain", "rules", "trace", "completion"])
def test_every_command_says_what_it_does_and_every_option_what_it_is_for(
    command: str, tmp_path: Path
) -> None:
    text = lintgrad(command, "--help", cwd=tmp_path).stdout
    assert text.startswith(f"Usage: lintgrad {command} ")
    assert max(map(len, text.splitlines())) <= 80
    options = [p for p in commands.commands[command].params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []
    for line in text.splitlines():
        assert not line.rstrip().endswith("TEXT"), line


def test_a_shell_completes_commands_options_words_and_rules(tmp_path: Path) -> None:
    def completed(line: str) -> list[str]:
        words = line.split(" ")
        environment = {
            "_LINTGRAD_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        out = lintgrad(cwd=tmp_path, environment=environment).stdout
        return [found.partition(",")[2] for found in out.splitlines()]

    assert completed("lintgrad exp") == ["explain"]
    assert completed("lintgrad check --sel") == ["--select"]
    assert completed("lintgrad check --output-format g") == ["github", "gitlab"]
    assert completed("lintgrad check --output-format ") == list(OUTPUT_FORMATS)
    assert completed("lintgrad explain LG90") == ["LG901", "LG902"]
    assert completed("lintgrad check --select LG101,miss") == ["LG101,missing-zero-grad"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_script_for_bash_is_understood_by_bash(tmp_path: Path) -> None:
    script = lintgrad("completion", "bash", cwd=tmp_path).stdout
    # Tried as bash does it: the function is asked for what may follow.
    tried = f"""
{script}
PATH="{Path(sys.executable).parent}:$PATH"
COMP_WORDS=(lintgrad check --exit) COMP_CWORD=2
$(complete -p lintgrad | sed -E 's/.*-F ([^ ]+).*/\\1/') lintgrad
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "-c", tried],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "--exit-zero\n", done.stderr
    for shell in ("zsh", "fish"):
        assert "_LINTGRAD_COMPLETE" in lintgrad("completion", shell, cwd=tmp_path).stdout
