"""Tells a slow statement from a server that does not answer.

A statement may rightly take long, so a long wait proves nothing. When one waits for more than a second, the server is asked
over a connection of its own which of its processes are at work. No answer in time: the server hangs, or nothing reaches it.
An answer, twice, that a process is not at work: the statement, or what became of it, was lost on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

from hansard.store.postgres.connecting import Silent
from hansard.store.postgres.failures import FAILURES, answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from hansard.store.postgres.connecting import ServerConnection

LATE_SECONDS = 1.0
ANSWER_SECONDS = 1.5
_PAUSE = 0.25
_GRACE = 0.1
_WORK = """
select pg_postmaster_start_time()::text,
       array(select pid from pg_stat_activity where pid = any($1::int[])
                and coalesce(state, '') not in ('idle', 'idle in transaction', 'idle in transaction (aborted)'))
"""


class Activity(NamedTuple):
    """What a server says of itself: which life of which server it is, and which of the processes asked for are at work."""

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
        """Which of ``backends`` are at work; raises Silent without an answer within ``seconds``, else one of FAILURES."""
        asking = asyncio.ensure_future(self._ask(backends))
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

    async def _ask(self, backends: Collection[int]) -> Activity:
        async with self._asking:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                row = await answer(self._connection.fetchrow(_WORK, list(backends)))
            except FAILURES:
                self.close()
                raise
        assert row is not None  # noqa: S101 - the statement has one row
        return Activity(row[0], frozenset(row[1]))


class Watchdog:
    """Looks after the connections that are ``lent``: ``drop`` closes every connection when the server does not answer.

    ``warn`` is told why connections were closed.
    """

    def __init__(
        self,
        probe: Probe,
        lent: Collection[ServerConnection],
        drop: Callable[[], None],
        warn: Callable[[str], None],
    ) -> None:
        self._probe = probe
        self._lent = lent
        self._drop = drop
        self._warn = warn
        self._suspects: dict[ServerConnection, float] = {}

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(_PAUSE)
            before = time.monotonic() - LATE_SECONDS
            late = [one for one in self._lent if one.awaited_since < before]
            if late:
                with contextlib.suppress(*FAILURES):  # refused: whoever waits learns it by itself
                    await self._look(late)
            else:
                self._suspects = {}

    async def _look(self, late: Sequence[ServerConnection]) -> None:
        awaited = {one: one.awaited_since for one in late}
        try:
            activity = await self._probe.ask([one.backend for one in late if one.backend])
        except Silent:
            self._drop()
            self._warn("the database does not answer: every connection to it was closed")
            return
        idle = {
            one: since
            for one, since in awaited.items()
            if one in self._lent and one.awaited_since == since and _is_idle(one, activity)
        }
        lost = [one for one, since in idle.items() if self._suspects.get(one) == since]
        for one in lost:
            one.terminate()
        if lost:
            self._warn("answers of the database were lost: the connections were closed")
        self._suspects = idle


def _is_idle(connection: ServerConnection, activity: Activity) -> bool:
    """Whether nobody works on the statement that ``connection`` waits for."""
    if connection.server is not None and connection.server != activity.server:
        return True
    return connection.backend is not None and connection.backend not in activity.at_work
