"""`lintgrad completion`: what a shell needs to complete commands, options and rules."""

import click
from click.shell_completion import get_completion_class

from lintgrad.errors import LintgradError

_VARIABLE = "_LINTGRAD_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what lets a shell complete commands.

    \b
    bash   echo 'eval "$(lintgrad completion bash)"' >> ~/.bashrc
    zsh    echo 'eval "$(lintgrad completion zsh)"' >> ~/.zshrc
    fish   lintgrad completion fish > ~/.config/fish/completions/lintgrad.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise LintgradError(f"no completion is known for {shell}")
    commands = click.get_current_context().find_root().command
    try:
        script = found(commands, {}, "lintgrad", _VARIABLE).source()
    except RuntimeError as error:  # bash is asked for its version
        raise LintgradError(str(error)) from None
    click.echo(script)
