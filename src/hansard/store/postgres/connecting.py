"""A connection to the database that takes writes.

It is made in bounded time and closed when its peer is dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import asyncpg

from hansard.store.postgres.failures import answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")
CONNECT_SECONDS = 5.0
_NEXT_HOST_SECONDS = 0.5
"""How long a host is tried alone, before the next one is tried beside it."""
_PEER_SECONDS = 5
"""What was sent and is not acknowledged by then ends a connection."""
_IDLE_SECONDS, _PROBES = 15, 3
_PRIMARY = "primary"
_INTRODUCTION = """
select pg_postmaster_start_time()::text, is_direct,
       case when is_direct then set_config('statement_timeout', $2, false) end,
       case when is_direct then set_config('idle_in_transaction_session_timeout', $3, false) end,
       case when is_direct then set_config('tcp_keepalives_idle', $4, false) end,
       case when is_direct then set_config('tcp_keepalives_interval', $5, false) end,
       case when is_direct then set_config('tcp_keepalives_count', $6, false) end,
       case when is_direct then set_config('tcp_user_timeout', $7, false) end,
       case when is_direct then (select pid || ' ' || extract(epoch from backend_start)
                                   from pg_stat_get_activity(pg_backend_pid())) end
  from (select pg_backend_pid() = $1 as is_direct) as path
"""
"""A pooler's connection to the server is left as it is: others use it."""


class ServerConnection(asyncpg.Connection):
    """A connection that knows which server it reached, and since when an answer is awaited.

    ``server`` names one life of one server, ``backend`` is the id of its process that serves this
    connection, and ``process`` that id with the time of its start: None behind a pooler.
    ``opened_at``, ``asked_at`` and ``answered_at`` are by the monotonic clock. ``is_awaited``
    says whether an answer is due: whoever borrowed the connection may compute between two.
    ``generations`` are those that the transaction under way takes, by workspace.
    """

    def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:  # noqa: ANN401 - asyncpg's own, passed on
        super().__init__(protocol, transport, *rest)
        _notice_dead_peers(transport.get_extra_info("socket"))
        self.server: str | None = None
        self.backend: int | None = None
        self.process: str | None = None
        self.opened_at = self.asked_at = self.answered_at = time.monotonic()
        self.is_awaited = False
        self.times_lent = 0
        self.generations: dict[str, int] = {}

    @property
    def bare(self) -> ServerConnection:
        """The connection itself, also where asyncpg's pool lends a proxy of it."""
        return self

    async def answer(self, operation: Awaitable[T]) -> T:
        """What the driver answers to an operation on this connection.

        It raises nothing but FAILURES.
        """
        self.expect()
        try:
            result = await answer(operation)
        finally:
            self.is_awaited = False
        self.answered_at = time.monotonic()
        return result

    def expect(self) -> None:
        """Note that an answer is due from now on."""
        self.asked_at = time.monotonic()
        self.is_awaited = True

    async def introduce(self, *, statement_seconds: float, idle_seconds: float) -> None:
        """Learn which server this is, and let it end what takes too long and what was left behind.

        0 is never.
        """
        limits = (statement_seconds * 1000, idle_seconds * 1000)
        keepalive = (_IDLE_SECONDS, _PEER_SECONDS, _PROBES, _PEER_SECONDS * 1000)
        values = [str(int(each)) for each in (*limits, *keepalive)]
        with contextlib.suppress(asyncpg.PostgresError):  # a server that lacks one of them
            row = await self.fetchrow(_INTRODUCTION, self.get_server_pid(), *values)
            assert row is not None  # noqa: S101 - the statement has one row
            self.server = row[0]
            self.backend = self.get_server_pid() if row[1] else None
            self.process = row[8]


def _notice_dead_peers(peer: Any) -> None:  # noqa: ANN401 - a socket, or uvloop's likeness of one
    """Close the connection when its peer stops acknowledging, whether data was sent or not."""
    if peer.family == socket.AF_UNIX:
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {
        "TCP_KEEPIDLE": _IDLE_SECONDS,
        "TCP_KEEPALIVE": _IDLE_SECONDS,
        "TCP_KEEPINTVL": _PEER_SECONDS,
        "TCP_KEEPCNT": _PROBES,
        "TCP_USER_TIMEOUT": _PEER_SECONDS * 1000,
    }
    for name, value in options.items():
        if (option := getattr(socket, name, None)) is not None:  # each system has some of them
            peer.setsockopt(socket.IPPROTO_TCP, option, value)


