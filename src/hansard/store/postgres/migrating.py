"""The migrations of a database, applied while servers go on serving."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import asyncpg

from hansard.store import statements
from hansard.store.postgres import distribution

if TYPE_CHECKING:
    from hansard.store.postgres.connecting import ServerConnection

LOCK = "select number from migrations where number = 0 for update"
"""Whoever changes the tables holds this row until the end of the transaction."""
_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a migration that lost a deadlock is tried again."""
_TABLE = """
create table if not exists migrations (
  number bigint primary key, name text not null, applied_at timestamptz not null default now());
insert into migrations (number, name) values (0, 'lock') on conflict do nothing;
"""


async def migrate(connection: ServerConnection) -> list[str]:
    """Run the migrations that the database lacks; their names.

    Retried after a deadlock with a server that goes on serving meanwhile: nothing of the attempt
    happened then.
    """
    await connection.execute(_TABLE)
    for pause in _PAUSES:
        with contextlib.suppress(asyncpg.DeadlockDetectedError):
            return await _attempt(connection)
        await asyncio.sleep(pause)
    return await _attempt(connection)


async def pending(connection: ServerConnection) -> list[str]:
    """The names of the migrations that the database lacks."""
    is_new = await connection.fetchval("select to_regclass('migrations') is null")
    missing = statements.migrations("postgres") if is_new else await _missing(connection)
    return [name for _, name, _ in missing]


async def _attempt(connection: ServerConnection) -> list[str]:
    """All of them in one transaction."""
    async with connection.transaction():
        await connection.execute(LOCK)
        missing = await _missing(connection)
        extent = await distribution.extent(connection)
        if extent:
            await distribution.prepare(connection)
        for number, name, sql in missing:
            await connection.execute(sql)
            await connection.execute(
                "insert into migrations (number, name) values ($1, $2)", number, name
            )
        if extent:
            await distribution.distribute(connection)
    return [name for _, name, _ in missing]


async def _missing(connection: ServerConnection) -> list[tuple[int, str, str]]:
    """The migrations that the database lacks.

    StoreUnavailable when it has one that this program does not know.
    """
    rows = await connection.fetch("select number, name from migrations where number > 0")
    return statements.missing_migrations("postgres", {row[0]: row[1] for row in rows})
