"""`hansard restore`: make a backup a store again."""

from __future__ import annotations

from pathlib import Path

import click

from hansard.cli import bars
from hansard.cli.desk import Desk, at_desk


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@at_desk()
async def command(desk: Desk, file: Path) -> None:
    """Make FILE the store. Nothing is ever overwritten: the store must not be there yet, or be empty.

    Afterwards:  hansard verify
    """
    from hansard.app import open_store
    from hansard.settings import masked

    with bars.share("restoring", quiet=desk.quiet) as told:
        await open_store(desk.settings).restore(file, told)
    where = masked("store", desk.settings.store)
    if desk.json:
        desk.document({"store": where, "file": str(file), "restored": True})
    desk.say(f"{where} is what {file} held. Look it over with:  hansard verify --store {where}")
