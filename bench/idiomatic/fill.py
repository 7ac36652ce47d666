"""Fill the idiomatic server's tables from records on standard input, one JSON object a line.

usage: python bench/idiomatic/fill.py URL < records
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import asyncpg
from models import Base
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_BATCH = 5_000
_TABLES = Base.metadata.sorted_tables
_PLACES = {table.name: ", ".join("?" * len(table.columns)) for table in _TABLES}

Row = tuple[Any, ...]


def batches() -> Iterator[tuple[list[Row], list[Row]]]:
    """Rows of sessions and of messages, a few thousand sessions at a time."""
    number = 0
    while lines := list(islice(sys.stdin.buffer, _BATCH)):
        sessions, messages = [], []
        for session in map(json.loads, lines):
            sessions.append(_session(session))
            for seq, message in enumerate(session["messages"], 1):
                number += 1
                messages.append(
                    (
                        number,
                        session["id"],
                        seq,
                        message["role"],
                        message["text"],
                        json.dumps(message["parts"]),
                        _when(message["created_at"]),
                    )
                )
        yield sessions, messages


def _session(session: dict[str, Any]) -> Row:
    names = ("title", "channel", "state", "agent", "user")
    workspace = f"workspace-{session['workspace']:04d}"
    return (
        session["id"],
        workspace,
        *(session[name] for name in names),
        len(session["messages"]),
        _when(session["created_at"]),
        _when(session["updated_at"]),
        "{}",
    )


def _when(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def fill_sqlite(path: str) -> None:
    """Tables first, indexes after the rows."""
    sqlite3.register_adapter(datetime, lambda at: at.isoformat(" ", "microseconds"))
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode=off")
    connection.execute("pragma synchronous=off")
    dialect = sqlite.dialect()
    for table in _TABLES:
        connection.execute(str(CreateTable(table).compile(dialect=dialect)))
    for rows in batches():
        for table, batch in zip(_TABLES, rows, strict=True):
            connection.executemany(
                f"insert into {table.name} values ({_PLACES[table.name]})",  # noqa: S608 - names from our own tables
                batch,
            )
    connection.commit()
    for statement in _indexes(dialect):
        connection.execute(statement)
    connection.execute("analyze")
    connection.commit()
    connection.close()


async def fill_postgres(url: str) -> None:
    """Rows by COPY, indexes after them."""
    dialect = postgresql.dialect()
    connection = await asyncpg.connect(url)
    for table in reversed(_TABLES):
        await connection.execute(str(DropTable(table, if_exists=True).compile(dialect=dialect)))
    for table in _TABLES:
        await connection.execute(str(CreateTable(table).compile(dialect=dialect)))
    for rows in batches():
        for table, batch in zip(_TABLES, rows, strict=True):
            await connection.copy_records_to_table(table.name, records=batch)
    for statement in _indexes(dialect):
        await connection.execute(statement, timeout=900)
    await connection.execute(
        "select setval(pg_get_serial_sequence('messages', 'id'), (select max(id) from messages))"
    )
    await connection.execute("analyze", timeout=900)
    await connection.close()


def _indexes(dialect: Any) -> list[str]:
    return [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in _TABLES
        for index in table.indexes
    ]


if __name__ == "__main__":
    scheme, _, rest = sys.argv[1].partition("://")
    if scheme.startswith("sqlite"):
        fill_sqlite(rest.removeprefix("/"))
    else:
        asyncio.run(fill_postgres(f"postgresql://{rest}"))
