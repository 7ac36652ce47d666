"""`hansard backup`: one consistent state of the store in one file, while the server runs."""

from __future__ import annotations

from pathlib import Path

import click

from hansard.cli import bars
from hansard.cli.context import CommandContext, store_command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@store_command()
async def command(context: CommandContext, file: Path) -> None:
    """Back the store up into FILE, which must not exist yet.

    A server may keep writing meanwhile. The backup of a SQLite store is a SQLite store; that of
    PostgreSQL is an archive. Restore either with:  hansard restore FILE
    """
    from hansard.app import open_store
    from hansard.errors import NotFound
    from hansard.settings import file_of, masked

    source = file_of(context.settings.store)
    if source is not None and not source.exists():
        raise NotFound(f"there is no store {source}", code="store_missing")
    store = open_store(context.settings)
    await store.open()
    try:
        with bars.share("backing up", quiet=context.quiet) as on_progress:
            await store.backup(file, on_progress)
    finally:
        await store.close()
    size = file.stat().st_size  # noqa: ASYNC240 - the command's last step
    if context.json:
        context.document(
            {"store": masked("store", context.settings.store), "file": str(file), "bytes": size}
        )
    context.say(
        f"{file} holds the store: {size:,} bytes. Look into it with:  hansard verify --store sqlite:///{file}"
        if source
        else f"{file}: {size:,} bytes."
    )
