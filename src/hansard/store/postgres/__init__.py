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
from hansard.store import statements
from hansard.store.postgres import backup, distribution, migrating, security
from hansard.store.postgres.combining import combined
from hansard.store.postgres.connecting import ServerConnection, connect, of_any_kind
from hansard.store.postgres.failures import (
    FAILURES,
    SERVER_FAILURES,
    Uncombined,
    Unknown,
    is_passing,
    sqlstate,
    translate,
)
from hansard.store.postgres.opening import unopened
from hansard.store.postgres.pool import ConnectionPool, NoConnection
from hansard.store.steps import GENERATION_TAKEN, Pause, Together, rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
    from pathlib import Path
    from typing import ParamSpec

    from hansard.observer import Observer
    from hansard.store.steps import Query, Row, Steps, Values

    P = ParamSpec("P")
    Ask = Callable[[ServerConnection, Query], Coroutine[Any, Any, list[Row]]]

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
        if observer is not None:
            self._ask = _observed(self._ask, observer)  # type: ignore[assignment, method-assign]  # nobody else pays for it
        self.url = url = url if writes else of_any_kind(url)
        self.in_flight: set[tuple[str, str]] = set()
        self._secured = row_security
        self._deadline = deadline
        self._cached = _CACHED if prepared else 0
        self._named = statements.load("postgres")
        self._pieces = statements.pieces("postgres")
        self._combines = True
        self._statements = {name: statements.numbered(sql) for name, sql in self._named.items()}
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
                self._combines = await distribution.extent(connection) is None
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
        for workspace_id, generation in connection.generations.items():
            self._reached.put(workspace_id, generation)
        if self._observer is not None:
            self._observer.commit(1, time.perf_counter() - began)
        return result

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

    async def _ask(self, connection: ServerConnection, query: Query) -> list[Row]:
        if query.many is not None:
            return await self._ask_many(connection, query.name, query.many)
        if isinstance(query, Together):
            return await self._ask_together(connection, query.parts)
        sql, names = (
            statements.numbered(statements.spelled(query.sql, "postgres"))
            if query.sql is not None
            else self._statements[query.name]
        )
        values = query.values
        arguments = [values[name] for name in names]
        rows: list[Any] = await connection.answer(connection.fetch(sql, *arguments))
        _note_generation(connection, query, rows)
        return rows

    async def _ask_many(
        self, connection: ServerConnection, name: str, many: Sequence[Values]
    ) -> list[Row]:
        """Run one statement for all rows where there is one.

        Each parameter is then a list of values.
        """
        rows: list[Any]
        if (of_rows := self._statements.get(name + "_rows")) is not None:
            sql, names = of_rows
            columns = [[values[each] for values in many] for each in names]
            rows = await connection.answer(connection.fetch(sql, *columns))
        else:
            sql, names = self._statements[name]
            arguments = [[values[each] for each in names] for values in many]
            rows = await connection.answer(connection.fetchmany(sql, arguments))
        return rows

    async def _ask_together(
        self, connection: ServerConnection, parts: Sequence[Query]
    ) -> list[Any]:
        """Run all as one statement: the way there and back is taken once."""
        if not self._combines or not all(map(self._is_combinable, parts)):
            return [await self._ask(connection, part) for part in parts]
        statement = combined(parts, self._spelled)
        arguments = statement.arguments(parts)
        try:
            rows: list[Any] = await connection.answer(connection.fetch(statement.sql, *arguments))
        except asyncpg.FeatureNotSupportedError as problem:
            self._combines = False
            raise Uncombined from problem
        brought = statement.rows(len(parts), rows[0])
        for part, of_part in zip(parts, brought, strict=True):
            _note_generation(connection, part, of_part)
        return brought

    def _is_combinable(self, query: Query) -> bool:
        """Whether one execution of a statement does what the query asks."""
        return query.many is None or query.name + "_rows" in self._named

    def _spelled(self, query: Query) -> str:
        if query.sql is not None:
            return statements.spelled(query.sql, "postgres")
        name = query.name if query.many is None else query.name + "_rows"
        return self._pieces.get(name) or self._named[name]

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


def _note_generation(connection: ServerConnection, query: Query, rows: Sequence[Row]) -> None:
    if query.name == GENERATION_TAKEN and rows:
        connection.generations[query.values["workspace_id"]] = rows[0][0]


def _observed(ask: Ask, observer: Observer) -> Ask:
    """``ask``, with each statement timed for the observer, a failed one included."""
    clock, seen = time.perf_counter, observer.statement

    async def observed(connection: ServerConnection, query: Query) -> list[Row]:
        began = clock()
        try:
            return await ask(connection, query)
        finally:
            seen(query.name, clock() - began)

    return observed
