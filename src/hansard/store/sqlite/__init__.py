"""The embedded store: one SQLite file, one writer that groups what waits, reads beside it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import apsw

from hansard import private_files
from hansard.errors import Invalid, StoreUnavailable
from hansard.observer import Observer, Usage, in_this_context
from hansard.store import statements
from hansard.store.search_rows import NEW_STORE
from hansard.store.sqlite import backup, compaction
from hansard.store.sqlite.connection import Connection, Overrun
from hansard.store.sqlite.file_identity import FileIdentity
from hansard.store.sqlite.machine_clock import MachineClock
from hansard.store.sqlite.readers import Readers
from hansard.store.sqlite.separators import Separators
from hansard.store.sqlite.writer import Writer
from hansard.store.steps import Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    from hansard.store.steps import Row, Steps

    P = ParamSpec("P")

T = TypeVar("T")
_BUDGET = 0.003
"""Seconds that a read may hold the event loop."""
_FREE = 0.02
"""The share of empty pages that is worth writing the file anew."""


class SQLiteStore:
    """The store in one file, ``sqlite:///FILE``.

    The path is relative to the working directory unless it begins with a slash.

    A read begins on the event loop, where some microseconds of work beat a thread. One that uses
    its budget up is begun anew on a thread with a connection of its own.
    """

    def __init__(
        self,
        url: str,
        *,
        waiting: int = 4096,
        seconds: float = 30.0,
        clock: MachineClock | None = None,
        observer: Observer | None = None,
    ) -> None:
        _, separator, path = url.partition("///")
        if not separator or not path:
            raise Invalid(f"store {url!r} names no file: write sqlite:///FILE", param="store")
        self.url = url
        self.path = Path(path)
        self._statements = statements.load("sqlite")
        self.in_flight: set[tuple[str, str]] = set()
        self._seconds = seconds
        self._clock = clock or MachineClock()
        self._separators = Separators()
        self._file = FileIdentity(self.path)
        self._observer = observer
        self._writer = Writer(self._connect, waiting, self._file.check, observer)
        self._reader: Connection | None = None
        self._readers = Readers(lambda: self._connect(self._seconds))
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
        self._reader = self._connect(self._seconds)
        self._file.note()
        self._readers.start()
        self._note_form()
        with contextlib.suppress(StoreUnavailable):  # a full disk must not keep it from being read
            await self._writer.call(self._clock.start)

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        await asyncio.to_thread(self._readers.stop)
        await asyncio.to_thread(self._writer.stop)
        if reader is not None:
            reader.close()

    async def migrate(self) -> list[str]:
        applied = await self._writer.call(_migrate)
        await self._writer.call(self._clock.start)
        self._note_form()
        return applied

    def _note_form(self) -> None:
        """Take the quicker statements for a store that was made in the form of this version."""
        assert self._reader is not None  # noqa: S101 - the callers opened it
        known = "select 1 from sqlite_master where type = 'table' and name = 'storage_form'"
        if not self._reader.read_one(Query("storage_form", sql=known)):
            return
        first = Query("storage_form", sql="select first_handle from storage_form")
        if self._reader.read_one(first) == [(0,)]:
            self._statements.update(statements.load("sqlite", NEW_STORE))

    async def pending_migrations(self) -> list[str]:
        """Looked up beside the writer, without changing anything."""
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        return [name for _, name, _ in statements.missing_migrations("sqlite", self._applied())]

    def _applied(self) -> dict[int, str]:
        assert self._reader is not None  # noqa: S101 - the caller looked
        known = "select 1 from sqlite_master where type = 'table' and name = 'migrations'"
        if not self._reader.read_one(Query("migrations", sql=known)):
            return {}
        applied = Query("migrations", sql="select number, name from migrations")
        return {row[0]: row[1] for row in self._reader.read_one(applied)}

    async def read(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        owner = _owner(args)
        if not self._readers.ran_over_lately(owner, verb):
            try:
                return self._reader.read(verb(*args, **kwargs), _BUDGET)
            except Overrun:
                self._readers.ran_over(owner, verb)

        def work(connection: Connection) -> T:
            return connection.read(verb(*args, **kwargs))

        if self._observer is not None:  # so that it sees whose statements they are
            return await self._readers.run(owner, in_this_context(work))
        return await self._readers.run(owner, work)

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

    def reached(self, workspace_id: str) -> int | None:
        return self._writer.reached.get(workspace_id)

    async def snapshot(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.read(verb, *args, **kwargs)

    async def write(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        def work(connection: Connection) -> T:
            result = connection.drive(verb(*args, **kwargs))
            self._separators.note_need(connection)
            return result

        return await self._writer.call(work)

    async def write_behind(
        self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._writer.call(
            lambda connection: connection.drive(verb(*args, **kwargs)), is_patient=True
        )

    @property
    def saves_trips(self) -> bool:
        return False

    async def write_single(
        self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.write(verb, *args, **kwargs)

    async def ping(self) -> None:
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        self._file.check()
        self._reader.read_one(Query("ping", sql="select 1"))

    def usage(self) -> list[Usage]:
        return [self._writer.usage, *self._readers.usage]

    async def size(self) -> int:
        return backup.size(self.path)

    async def about(self) -> str:
        return f"SQLite {apsw.sqlite_lib_version()}"

    async def check(self) -> list[str]:
        return await asyncio.to_thread(backup.check, self.path)

    async def backup(self, target: Path, on_progress: Callable[[float], None]) -> None:
        await asyncio.to_thread(backup.backup, self.path, target, on_progress)

    async def restore(self, source: Path, on_progress: Callable[[float], None]) -> None:
        await asyncio.to_thread(backup.restore, source, self.path, on_progress)

    async def secure(self, role: str) -> list[str]:
        raise Invalid(
            f"a file has no role {role!r}: row-level security is PostgreSQL's", param="role"
        )

    async def distribute(self, shards: int | None = None) -> list[str]:
        del shards
        raise Invalid("a file is on one machine: only PostgreSQL with Citus spreads", param="store")

    async def compact(self, on_progress: Callable[[float], None]) -> int:
        total = await self.read(compaction.total)
        share, messages = 1 / max(1, sum(total)), 0
        done, began = 0, time.monotonic()
        while any(step := await self.write(compaction.step)):
            done += sum(step)
            messages += step.messages
            on_progress(min(1.0, done * share))
            await asyncio.sleep((time.monotonic() - began) / 2)  # another process may write now
            began = time.monotonic()
        if any(total) or await asyncio.to_thread(backup.free_share, self.path) > _FREE:
            await asyncio.to_thread(backup.vacuum, self.path)
        return messages

    async def scrub(self, *, seconds: float = 0.0) -> None:
        with contextlib.suppress(StoreUnavailable):  # the next one looks at them as well
            while self._separators:
                await self._writer.call(self._separators.clean)
        await self._writer.scrub(seconds=seconds)

    def _connect(self, seconds: float = 0) -> Connection:
        connection = Connection(
            self.path,
            self._statements,
            seconds,
            before_read=self._file.check_now_and_then,
            observer=self._observer,
        )
        self._clock.add_functions(connection.db)
        self._separators.add_functions(connection.db)
        return connection


def _owner(args: tuple[object, ...]) -> str:
    """Whose a read is: of the workspace that is the first argument of nearly every verb."""
    first = args[0] if args else ""
    return str(getattr(first, "workspace_id", first))


def _missing(connection: Connection) -> list[tuple[int, str, str]]:
    """The migrations that the file lacks.

    StoreUnavailable when it has one that this program does not know.
    """
    connection.script(
        "create table if not exists migrations (number integer primary key, name text not null, "
        "applied_at text not null default current_timestamp)"
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
