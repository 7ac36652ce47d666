"""Tells a slow statement from a server that does not answer.

A statement may rightly take long, so a long wait proves nothing. When one waits for more than a
second, the server is asked over a connection of its own which of its processes are at work. No
answer in time: the server hangs, or nothing reaches it. An answer, twice, that a process is not at
work: the statement, or what became of it, was lost on the way.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from hansard.store.postgres.connecting import Silent
from hansard.store.postgres.failures import FAILURES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from hansard.store.postgres.connecting import ServerConnection
    from hansard.store.postgres.pool import ConnectionPool

LATE_SECONDS = 1.0
ANSWER_SECONDS = 1.5
_PAUSE = 0.25
_GRACE = 0.1
_WORK = """
select pg_postmaster_start_time()::text,
       array(select pid from pg_stat_activity where pid = any($1::int[])
                and coalesce(state, '') not in (
                  'idle', 'idle in transaction', 'idle in transaction (aborted)'))
"""
_END = """
select pg_terminate_backend(pid) from pg_stat_activity
 where usename = current_user and pid || ' ' || extract(epoch from backend_start) = any($1::text[])
"""


class Activity(NamedTuple):
    """What a server says of itself.

    Its identity, its start, and which of the processes are busy.
    """

    server: str
    at_work: frozenset[int]


class Probe:
    """A connection beside the pool, on which the server is asked for a sign of life."""

    def __init__(self, connect: Callable[[], Awaitable[ServerConnection]]) -> None:
        self._connect = connect
        self._connection: ServerConnection | None = None
        self._asking = asyncio.Lock()

    async def ask(
        self, backends: Collection[int] = (), seconds: float = ANSWER_SECONDS
    ) -> Activity:
        """Which of ``backends`` are at work.

        Raises Silent without an answer within ``seconds``, else one of FAILURES.
        """
        (row,) = await self._answered(_WORK, list(backends), seconds)
        return Activity(row[0], frozenset(row[1]))

    async def end(self, processes: Collection[str]) -> None:
        """End processes of the server, and the transactions that they have open.

        Raises as ``ask``.
        """
        await self._answered(_END, list(processes), ANSWER_SECONDS)

    async def _answered(self, sql: str, values: list[Any], seconds: float) -> list[Any]:
        asking = asyncio.ensure_future(self._ask(sql, values))
        try:
            done, _ = await asyncio.wait({asking}, timeout=seconds)
            if not done:  # the loop was held up, and the answer lies in the socket
                done, _ = await asyncio.wait({asking}, timeout=_GRACE)
        finally:
            asking.cancel()
        if done:
            return asking.result()
        self.close()
        raise Silent(seconds)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _ask(self, sql: str, values: list[Any]) -> list[Any]:
        async with self._asking:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                return await self._connection.answer(self._connection.fetch(sql, values))
            except FAILURES:
                self.close()
                raise


class Watchdog:
    """Looks after the connections of a pool, and closes those to a server that does not answer.

    A connection that is closed here may live on at the other end, with the locks of its
    transaction: it is ended there as soon as the server can be told. ``warn`` is told why
    connections were closed.
    """

    def __init__(
        self,
        probe: Probe,
        pool: ConnectionPool,
        warn: Callable[[str], None],
    ) -> None:
        self._probe = probe
        self._pool = pool
        self._warn = warn
        self._suspects: dict[ServerConnection, float] = {}
        self._left: set[str] = set()

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(_PAUSE)
            before = time.monotonic() - LATE_SECONDS
            late = {
                connection: connection.asked_at
                for connection in self._pool.lent
                if connection.is_awaited and connection.asked_at < before
            }
            try:
                await self._end_what_was_left()
                await self._look(late)
                await self._pool.rest()
            except Silent:
                self._give_up(late)
            except FAILURES:  # refused: whoever waits learns it by itself
                pass

    async def _end_what_was_left(self) -> None:
        if self._left:
            await self._probe.end(self._left)
            self._left = set()

    async def _look(self, late: Mapping[ServerConnection, float]) -> None:
        if not late:
            self._suspects = {}
            return
        activity = await self._probe.ask(
            [connection.backend for connection in late if connection.backend]
        )
        idle = {
            connection: since
            for connection, since in late.items()
            if connection in self._pool.lent
            and connection.is_awaited
            and connection.asked_at == since
            and _is_idle(connection, activity)
        }
        lost = [
            connection
            for connection, since in idle.items()
            if self._suspects.get(connection) == since
        ]
        self._suspects = idle
        if lost:
            self._leave(lost)
            for connection in lost:
                connection.terminate()
            # What befell these befell those that have not answered since.
            self._pool.drop_idle(time.monotonic() - LATE_SECONDS)
            self._warn("answers of the database were lost: the connections were closed")

    def _give_up(self, late: Mapping[ServerConnection, float]) -> None:
        """Close every connection to a server that does not answer, when somebody waits for it."""
        if late:
            self._leave(self._pool.lent)
            self._pool.drop()
            self._warn("the database does not answer: every connection to it was closed")

    def _leave(self, connections: Collection[ServerConnection]) -> None:
        """Remember what must be ended at the other end."""
        self._left |= {
            connection.process for connection in connections if connection.process is not None
        }


def _is_idle(connection: ServerConnection, activity: Activity) -> bool:
    """Whether nobody works on the statement that ``connection`` waits for."""
    if connection.server is not None and connection.server != activity.server:
        return True
    return connection.backend is not None and connection.backend not in activity.at_work
