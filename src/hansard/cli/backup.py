"""`hansard backup`: one consistent state of the store in one file, while the server goes on."""

from __future__ import annotations

from pathlib import Path

import click

from hansard.cli import bars
from hansard.cli.context import CommandContext, store_command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@store_command()
async def command(context: CommandContext, file: Path) -> None:
    """Back the store up into FILE, which must not be there yet.

    Nobody waits for it: a server may go on writing. The file of an embedded store is a store itself; that of PostgreSQL is
    an archive. Either becomes a store again with:  hansard restore FILE
    """
    from hansard.app import open_store
    from hansard.errors import NotFound
    from hansard.settings import masked
    from hansard.store import file_of

    here = file_of(context.settings.store)
    if here is not None and not here.exists():
        raise NotFound(f"there is no store {here}", code="store_missing")
    store = open_store(context.settings)
    await store.open()
    try:
        with bars.share("backing up", quiet=context.quiet) as told:
            await store.backup(file, told)
    finally:
        await store.close()
    size = file.stat().st_size  # noqa: ASYNC240 - the command's last step
    if context.json:
        context.document(
            {"store": masked("store", context.settings.store), "file": str(file), "bytes": size}
        )
    context.say(
        f"{file} holds the store: {size:,} bytes. Look into it with:  hansard verify --store sqlite:///{file}"
        if here
        else f"{file}: {size:,} bytes."
    )
