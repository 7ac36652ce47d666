"""`hansard restore`: create a store from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from hansard.cli import bars
from hansard.cli.context import CommandContext, store_command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@store_command(makes_store=True)
async def command(context: CommandContext, file: Path) -> None:
    """Create the store from FILE. Nothing is overwritten: the store must be missing or empty.

    Afterwards:  hansard verify
    """
    from hansard.app import open_store
    from hansard.settings import masked

    with bars.share("restoring", quiet=context.quiet) as on_progress:
        await open_store(context.settings).restore(file, on_progress)
    store = masked("store", context.settings.store)
    if context.json:
        context.document({"store": store, "file": str(file), "restored": True})
    context.say(f"{store} is what {file} held. Look it over with:  hansard verify --store {store}")
