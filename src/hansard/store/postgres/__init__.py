"""The store for more than one process: PostgreSQL through a pool, whole transactions retried."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from hansard.errors import StoreUnavailable
from hansard.store import statements
from hansard.store.postgres import backup, security
from hansard.store.postgres.failures import REFUSED, RETRIED, Unknown, translate
from hansard.store.postgres.opening import unopened
from hansard.store.steps import rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path
    from typing import ParamSpec

    from hansard.store.steps import Query, Row, Steps, Values

    P = ParamSpec("P")

T = TypeVar("T")
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)
Connection = Any
"""What the pool lends: asyncpg's proxy of a connection, which its types do not describe."""


class PostgresStore:
    """Speaks to ``postgresql://…``; ``prepared=False`` is for a PgBouncer older than 1.21 in transaction mode.

    A statement may take ``seconds``; a whole transaction is tried again until ``deadline``; ``waiting`` callers may wait for a
    connection. With ``row_security`` every transaction says which workspace it is of, and the store refuses to open where the
    database would not hold it to that.
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
        row_security: bool = False,
    ) -> None:
        self.url = url
        self.in_flight: set[tuple[str, str]] = set()
        self._seconds = seconds
        self._waiting = waiting
        self._inside = 0
        self._secured = row_security
        self._connections = connections
        self._prepared = prepared
        self._deadline = deadline
        self._statements = {
            name: statements.numbered(sql) for name, sql in statements.load("postgres").items()
        }
        self._lent: asyncpg.Pool[Any] | None = None
        self._turn: dict[tuple[str, str], asyncio.Task[list[Row]]] = {}

    async def open(self) -> None:
        try:
            self._lent = await asyncpg.create_pool(
                self.url,
                min_size=1,
                max_size=self._connections,
                statement_cache_size=400 if self._prepared else 0,
                command_timeout=self._seconds,
                timeout=self._deadline,
                server_settings={"application_name": "hansard"},
                reset=_leave,
            )
        except (*_FAILURES, ValueError, OverflowError) as problem:
            raise unopened(problem, self.url, self._deadline) from problem
        try:
            async with self._connection() as connection:
                await (security.require if self._secured else security.refuse)(connection)
        except StoreUnavailable:
            await self.close()
            raise

    async def close(self) -> None:
        if self._lent is not None:
            try:
                await asyncio.wait_for(self._lent.close(), self._deadline)
            except (*_FAILURES, asyncio.CancelledError):
                self._lent.terminate()
                raise
        self._lent = None

    async def scrub(self, *, seconds: float = 0.0) -> None:
        """Left to the database's vacuum."""

    async def about(self) -> str:
        async with self._connection() as connection:
            return f"PostgreSQL {await connection.fetchval('show server_version')}"

    async def check(self) -> list[str]:
        """The server checks its pages itself, where its cluster was made with checksums."""
        return []

    async def backup(self, target: Path, told: Callable[[float], None]) -> None:
        async with self._connection() as connection:
            try:
                await backup.backup(connection, target, told)
            except asyncpg.InsufficientPrivilegeError as problem:
                raise StoreUnavailable(
                    "row-level security hides rows from this role: back up as one that is exempt",
                    code="row_security_ineffective",
                ) from problem
            except _FAILURES as problem:
                raise translate(problem) from problem

    async def restore(self, source: Path, told: Callable[[float], None]) -> None:
        await self.open()
        try:
            await self.migrate()
            async with self._connection() as connection:
                await backup.restore(connection, source, told)
        finally:
            await self.close()

    async def secure(self, role: str) -> list[str]:
        async with self._connection() as connection:
            return await security.secure(connection, role)

    async def migrate(self) -> list[str]:
        async with self._connection() as connection:
            await connection.execute(_MIGRATIONS)
            async with connection.transaction():
                await connection.execute(
                    "select number from migrations where number = 0 for update"
                )
                missing = await _missing(connection)
                for number, name, sql in missing:
                    await connection.execute(sql)
                    await connection.execute(
                        "insert into migrations (number, name) values ($1, $2)", number, name
                    )
        return [name for _, name, _ in missing]

    async def pending_migrations(self) -> list[str]:
        async with self._connection() as connection:
            is_new = await connection.fetchval("select to_regclass('migrations') is null")
            return [
                name
                for _, name, _ in (
                    statements.migrations("postgres") if is_new else await _missing(connection)
                )
            ]

    async def read(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._retried(self._plain, lambda: verb(*args, **kwargs))

    async def ask(self, name: str, workspace_id: str) -> list[Row]:
        asked = self._turn.get((name, workspace_id))
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = self._turn[name, workspace_id] = loop.create_task(
                self.read(rows, name, workspace_id=workspace_id)
            )
            loop.call_soon(
                self._turn.pop, (name, workspace_id)
            )  # right behind the task's first step, which sends the statement
        return await asyncio.shield(asked)

    async def read_long(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._retried(self._snapshot, lambda: verb(*args, **kwargs))

    async def write(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._retried(self._transaction, lambda: verb(*args, **kwargs))

    async def _retried(
        self, attempt: Callable[[Connection, Steps[T]], Any], begin: Callable[[], Steps[T]]
    ) -> T:
        """Try a whole transaction again while the failure is one that passes, until the deadline."""
        until = time.monotonic() + self._deadline
        pause = 0.005
        while True:
            try:
                async with self._connection() as connection:
                    result: T = await attempt(connection, begin())
                    return result
            except REFUSED as problem:
                raise translate(problem) from problem
            except _FAILURES as problem:
                code = getattr(problem, "sqlstate", None) or "08000"
                if not code.startswith(RETRIED) or time.monotonic() > until:
                    raise translate(problem) from problem
            await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - jitter
            pause = min(pause * 2, 1.0)

    async def _plain(self, connection: Connection, steps: Steps[T]) -> T:
        if self._secured:
            async with connection.transaction(readonly=True):
                return await self._drive(connection, steps)
        return await self._drive(connection, steps)

    async def _snapshot(self, connection: Connection, steps: Steps[T]) -> T:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await self._drive(connection, steps)

    async def _transaction(self, connection: Connection, steps: Steps[T]) -> T:
        transaction = connection.transaction()
        await transaction.start()
        try:
            result = await self._drive(connection, steps)
        except BaseException:
            with contextlib.suppress(*_FAILURES):
                await transaction.rollback()
            raise
        try:
            await transaction.commit()
        except _FAILURES as problem:
            if getattr(problem, "sqlstate", None) in {"40001", "40P01"}:
                raise
            raise Unknown from problem
        return result

    async def _drive(self, connection: Connection, steps: Steps[T]) -> T:
        tenant = None
        try:
            query = next(steps)
            while True:
                if self._secured:
                    tenant = await security.act_for(connection, query, tenant)
                query = steps.send(await self._ask(connection, query))
        except StopIteration as done:
            result: T = done.value
            return result

    async def _ask(self, connection: Connection, query: Query) -> list[Row]:
        if query.many is not None:
            return await self._ask_many(connection, query.name, query.many)
        sql, names = (
            statements.numbered(query.sql)
            if query.sql is not None
            else self._statements[query.name]
        )
        values = query.values
        rows: list[Row] = await connection.fetch(sql, *[values[name] for name in names])
        return rows

    async def _ask_many(
        self, connection: Connection, name: str, many: Sequence[Values]
    ) -> list[Row]:
        """In one execution where there is a statement for all rows at once, each parameter the list of their values."""
        found: list[Row]
        if (of_rows := self._statements.get(name + "_rows")) is not None:
            sql, names = of_rows
            found = await connection.fetch(
                sql, *[[values[each] for values in many] for each in names]
            )
        else:
            sql, names = self._statements[name]
            found = await connection.fetchmany(
                sql, [[values[each] for each in names] for values in many]
            )
        return found

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._lent is None:
            raise StoreUnavailable("the store is closed")
        if self._inside >= self._waiting:
            raise StoreUnavailable(
                f"{self._inside} requests wait for the database already: try again",
                code="store_overloaded",
            )
        self._inside += 1
        try:
            connection = await self._acquired(self._lent)
            try:
                yield connection
            finally:
                await self._lent.release(connection)
        finally:
            self._inside -= 1

    async def _acquired(self, lent: asyncpg.Pool[Any]) -> Connection:
        try:
            return await lent.acquire(timeout=self._deadline)
        except TimeoutError as problem:
            raise StoreUnavailable(
                "no connection to the database became free in time: try again",
                code="store_overloaded",
            ) from problem


async def _leave(_: Connection) -> None:
    """A connection goes back as it is: whatever is set is set for one transaction, so the pool's own clean-up is a round trip for nothing."""


_MIGRATIONS = """
create table if not exists migrations (number bigint primary key, name text not null, applied_at timestamptz not null default now());
insert into migrations (number, name) values (0, 'lock') on conflict do nothing;
"""


async def _missing(connection: Connection) -> list[tuple[int, str, str]]:
    done = {row[0] for row in await connection.fetch("select number from migrations")}
    return [one for one in statements.migrations("postgres") if one[0] not in done]
