"""The store for more than one process: PostgreSQL through a pool, whole transactions retried."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from hansard.byte_cache import MIB, ByteCache
from hansard.errors import Invalid, StoreUnavailable
from hansard.observer import Usage
from hansard.store.postgres import backup, distribution, migrating, security
from hansard.store.postgres.asking import Asking, observed
from hansard.store.postgres.connecting import ServerConnection, connect, of_any_kind
from hansard.store.postgres.failures import (
    FAILURES,
    SERVER_FAILURES,
    Unknown,
    is_passing,
    is_refusal,
    sqlstate,
    translate,
)
from hansard.store.postgres.opening import unopened
from hansard.store.postgres.pool import ConnectionPool, NoConnection
from hansard.store.steps import Pause, rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path
    from typing import ParamSpec

    from hansard.observer import Observer
    from hansard.store.steps import Row, Steps

    P = ParamSpec("P")

T = TypeVar("T")
_CACHED = 400  # prepared statements that each connection keeps


class PostgresStore:
    """Speaks to ``postgresql://…``.

    ``prepared=False`` is for a PgBouncer older than 1.21 in transaction mode.

    A statement may take ``seconds``; a whole transaction is tried again until ``deadline``;
    ``waiting`` callers may wait for a connection. One that never ``writes`` takes a standby too.
    With ``row_security`` every transaction says which workspace it is of, and the store refuses to
    open where the database would not hold it to that.
    """

    def __init__(  # noqa: PLR0913 - the limits of a backend
        self,
        url: str,
        *,
        connections: int = 10,
        prepared: bool = True,
        deadline: float = 10.0,
        seconds: float = 30.0,
        waiting: int = 2048,
        writes: bool = True,
        row_security: bool = False,
        warn: Callable[[str], None] = lambda _: None,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self._asking = Asking()
        self._ask = self._asking.ask if observer is None else observed(self._asking.ask, observer)
        self.url = url = url if writes else of_any_kind(url)
        self.in_flight: set[tuple[str, str]] = set()
        self._secured = row_security
        self._deadline = deadline
        self._cached = _CACHED if prepared else 0
        self._pool = ConnectionPool(
            url,
            size=connections,
            cached=self._cached,
            seconds=seconds,
            idle_seconds=deadline,
            waiting=waiting,
            warn=warn,
        )
        self._reached = ByteCache[str, int](MIB, "reached_generations")
        self._turn: dict[tuple[str, str], asyncio.Task[list[Row]]] = {}

    async def open(self) -> None:
        try:
            await self._pool.open(self._deadline)
            async with self._connection() as connection:
                await (security.require if self._secured else security.refuse)(connection)
                # Citus takes no insert beside another statement.
                self._asking.combines = await distribution.extent(connection) is None
        except (*FAILURES, ValueError, OverflowError) as problem:
            await self.close()
            raise unopened(problem, self.url, self._deadline) from problem
        except StoreUnavailable:
            await self.close()
            raise

    async def close(self) -> None:
        await self._pool.close(self._deadline)

    async def scrub(self, *, seconds: float = 0.0) -> None:
        """Left to the database's vacuum."""

    async def ping(self) -> None:
        try:
            await self._pool.ping()
        except FAILURES as problem:
            raise translate(problem) from problem

    def usage(self) -> list[Usage]:
        return self._pool.usage

    async def size(self) -> int:
        async with self._connection() as connection:
            if await distribution.extent(connection):
                return await distribution.size(connection)
            return int(await connection.fetchval("select pg_database_size(current_database())"))

    async def about(self) -> str:
        async with self._connection() as connection:
            version = f"PostgreSQL {await connection.fetchval('show server_version')}"
            extent = await distribution.extent(connection)
            return f"{version}, {extent}" if extent else version

    async def check(self) -> list[str]:
        """The server checks its pages itself, where its cluster was made with checksums."""
        return []

    async def backup(self, target: Path, on_progress: Callable[[float], None]) -> None:
        try:
            async with self._unhurried() as connection:
                await backup.backup(connection, target, on_progress)
        except StoreUnavailable as problem:
            if isinstance(problem.__cause__, asyncpg.InsufficientPrivilegeError):
                raise StoreUnavailable(
                    "row-level security hides rows from this role: back up as one that is exempt",
                    code="row_security_ineffective",
                ) from problem
            raise

    async def restore(self, source: Path, on_progress: Callable[[float], None]) -> None:
        await self.open()
        try:
            await self.migrate()
            async with self._unhurried() as connection:
                await backup.restore(connection, source, on_progress)
        finally:
            await self.close()

    async def secure(self, role: str) -> list[str]:
        async with self._unhurried() as connection:
            return await security.secure(connection, role)

    async def distribute(self, shards: int | None = None) -> list[str]:
        async with self._unhurried() as connection, connection.transaction():
            await connection.execute(migrating.LOCK)
            return await distribution.distribute(connection, shards)

    async def compact(self, on_progress: Callable[[float], None]) -> int:
        del on_progress
        raise Invalid("there is nothing to make smaller: PostgreSQL has one form", param="store")

    async def migrate(self) -> list[str]:
        if not await self.pending_migrations():
            return []
        async with self._unhurried() as connection:
            return await migrating.migrate(connection)

    async def pending_migrations(self) -> list[str]:
        async with self._connection() as connection:
            return await migrating.pending(connection)

    async def read(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._retried(self._plain, lambda: verb(*args, **kwargs))

    async def ask(self, name: str, workspace_id: str) -> list[Row]:
        query = self._turn.get((name, workspace_id))
        if query is None:
            loop = asyncio.get_running_loop()
            query = self._turn[name, workspace_id] = loop.create_task(
                self.read(rows, name, workspace_id=workspace_id)
            )
            loop.call_soon(
                self._turn.pop, (name, workspace_id)
            )  # right behind the task's first step, which sends the statement
        return await asyncio.shield(query)

    def reached(self, workspace_id: str) -> int | None:
        return self._reached.get(workspace_id)

    async def snapshot(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._retried(self._snapshot, lambda: verb(*args, **kwargs))

    async def write(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._retried(self._transaction, lambda: verb(*args, **kwargs))

    write_behind = write

    @property
    def saves_trips(self) -> bool:
        return self._asking.combines and not self._secured

    async def write_single(
        self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        failures: list[BaseException] = []

        async def attempt(connection: ServerConnection, steps: Steps[T]) -> T:
            if not self.saves_trips:
                raise StoreUnavailable("the store was distributed just now: try again")
            try:
                return await self._single(connection, steps)
            except FAILURES as problem:
                failures.append(problem)
                raise

        try:
            return await self._retried(attempt, lambda: verb(*args, **kwargs))
        except StoreUnavailable as problem:
            if all(map(is_refusal, failures)):
                raise
            raise Unknown from problem

    async def _retried(
        self,
        attempt: Callable[[ServerConnection, Steps[T]], Awaitable[T]],
        begin: Callable[[], Steps[T]],
    ) -> T:
        """Retry a whole transaction while its failure is transient, until the deadline."""
        until = time.monotonic() + self._deadline
        pause = 0.005
        failure: BaseException | None = None
        while True:
            try:
                async with self._pool.lend(until) as connection:
                    return await attempt(connection, begin())
            except NoConnection:
                if failure is None:
                    raise
                raise translate(failure) from failure
            except FAILURES as problem:
                failure = problem
                self._reached.clear()  # another server may answer now, which lacks what was written
                if not is_passing(problem) or time.monotonic() + pause > until:
                    raise translate(problem) from problem
                if self._observer is not None:
                    self._observer.retry(sqlstate(problem) or type(problem).__name__)
            await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - jitter
            pause = min(pause * 2, 1.0)

    async def _plain(self, connection: ServerConnection, steps: Steps[T]) -> T:
        if self._secured:
            return await self._read_only(connection, steps)
        return await self._drive(connection, steps)

    async def _snapshot(self, connection: ServerConnection, steps: Steps[T]) -> T:
        return await self._read_only(connection, steps, isolation="repeatable_read")

    async def _read_only(
        self, connection: ServerConnection, steps: Steps[T], **options: Any  # noqa: ANN401 - asyncpg's own
    ) -> T:  # fmt: skip
        transaction, result = await self._begun(connection, steps, readonly=True, **options)
        await connection.answer(transaction.commit())
        return result

    async def _transaction(self, connection: ServerConnection, steps: Steps[T]) -> T:
        connection.generations.clear()
        transaction, result = await self._begun(connection, steps)
        began = time.perf_counter()
        try:
            await connection.answer(transaction.commit())
        except FAILURES as problem:
            if sqlstate(problem) in {"40001", "40P01"}:
                raise
            raise Unknown from problem
        self._committed(connection, began)
        return result

    async def _single(self, connection: ServerConnection, steps: Steps[T]) -> T:
        """Run ``steps`` without a transaction around it."""
        connection.generations.clear()
        began = time.perf_counter()
        result = await self._drive(connection, steps)
        self._committed(connection, began)
        return result

    def _committed(self, connection: ServerConnection, began: float) -> None:
        """Note what a write has come to whose commit began then."""
        for workspace_id, generation in connection.generations.items():
            self._reached.put(workspace_id, generation)
        if self._observer is not None:
            self._observer.commit(1, time.perf_counter() - began)

    async def _begun(
        self, connection: ServerConnection, steps: Steps[T], **options: Any  # noqa: ANN401 - asyncpg's own
    ) -> tuple[Any, T]:  # fmt: skip
        """Run ``steps`` in a transaction that then waits for its commit; also their result."""
        transaction = connection.transaction(**options)
        await connection.answer(transaction.start())
        try:
            return transaction, await self._drive(connection, steps)
        except BaseException:
            with contextlib.suppress(*FAILURES):
                await connection.answer(transaction.rollback())
            raise

    async def _drive(self, connection: ServerConnection, steps: Steps[T]) -> T:
        tenant = None
        try:
            query = next(steps)
            while True:
                if self._secured:
                    tenant = await connection.answer(security.act_for(connection, query, tenant))
                if type(query) is Pause:
                    await asyncio.sleep(0)
                    query = steps.send([])
                else:
                    query = steps.send(await self._ask(connection, query))
        except StopIteration as done:
            result: T = done.value
            return result

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[ServerConnection]:
        """A connection of the pool for something that is not tried again."""
        try:
            async with self._pool.lend(time.monotonic() + self._deadline) as connection:
                connection.expect()
                yield connection
        except SERVER_FAILURES as problem:
            raise translate(problem) from problem

    @contextlib.asynccontextmanager
    async def _unhurried(self) -> AsyncIterator[ServerConnection]:
        """A connection outside the pool for work without a time limit: migrations, backups."""
        try:
            connection = await connect(self.url, statement_cache_size=self._cached)
            try:
                yield connection
            finally:
                connection.terminate()
        except SERVER_FAILURES as problem:
            raise translate(problem) from problem
