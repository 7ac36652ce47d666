"""`hansard restore`: make a backup a store again."""

from __future__ import annotations

from pathlib import Path

import click

from hansard.cli import bars
from hansard.cli.context import CommandContext, store_command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@store_command()
async def command(context: CommandContext, file: Path) -> None:
    """Make FILE the store. Nothing is ever overwritten: the store must not be there yet, or be empty.

    Afterwards:  hansard verify
    """
    from hansard.app import open_store
    from hansard.settings import masked

    with bars.share("restoring", quiet=context.quiet) as told:
        await open_store(context.settings).restore(file, told)
    where = masked("store", context.settings.store)
    if context.json:
        context.document({"store": where, "file": str(file), "restored": True})
    context.say(f"{where} is what {file} held. Look it over with:  hansard verify --store {where}")
