"""`lintgrad explain` and `lintgrad rules`: the rule modules' own documentation."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lintgrad.cli.options import Word, complete_rule

if TYPE_CHECKING:
    from lintgrad.rule import Rule


@click.command()
@click.argument("rule", shell_complete=complete_rule)
@click.option(
    "--format",
    "output_format",
    type=Word(["markdown", "json"]),
    help="The page as written, or its parts as JSON; a terminal gets it laid out if not given.",
)
def explain(rule: str, output_format: str | None) -> None:
    """Say what a rule finds, and why it matters.

    RULE is a code, a name or a prefix of codes. The page shows what is found and what comes of
    it, an example before and after, the known limits, and references.

    \b
    lintgrad explain LG101
    lintgrad explain missing-zero-grad --format json
    """
    from lintgrad.cli.output import prepare, write_lines
    from lintgrad.registry import installed_rules, matching

    prepare()
    found = matching(installed_rules(), rule)
    if output_format == "json":
        from lintgrad.docs import page_value

        values = [page_value(one) for one in found]
        write_lines(json.dumps(values, indent=2, ensure_ascii=False).split("\n"))
    elif output_format == "markdown" or not sys.stdout.isatty():
        from lintgrad.docs import page

        for one in found:
            write_lines(page(one).splitlines())
    else:
        _laid_out(found)


def _laid_out(rules: "Sequence[Rule]") -> None:
    """Print pages as a terminal can show them."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    from lintgrad.cli.output import terminal_width
    from lintgrad.docs import page

    width = min(terminal_width() or _WIDEST, _WIDEST)
    # Without a background of its own, text is as readable on a light screen as on a dark one.
    theme = Theme({"markdown.code": "bold cyan"})
    console = Console(width=width, highlight=False, emoji=False, theme=theme)
    for one in rules:
        console.print(Markdown(page(one), code_theme="ansi_dark"))


_WIDEST = 100
"""Columns beyond which running text is hard to read."""


@click.command()
def rules() -> None:
    """List the rules."""
    from lintgrad.cli.output import prepare, write_lines
    from lintgrad.registry import installed_rules

    prepare()
    known = installed_rules()
    width = max(len(rule.name) for rule in known)
    write_lines(
        f"{rule.code}  {rule.name:<{width}}  {rule.severity:<7}  {rule.summary}" for rule in known
    )
