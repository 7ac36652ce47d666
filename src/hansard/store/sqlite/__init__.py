"""The embedded store: one SQLite file, one writer that groups what waits, reads beside it."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, TypeVar

import apsw

from hansard import private_files
from hansard.errors import Invalid, StoreUnavailable
from hansard.store import statements
from hansard.store.sqlite import backup
from hansard.store.sqlite.connection import Connection
from hansard.store.sqlite.writer import Writer
from hansard.store.steps import Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    from hansard.store.steps import Row, Steps

    P = ParamSpec("P")

T = TypeVar("T")
_LONG_READERS = 2
_LONG_WAITING = 128
_SHORT_SECONDS = 5.0


class SQLiteStore:
    """Opens FILE of ``sqlite:///FILE``, a path relative to the working directory unless it begins with a slash.

    Short reads run where they are called: on the event loop a read of some microseconds beats a
    thread. Long reads run on threads with connections of their own.
    """

    def __init__(self, url: str, *, waiting: int = 4096, seconds: float = 30.0) -> None:
        _, separator, path = url.partition("///")
        if not separator or not path:
            raise Invalid(f"store {url!r} names no file: write sqlite:///FILE", param="store")
        self.url = url
        self.path = Path(path)
        self._statements = statements.load("sqlite")
        self.in_flight: set[tuple[str, str]] = set()
        self._seconds = seconds
        self._writer = Writer(self._connect, waiting)
        self._reader: Connection | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._local = local()
        self._long: list[Connection] = []
        self._reading = 0
        self._turn: dict[tuple[str, str], list[Row]] = {}

    async def open(self) -> None:
        if not self.path.parent.is_dir():
            raise StoreUnavailable(
                f"there is no folder {self.path.parent} for the store {self.path}",
                code="store_missing",
            )
        with contextlib.suppress(OSError):  # SQLite says it in words that are translated
            private_files.touch(self.path)  # the files beside it take its mode
        self._writer.start()
        self._reader = self._connect(min(self._seconds, _SHORT_SECONDS))
        self._threads = ThreadPoolExecutor(_LONG_READERS, "hansard-read")

    async def close(self) -> None:
        if self._threads is not None:
            await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._writer.stop)
        for connection in (self._reader, *self._long):
            if connection is not None:
                connection.close()
        self._reader = None

    async def migrate(self) -> list[str]:
        return await self._writer.call(_migrate)

    async def pending_migrations(self) -> list[str]:
        return [name for _, name, _ in await self._writer.call(_missing)]

    async def read(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        return self._reader.read(verb(*args, **kwargs))

    async def ask(self, name: str, workspace_id: str) -> list[Row]:
        rows = self._turn.get((name, workspace_id))
        if rows is None:
            if self._reader is None:
                raise StoreUnavailable("the store is closed")
            asyncio.get_running_loop().call_soon(self._turn.clear)
            rows = self._turn[name, workspace_id] = self._reader.read_one(
                Query(name, {"workspace_id": workspace_id})
            )
        return rows

    async def read_long(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._threads is None:
            raise StoreUnavailable("the store is closed")
        if self._reading >= _LONG_WAITING:
            raise StoreUnavailable(
                f"{self._reading} long reads wait already: try again", code="store_overloaded"
            )
        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: self._own().read(verb(*args, **kwargs))
            )
        finally:
            self._reading -= 1

    async def write(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._writer.call(lambda connection: connection.drive(verb(*args, **kwargs)))

    async def ping(self) -> None:
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        self._reader.read_one(Query(sql="select 1"))

    async def about(self) -> str:
        return f"SQLite {apsw.sqlite_lib_version()}"

    async def check(self) -> list[str]:
        return await asyncio.to_thread(backup.check, self.path)

    async def backup(self, target: Path, told: Callable[[float], None]) -> None:
        await asyncio.to_thread(backup.backup, self.path, target, told)

    async def restore(self, source: Path, told: Callable[[float], None]) -> None:
        await asyncio.to_thread(backup.restore, source, self.path, told)

    async def secure(self, role: str) -> list[str]:
        raise Invalid(
            f"a file has no role {role!r}: row-level security is PostgreSQL's", param="role"
        )

    async def scrub(self, *, seconds: float = 0.0) -> None:
        await self._writer.scrub(seconds=seconds)

    def _connect(self, seconds: float = 0) -> Connection:
        return Connection(self.path, self._statements, seconds)

    def _own(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect(self._seconds)
            self._long.append(connection)
        return connection


def _missing(connection: Connection) -> list[tuple[int, str, str]]:
    """The migrations that the file lacks; StoreUnavailable when it has one that this program does not know."""
    connection.script(
        "create table if not exists migrations (number integer primary key, name text not null, applied_at text not null default current_timestamp)"
    )
    rows = connection.execute("select number, name from migrations")
    return statements.missing_migrations("sqlite", {row[0]: row[1] for row in rows})


def _migrate(connection: Connection) -> list[str]:
    """Runs inside the writer's transaction, which holds the only write lock there is."""
    missing = _missing(connection)
    for number, name, sql in missing:
        connection.script(sql)
        connection.execute(
            "insert into migrations (number, name) values (:number, :name)",
            {"number": number, "name": name},
        )
    return [name for _, name, _ in missing]
