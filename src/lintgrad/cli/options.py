"""The options of `lintgrad check`."""

from collections.abc import Iterable
from typing import TypedDict

import click
from click.shell_completion import CompletionItem

from lintgrad.errors import nearest


class Options(TypedDict):
    """What a call of `lintgrad check` says, by the names of the options."""

    paths: tuple[str, ...]
    select: tuple[str, ...]
    extend_select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    extend_exclude: tuple[str, ...]
    force_exclude: bool
    confidence: str | None
    pedantic: bool
    output_format: str | None
    output_file: str | None
    quiet: bool
    exit_zero: bool
    statistics: bool
    show_settings: bool
    show_files: bool
    stdin_filename: str | None
    diff_base: str | None
    baseline: str | None
    write_baseline: str | None
    add_ignores: str | None
    jobs: int | None


def complete_rule(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The rules whose code or name begins so, for the shell."""
    del context, parameter
    from lintgrad.registry import installed_rules

    before, comma, last = incomplete.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{name}", help=rule.summary)
        for rule in installed_rules()
        for name in (rule.code, rule.name)
        if name.startswith(last)
    ]


class Word(click.Choice[str]):
    """One of a few words; the nearest one is proposed for any other."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word, if it is one of them."""
        words = list(self.choices)
        if value not in words:
            hint = nearest(value, words)
            self.fail(f"`{value}` is none of {', '.join(words)}{hint}", param, ctx)
        return value


def split(names: Iterable[str]) -> tuple[str, ...]:
    """Values as they may be given: one an option, or several with commas."""
    return tuple(part.strip() for name in names for part in name.split(",") if part.strip())


class CheckCommand(click.Command):
    """`lintgrad check`, whose `--add-ignores` takes a value only after an equals sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click would take the next path for the value."""
        end = args.index("--") if "--" in args else len(args)
        fixed = ["--add-ignores=" if arg == "--add-ignores" else arg for arg in args[:end]]
        return super().parse_args(ctx, fixed + args[end:])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options under headings, in the order in which they are declared."""
        options = (p for p in self.get_params(ctx) if isinstance(p, click.Option))
        records = {option.name: option.get_help_record(ctx) for option in options}
        for heading in _HEADINGS:
            shown = [r for n, r in records.items() if r is not None and _heading_of(n) == heading]
            with formatter.section(heading):
                formatter.write_dl(shown)


_HEADINGS = {
    "Choosing rules": ("select", "extend_select", "ignore", "confidence", "pedantic"),
    "Choosing files": (
        "exclude",
        "extend_exclude",
        "force_exclude",
        "stdin_filename",
        "show_files",
        "show_settings",
    ),
    "Silencing": ("diff_base", "baseline", "write_baseline", "add_ignores"),
    "Reporting": ("output_format", "output_file", "statistics", "quiet", "exit_zero"),
    "Other": (),
}


def _heading_of(name: str | None) -> str:
    return next((heading for heading, names in _HEADINGS.items() if name in names), "Other")
