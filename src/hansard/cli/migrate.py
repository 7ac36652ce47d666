"""`hansard migrate`: update a store's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from hansard.store import Store


@click.command()
@click.option(
    "--check", is_flag=True, help="Only say what is missing; exit code 1 when something is."
)
@click.option("--new-store", is_flag=True, help="Begin an empty store where one is missing.")
@store_command()
async def command(context: CommandContext, check: bool, new_store: bool) -> int | None:
    """Update the store's schema, or create the store.

    Migrations only go forward, and work while a server of the previous version runs.
    """
    from hansard.app import open_store
    from hansard.cli.first_run import check_that_none_was_here
    from hansard.settings import file_of, masked
    from hansard.store.statements import migrations

    check_that_none_was_here(context.settings, begin_anew=new_store)
    file = file_of(context.settings.store)
    if check and file is not None and not file.exists():  # opening it would make it
        names = [name for _, name, _ in migrations("sqlite")]
    else:
        names = await _opened(open_store(context.settings), check=check)
    if context.json:
        context.document(
            {
                "store": masked("store", context.settings.store),
                "pending" if check else "applied": names,
            }
        )
    elif check:
        context.say(
            f"Missing: {', '.join(names)}. Run: hansard migrate"
            if names
            else "The store is up to date."
        )
    else:
        context.say(f"Applied {', '.join(names)}." if names else "The store is up to date.")
    return 1 if check and names else None


async def _opened(store: Store, *, check: bool) -> list[str]:
    """The migrations that are missing, or those that were applied."""
    await store.open()
    try:
        return await store.pending_migrations() if check else await store.migrate()
    finally:
        await store.close()
