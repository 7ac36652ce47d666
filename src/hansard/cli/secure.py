"""`hansard secure`: row-level security on PostgreSQL."""

from __future__ import annotations

import click

from hansard.cli.context import CommandContext, store_command


@click.command()
@click.option(
    "--role",
    required=True,
    metavar="NAME",
    help="The server's role: neither a superuser nor exempt from row-level security.",
)
@store_command()
async def command(context: CommandContext, role: str) -> None:
    """Add row-level security to every tenant table, and let ROLE use them.

    Run it as the owner of the tables, and again after each migration. Then start the server with a
    store URL of ROLE and row_security = true. It refuses to start when ROLE could see the rows of
    every workspace.
    """
    from hansard.app import open_store

    store = open_store(context.settings)
    await store.open()
    try:
        await store.migrate()
        tables = await store.secure(role)
    finally:
        await store.close()
    if context.json:
        context.document({"role": role, "tables": tables})
    context.say(
        f"{len(tables)} tables show {role} the rows of one workspace at a time. "
        "Next: row_security = true in the server's settings."
    )
