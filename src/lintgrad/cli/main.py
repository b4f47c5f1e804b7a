"""The entry point: commands, and errors as one line with an exit status."""

import gc
import os
import sys
from typing import NoReturn

import click

from lintgrad import __version__
from lintgrad.cli.check import check
from lintgrad.cli.completion import completion
from lintgrad.cli.documentation import explain, rules
from lintgrad.cli.trace import trace
from lintgrad.errors import LintgradError, nearest

CLEAN, FINDINGS, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130


class _Commands(click.Group):
    """The commands; one that is misspelled is told the nearest."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            ctx.fail(f"no such command `{name}`{nearest(name, self.commands)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lintgrad", message="%(prog)s %(version)s")
def commands() -> None:
    """Find PyTorch training loops whose gradients go wrong.

    \b
    lintgrad check                 check the files below the working folder
    lintgrad check train.py        check one file
    lintgrad explain LG101         say what a rule finds, and why it matters
    lintgrad trace train.py:40     show what was understood of a function

    Exit status: 0 if nothing was found, 1 if something was, 2 if lintgrad could not run.
    """


commands.add_command(check)
commands.add_command(completion)
commands.add_command(explain)
commands.add_command(rules)
commands.add_command(trace)


def main() -> NoReturn:
    """Run the command line and leave with its exit status."""
    gc.disable()  # syntax trees hold no cycles, and the collector costs a fifth of the parse
    try:
        _open_what_is_closed()
        status = commands.main(prog_name="lintgrad", standalone_mode=False)
        sys.stdout.flush()
    except LintgradError as error:
        _leave(COULD_NOT_RUN, f"lintgrad: {_in_one_line(str(error))}")
    except click.exceptions.NoArgsIsHelpError as error:
        _leave(COULD_NOT_RUN, error.format_message())
    except click.NoSuchOption as error:
        _leave(COULD_NOT_RUN, f"lintgrad: {_unknown_option(error)}")
    except click.ClickException as error:
        _leave(COULD_NOT_RUN, f"lintgrad: {error.format_message()}")
    except (click.Abort, KeyboardInterrupt):
        _leave(INTERRUPTED, "lintgrad: interrupted")
    except BrokenPipeError:
        # The reader has gone, as in `lintgrad check | head`: nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave(CLEAN, None)
    except OSError as error:
        _leave(COULD_NOT_RUN, f"lintgrad: {error.filename or 'the output'}: {error.strerror}")
    _leave(status if isinstance(status, int) else CLEAN, None)


def _open_what_is_closed() -> None:
    """Without a standard stream (`>&-`) what is written there goes nowhere."""
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # as long as we live
    sys.stdout = sys.stdout or nowhere
    sys.stderr = sys.stderr or nowhere


def _in_one_line(text: str) -> str:
    """A text whose line ends, which come of names in settings files, are spelled out."""
    return "\\n".join(text.splitlines())


def _unknown_option(error: click.NoSuchOption) -> str:
    parameters = error.ctx.command.params if error.ctx is not None else []
    known = [name for parameter in parameters for name in parameter.opts]
    return f"no such option `{error.option_name}`{nearest(error.option_name, known)}"


def _leave(status: int, message: str | None) -> NoReturn:
    """Exit at once: threads that still work on a large file are not waited for."""
    try:
        if message is not None:
            click.echo(message, err=True)
        sys.stderr.flush()
    finally:
        os._exit(status)
