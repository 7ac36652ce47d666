"""`hansard migrate`: update a store's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hansard.cli import bars, output
from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from hansard.store import Store


@click.command()
@click.option(
    "--check", is_flag=True, help="Only say what is missing; exit code 1 when something is."
)
@click.option(
    "--compact",
    is_flag=True,
    help="Afterwards rewrite an earlier version's data in the compact form.",
)
@click.option("--distribute", is_flag=True, help="Then spread the tables over the nodes of Citus.")
@click.option(
    "--shards",
    type=click.IntRange(1, 64_000),
    metavar="N",
    help="With --distribute: into how many shards.  [default: Citus' own, 32]",
)
@click.option("--new-store", is_flag=True, help="Begin an empty store where one is missing.")
@store_command(makes_store=True)
async def command(
    context: CommandContext,
    check: bool,
    compact: bool,
    distribute: bool,
    shards: int | None,
    new_store: bool,
) -> int | None:
    """Update the store's schema, or create the store.

    Migrations only go forward, and work while a server of the previous version runs. Counters
    that an earlier version lacked are rebuilt from the messages. If interrupted, run it again: it
    continues.

    --compact makes the file of an earlier version smaller, as new ones are: once, after the servers
    of that version have stopped, since they cannot read the result. Servers of this version may run
    meanwhile; only at the end, while the file is written anew, writes wait, some ten seconds for a
    gigabyte. If interrupted, run it again: it continues. It also takes the pages out of the file
    that a migration left empty.

    --distribute makes the store one of Citus: run it on the coordinator, with the servers stopped
    where there are many rows to move. It can be run again. Later migrations distribute their own
    tables.
    """
    from hansard.app import open_store
    from hansard.cli.first_run import check_that_none_was_here
    from hansard.settings import file_of, masked
    from hansard.store.statements import migrations

    _check_options(check + compact + distribute, alone=shards is not None and not distribute)
    check_that_none_was_here(context.settings, begin_anew=new_store)
    file = file_of(context.settings.store)
    if check and file is not None and not file.exists():  # opening it would make it
        names = [name for _, name, _ in migrations("sqlite")]
    else:
        names = await _opened(open_store(context.settings), context, check=check)
    if compact:
        await _compacted(context, names)
        return None
    if distribute:
        await _distributed(context, shards, names)
        return None
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


def _check_options(modes: int, *, alone: bool) -> None:
    if modes > 1:
        raise click.UsageError("--check, --compact and --distribute exclude each other")
    if alone:
        raise click.UsageError("--shards needs --distribute")


async def _compacted(context: CommandContext, applied: list[str]) -> None:
    from hansard.app import open_store

    store = open_store(context.settings)
    await store.open()
    try:
        before = await store.size()
        with bars.share("Making the store smaller", quiet=context.quiet) as show:
            count = await store.compact(show)
        after = await store.size()
    finally:
        await store.close()
    was = f"The store has {after:,} bytes"
    report = (
        f"{was} instead of {before:,}."
        if after < before
        else f"{was}: it has the smaller form already."
    )
    document = {"applied": applied, "messages": count, "before": before, "bytes": after}
    context.result(document, report)


async def _distributed(context: CommandContext, shards: int | None, applied: list[str]) -> None:
    from hansard.app import open_store

    store = open_store(context.settings)
    await store.open()
    try:
        tables = await store.distribute(shards)
        about = await store.about()
    finally:
        await store.close()
    spread = f"Spread {', '.join(tables)}" if tables else "Every table was spread before"
    document = {"applied": applied, "distributed": tables, "database": about}
    context.result(document, f"{spread}. It is {about}.")


async def _opened(store: Store, context: CommandContext, *, check: bool) -> list[str]:
    """The migrations that are missing, or those that were applied."""
    await store.open()
    try:
        if check:
            return await store.pending_migrations()
        applied = await store.migrate()
        await _recount(store, context)
        return applied
    finally:
        await store.close()


async def _recount(store: Store, context: CommandContext) -> None:
    """Count the sessions of an earlier version again; run once more, it continues."""
    from hansard.service import Service

    service = await Service.on(store)
    if not await service.recount.is_due():
        return
    with bars.share("Counting sessions again", quiet=context.quiet) as show:
        count = await service.recount.run(show)
    if not context.quiet:
        output.note(f"Counted {count:,} sessions again.")
