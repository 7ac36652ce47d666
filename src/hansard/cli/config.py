"""`hansard config`: the settings and their sources, and a settings file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from hansard.cli import output
from hansard.cli.context import settings_of, store_options


@click.group()
def command() -> None:
    """Show the settings and where each comes from, or write a settings file.

    A flag overrides the environment (HANSARD_STORE), which overrides the file (hansard.toml), which
    overrides the default.
    """


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@store_options
def show(store: str | None, config: Path | None, quiet: bool, as_json: bool) -> None:  # noqa: ARG001 - --quiet is taken everywhere
    """Show every setting and where it comes from. Passwords are masked."""
    from hansard.settings import NAMES, masked

    loaded = settings_of(config, store=store)
    if as_json:
        values = {
            name: masked(name, value)
            if isinstance(value := getattr(loaded.settings, name), str)
            else value
            for name in NAMES
        }
        output.document(
            {name: {"value": values[name], "source": loaded.sources[name]} for name in NAMES}
        )
        return
    rows = [
        (name, masked(name, getattr(loaded.settings, name)), loaded.sources[name]) for name in NAMES
    ]
    output.table(("setting", "value", "from"), rows, flexible="value")


@command.command()
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.  [default: ./hansard.toml]",
)
def init(file: Path | None, force: bool) -> None:
    """Write a settings file with every default.

    It describes each setting.
    """
    from hansard.errors import Conflict
    from hansard.private_files import replacing
    from hansard.settings import FILE

    target = file or FILE
    if target.exists() and not force:
        raise Conflict(f"{target} exists already: replace it with --force", code="target_exists")
    with replacing(target, keep_mode=True) as opened:  # a store's URL may hold a password
        opened.write(written().encode())
    click.echo(
        f"{target} holds every setting with its default. Remove the # before those that you change."
    )


@command.command()
@click.option(
    "--config", "file", metavar="FILE", type=click.Path(path_type=Path), help="The settings file."
)
def path(file: Path | None) -> None:
    """Print the path of the settings file in use. Exit code 3 when there is none."""
    from hansard.errors import NotFound
    from hansard.settings import file_in

    settings_file = file_in(os.environ, file)
    if not settings_file.is_file():
        raise NotFound(
            f"there is no settings file {settings_file}: hansard config init writes one",
            code="config_missing",
        )
    click.echo(settings_file.resolve())


def written() -> str:
    """The text of a settings file in which every setting has its default."""
    from hansard.settings import DEFAULTS, NAMES, described

    entries = [f"# {described(name)}\n#{name} = {json.dumps(DEFAULTS[name])}\n" for name in NAMES]
    return (
        "# Settings of Hansard. A flag or an environment variable such as HANSARD_PORT "
        "overrides this file.\n\n" + "\n".join(entries)
    )
