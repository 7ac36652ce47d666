"""The connections of one process.

asyncpg's pool, and what it lacks when the database does not answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from typing import TYPE_CHECKING, Any

import asyncpg

from hansard.errors import DriverFailure, StoreUnavailable
from hansard.observer import Usage
from hansard.store.postgres.connecting import ServerConnection, connect
from hansard.store.postgres.failures import FAILURES, READ_ONLY, answer, is_unusable, sqlstate
from hansard.store.postgres.watchdog import Probe, Watchdog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_BACKSTOP_SECONDS = 2.0
"""The server ends a statement that takes too long; so much later the server is taken for dead."""
_PING_SECONDS = 0.75
_FRESH_SECONDS = 1.0
"""An answer that came within the last second is a sign of life."""
_NEW_SECONDS = 2.0
_SHORTEST_WAIT = 0.05
_RELEASE_SECONDS = 1.0
_IN_A_ROW = 1000
"""So often a connection is lent before it goes back to the driver's pool, which ends old ones."""
_REST_SECONDS = 60.0


class NoConnection(DriverFailure):
    """No connection became free, or could be made, in time."""

    default_code = "store_overloaded"


class ConnectionPool:
    """At most ``size`` connections to ``url``, lent one at a time.

    ``waiting`` callers may wait for one.

    A statement may take ``seconds``, a transaction may be left alone for ``idle_seconds``.
    Connections to a server that no longer answers are closed, so that whoever waits for one is
    answered and the next caller gets a new one.
    """

    def __init__(  # noqa: PLR0913 - the limits of a pool
        self,
        url: str,
        *,
        size: int,
        cached: int,
        seconds: float,
        idle_seconds: float,
        waiting: int,
        warn: Callable[[str], None],
    ) -> None:
        self._url = url
        self._warn = warn
        self._size = size
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._cached = cached
        self._waiting = waiting
        self._callers = 0
        self._pool: asyncpg.Pool[Any] | None = None
        self._opened: weakref.WeakSet[ServerConnection] = weakref.WeakSet()
        self.lent: set[ServerConnection] = set()
        self._at_hand: list[tuple[Any, ServerConnection]] = []
        """The driver's proxies of connections that nobody uses, the last one used at the end: the
        driver's own way to lend one costs as much as a short statement. What was broken off, by a
        cancelled caller too, goes that way all the same: the driver ends what it left behind.
        """
        self._probe = Probe(self._connect)
        self._watching: asyncio.Task[None] | None = None

    async def open(self, seconds: float) -> None:
        """Connect once, so that every fault is raised now.

        Raises what the driver raises, or TimeoutError after ``seconds``.
        """
        self._pool = await asyncpg.create_pool(
            self._url, min_size=0, max_size=self._size, connect=self._connect, reset=_leave
        )
        await self._pool.release(await self._pool.acquire(timeout=seconds))
        watchdog = Watchdog(self._probe, self, self._warn)
        self._watching = asyncio.create_task(watchdog.watch())

    @property
    def usage(self) -> list[Usage]:
        """How many callers wait for a connection, and how many connections are lent."""
        lent = len(self.lent)
        return [
            Usage("queue", "connection", self._callers - lent, self._waiting),
            Usage("pool", "connection", lent, self._size),
        ]

    async def close(self, seconds: float) -> None:
        """Let what is under way end, for so many seconds; what has not ended then is cut off."""
        pool, self._pool = self._pool, None
        if self._watching is not None:
            self._watching.cancel()
        self._probe.close()
        if pool is None:
            return
        await self._let_go(pool, before=time.monotonic())
        try:
            await asyncio.wait_for(pool.close(), seconds)
        except FAILURES:
            pool.terminate()
        except asyncio.CancelledError:
            pool.terminate()
            raise

    @contextlib.asynccontextmanager
    async def lend(self, until: float) -> AsyncIterator[ServerConnection]:
        """A connection for one transaction.

        NoConnection when there is none ``until`` then, by the monotonic clock.

        One that fails in a way that leaves its state unknown does not come back to the pool.
        """
        pool = self._pool
        if pool is None:
            raise StoreUnavailable("the store is closed")
        if self._callers >= self._waiting:
            raise StoreUnavailable(
                f"{self._callers} requests wait for the database already: try again",
                code="store_overloaded",
            )
        self._callers += 1
        try:
            proxy, connection = await self._taken(pool, until)
            self.lent.add(connection)
            connection.times_lent += 1
            is_clean = False
            try:
                yield connection
                is_clean = True
            except FAILURES as problem:
                self._retire(connection, problem)
                raise
            finally:
                connection.is_awaited = False
                self.lent.discard(connection)
                if is_clean and self._stays_at_hand(connection):
                    self._at_hand.append((proxy, connection))
                else:
                    await _given_back(pool, proxy)
        finally:
            self._callers -= 1

    async def rest(self) -> None:
        """Give connections back to the driver's pool that nobody used for a while."""
        if self._pool is not None:
            await self._let_go(self._pool, before=time.monotonic() - _REST_SECONDS)

    async def ping(self) -> None:
        """Return at a sign of life of the server, whoever else waits for it.

        Raises one of FAILURES, within two seconds.
        """
        before = time.monotonic() - _FRESH_SECONDS
        if any(connection.answered_at > before for connection in self._opened):
            return
        await self._probe.ask(seconds=_PING_SECONDS)

    def drop(self) -> None:
        """Close every connection at once.

        Pending queries raise ConnectionDoesNotExistError.
        """
        for connection in list(self._opened):
            connection.terminate()

    def drop_idle(self, before: float) -> None:
        """Close the idle connections whose last answer came before ``before``."""
        for idle in self._opened - self.lent:
            if idle.answered_at < before:
                idle.terminate()

    def _retire(self, connection: ServerConnection, problem: BaseException) -> None:
        """Close a connection that cannot be used again.

        Also its neighbours that are likely broken too.
        """
        if not is_unusable(problem):
            return
        if isinstance(problem, TimeoutError) and connection.backend is None:
            # A pooler stands between: asyncpg cancels the statement, and the connection lives.
            return
        if (
            sqlstate(problem) == READ_ONLY
            and time.monotonic() - connection.opened_at < _NEW_SECONDS
        ):
            return  # the database itself takes no writes: a newer connection would be no better
        connection.terminate()
        if isinstance(problem, TimeoutError) or sqlstate(problem) == READ_ONLY:
            self.drop_idle(connection.asked_at)

    async def _connect(self, *_: object, **options: Any) -> ServerConnection:  # noqa: ANN401 - what the pool passes on
        options.pop("connection_class", None)
        connection = await connect(
            self._url,
            statement_seconds=self._seconds,
            idle_seconds=self._idle_seconds,
            statement_cache_size=self._cached,
            command_timeout=self._seconds + _BACKSTOP_SECONDS,
            **options,
        )
        self._opened.add(connection)
        return connection

    async def _taken(self, pool: asyncpg.Pool[Any], until: float) -> tuple[Any, ServerConnection]:
        """A connection with its proxy: one that is at hand, else one of the driver's pool."""
        while self._at_hand:
            proxy, connection = self._at_hand.pop()
            if not connection.is_closed():
                return proxy, connection
            await _given_back(pool, proxy)
        proxy = await self._acquired(pool, max(until - time.monotonic(), _SHORTEST_WAIT))
        return proxy, proxy.bare

    def _stays_at_hand(self, connection: ServerConnection) -> bool:
        """Whether a connection that comes back is kept for the next caller."""
        waits = self._callers - 1 > len(self.lent)
        is_due = connection.times_lent % _IN_A_ROW == 0
        return self._pool is not None and not (waits or is_due or connection.is_closed())

    async def _let_go(self, pool: asyncpg.Pool[Any], before: float) -> None:
        """Give back what is at hand and was last used before a time."""
        while self._at_hand and self._at_hand[0][1].asked_at < before:
            await _given_back(pool, self._at_hand.pop(0)[0])

    async def _acquired(self, pool: asyncpg.Pool[Any], seconds: float) -> Any:  # noqa: ANN401 - the pool's proxy
        try:
            return await answer(pool.acquire(timeout=seconds))
        except TimeoutError as problem:
            if pool.get_size() == 0:
                raise NoConnection(
                    "the database does not answer: try again", code="store_unavailable"
                ) from problem
            raise NoConnection(
                "no connection to the database became free in time: try again",
                code="store_overloaded",
            ) from problem


async def _given_back(pool: asyncpg.Pool[Any], proxy: Any) -> None:  # noqa: ANN401 - the pool's proxy
    """Give a connection back to the driver's pool, which may have been cut off meanwhile.

    The driver asks the server to break off what was cancelled; a server that does not answer is not
    waited for.
    """
    with contextlib.suppress(*FAILURES):
        await answer(pool.release(proxy, timeout=_RELEASE_SECONDS))


async def _leave(_: object) -> None:
    """Return a connection without the pool's own clean-up.

    Settings last for one transaction only, so the clean-up would be a wasted round trip.
    """