async def connect(
    url: str,
    *,
    statement_seconds: float = 0,
    idle_seconds: float = 0,
    connect_seconds: float = CONNECT_SECONDS,
    **options: Any,  # noqa: ANN401 - asyncpg's own
) -> ServerConnection:
    """A connection to the first host of ``url`` that answers and takes writes.

    A silent host holds the others up for half a second.

    A statement may take ``statement_seconds``, a transaction may be left alone for
    ``idle_seconds``; 0 is for ever. Raises what asyncpg raises, and ConnectionError when nothing
    answers within ``connect_seconds``.
    """
    if _asks_for_any(url):
        options["target_session_attrs"] = _PRIMARY
    options |= {
        "connection_class": ServerConnection,
        "server_settings": {"application_name": "hansard"},
        "timeout": connect_seconds,
    }

    async def reach(dsn: str) -> ServerConnection:
        connection: ServerConnection = await answer(asyncpg.connect(dsn, **options))
        try:
            await connection.introduce(
                statement_seconds=statement_seconds, idle_seconds=idle_seconds
            )
        except BaseException:
            connection.terminate()
            raise
        return connection

    try:
        async with asyncio.timeout(connect_seconds):
            return await _first([lambda dsn=dsn: reach(dsn) for dsn in hosts_of(url)])  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    except TimeoutError as problem:
        raise Silent(connect_seconds) from problem


class Silent(ConnectionError):
    """Nothing answered in time; ``seconds`` is how long it was waited for."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s")
        self.seconds = seconds


def hosts_of(url: str) -> list[str]:
    """A URL for each host that ``url`` names before its database, in their order."""
    parts = urlsplit(url)
    if "," not in parts.netloc:
        return [url]
    account, at, hosts = parts.netloc.rpartition("@")
    return [parts._replace(netloc=f"{account}{at}{host}").geturl() for host in hosts.split(",")]


def of_any_kind(url: str) -> str:
    """The URL for whatever server answers, a standby or not, where it does not say which."""
    parts = urlsplit(url)
    if "target_session_attrs" in parse_qs(parts.query):
        return url
    query = "&".join(filter(None, (parts.query, "target_session_attrs=any")))
    return parts._replace(query=query).geturl()


def _asks_for_any(url: str) -> bool:
    """Whether neither the URL nor the environment says which kind of server is wanted."""
    params = parse_qs(urlsplit(url).query)
    return "target_session_attrs" not in params and "PGTARGETSESSIONATTRS" not in os.environ


async def _first(
    attempts: Sequence[Callable[[], Awaitable[ServerConnection]]],
) -> ServerConnection:
    """The first attempt that succeeds; one more is begun whenever one fails or is slow.

    Raises the most telling failure.
    """
    waiting, running = list(attempts), set[asyncio.Future[ServerConnection]]()
    failures: list[BaseException] = []
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(waiting.pop(0)()))
            done, running = await asyncio.wait(
                running,
                timeout=_NEXT_HOST_SECONDS if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            reached = [task.result() for task in done if task.exception() is None]
            failures += [problem for task in done if (problem := task.exception()) is not None]
            for superfluous in reached[1:]:
                superfluous.terminate()
            if reached:
                return reached[0]
    finally:
        for task in running:
            task.add_done_callback(_let_go)
            task.cancel()
    raise max(failures, key=_tells)


def _let_go(attempt: asyncio.Future[ServerConnection]) -> None:
    """Close what an attempt reached that nobody waits for any more."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()


def _tells(problem: BaseException) -> int:
    """How much a failure tells.

    A server's message tells most, then that it takes no writes, then that it is absent.
    """
    if isinstance(problem, asyncpg.PostgresError):
        return 2
    return 1 if isinstance(problem, asyncpg.InternalClientError) else 0
