"""Tables of other programs' SQLite files, opened for reading and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from hansard.interchange.records import Unreadable

MAGIC = b"SQLite format 3\x00"
_LONGEST = 64 * 1024 * 1024
CLOSED = "the database cannot be opened"
_WAIT_MS = 2000


class Database:
    """Only what is asked for is read. Raises Unreadable where that cannot be."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def has_table(self, table: str) -> bool:
        return self._connection.table_exists(None, table)

    def has_rows(self, table: str) -> bool:
        return next(self._rows(f'select 1 from "{table}" limit 1', ()), None) is not None  # noqa: S608 - the name is a constant of a format

    def keys(self, table: str, prefix: str) -> list[str]:
        """The keys that begin with ``prefix``, in order."""
        behind = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        sql = f'select key from "{table}" where key >= ? and key < ? order by key'  # noqa: S608 - the name is a constant of a format
        return [row[0] for row, _ in self._rows(sql, (prefix, behind))]

    def rows(self, table: str, order: str, **where: str) -> Iterator[dict[str, Any]]:
        """The rows in which each column of ``where`` has its value, with all columns by name."""
        conditions = " and ".join(f'"{column}" = ?' for column in where) or "true"
        sql = f'select * from "{table}" where {conditions} order by {order}'  # noqa: S608 - the names are constants of a format
        for row, names in self._rows(sql, tuple(where.values())):
            yield dict(zip(names, row, strict=True))

    def _rows(
        self, sql: str, values: tuple[str, ...]
    ) -> Iterator[tuple[tuple[Any, ...], list[str]]]:
        """The rows of a statement, each with the names of its columns."""
        try:
            cursor = self._connection.execute(sql, values)
            for row in cursor:
                yield row, [column[0] for column in cursor.getdescription()]
        except apsw.Error as problem:
            message = f"the database cannot be read: {problem}"
            raise Unreadable(message) from problem

    def value(self, table: str, column: str, **where: str) -> bytes | None:
        """A value, text as UTF-8; None when it is absent or larger than 64 MiB."""
        conditions = " and ".join(f'"{name}" = ?' for name in where)
        sql = (
            f'select "{column}" from "{table}" where {conditions} '  # noqa: S608 - the names are constants of a format
            f'and length("{column}") <= {_LONGEST}'
        )
        row, _ = next(self._rows(sql, tuple(where.values())), ((None,), None))
        if row[0] is None:
            return None
        return row[0] if isinstance(row[0], bytes) else str(row[0]).encode()


@contextmanager
def opened(path: Path) -> Iterator[Database | None]:
    """The database for reading; None when it cannot be read as one."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    try:
        connection = apsw.Connection(f"file:{quote(str(path.absolute()))}?mode=ro", flags=flags)
    except apsw.Error:
        yield None
        return
    try:
        connection.set_busy_timeout(_WAIT_MS)
        yield Database(connection) if _is_sound(connection) else None
    finally:
        connection.close()


def _is_sound(connection: apsw.Connection) -> bool:
    try:
        connection.execute("select count(*) from sqlite_schema").fetchone()
    except apsw.Error:
        return False
    return True
