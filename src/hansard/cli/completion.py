"""`hansard completion`: the script that completes commands and options in a shell."""

from __future__ import annotations

import click

_WHERE = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/hansard.fish"}


@click.command()
@click.argument("shell", type=click.Choice(tuple(_WHERE)))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  hansard completion bash >> ~/.bashrc
    zsh:   hansard completion zsh >> ~/.zshrc
    fish:  hansard completion fish > ~/.config/fish/completions/hansard.fish
    """  # noqa: D301 - Click looks for the backspace itself
    from click.shell_completion import get_completion_class

    from hansard.cli.root import root

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(root, {}, "hansard", "_HANSARD_COMPLETE").source())
