"""A load generator for one core: keep-alive connections, prepared bytes, whole answers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

_NO_BODY = frozenset({204, 304})
_LAST_CHUNK = b"0\r\n\r\n"


class Answer(NamedTuple):
    """What came back, and how long after the request was written, in seconds."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode()
        return None


class Unexpected(Exception):
    """A server gave an answer that the benchmark does not accept.

    It is never counted as work done.
    """


def request(
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    kind: str = "application/json",
) -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {target} HTTP/1.1", "Host: bench"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request on its way at a time.

    ``on_answer`` is called with each answer; what it returns is sent next, None leaves the
    connection idle.
    """

    def __init__(self) -> None:
        self.on_answer: Callable[[Answer], bytes | None] = lambda _: None
        self.on_lost: Callable[[Exception | None], None] = lambda _: None
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._need = 0
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a TCP connection has the full transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.on_lost(exc)

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, data: bytes) -> None:
        if self._transport is None:
            raise Unexpected("the connection is not open")
        self._sent = time.perf_counter()
        self._transport.write(data)

    def close(self) -> None:
        self.on_lost = lambda _: None
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data
        if len(self._data) < self._need:
            return
        answer = self._whole()
        if answer is None:
            return
        self._data, self._need = b"", 0
        following = self.on_answer(answer)
        if following is not None:
            self.send(following)

    def _whole(self) -> Answer | None:
        data = self._data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return None
        status = int(data[9:12])
        head = data[:end]
        length = _content_length(head)
        if length is None and status not in _NO_BODY:
            return self._chunked(status, head, data[end + 4 :])
        self._need = end + 4 + (length or 0)
        if len(data) < self._need:
            return None
        return Answer(status, head, data[end + 4 :], time.perf_counter() - self._sent)

    def _chunked(self, status: int, head: bytes, rest: bytes) -> Answer | None:
        if not rest.endswith(_LAST_CHUNK):
            return None
        return Answer(status, head, _join_chunks(rest), time.perf_counter() - self._sent)


def _content_length(head: bytes) -> int | None:
    position = head.find(b"content-length: ")
    if position < 0:
        position = head.lower().find(b"content-length: ")
        if position < 0:
            return None
    end = head.find(b"\r\n", position)
    return int(head[position + 16 : end if end > 0 else None])


def _join_chunks(data: bytes) -> bytes:
    pieces = []
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        pieces.append(data[:length])
        data = data[length + 2 :]
    return b"".join(pieces)


class Sample(Struct):
    """What one stretch of load gave; latencies are in seconds, sorted."""

    seconds: float
    latencies: list[float]

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        return (
            self.latencies[min(self.count - 1, int(self.count * share))] if self.latencies else 0.0
        )


def expect(*statuses: int, size: int | None = None) -> Callable[[Answer], None]:
    """A check of status and, where it is known, of the body's length."""
    expected = frozenset(statuses)

    def check(answer: Answer) -> None:
        if answer.status not in expected:
            raise Unexpected(
                f"answered {answer.status}: {answer.body[:300].decode(errors='replace')}"
            )
        if size is not None and len(answer.body) != size:
            raise Unexpected(f"answered {len(answer.body)} bytes instead of {size}")

    return check


class Load:
    """Drives one server at ``host``:``port``."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._host, self.port = host, port

    async def connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self._host, self.port)
        return connection

    async def ask(self, data: bytes, within: float = 60.0) -> Answer:
        """One request on a connection of its own."""
        connection = await self.connect()
        try:
            return await ask(connection, data, within)
        finally:
            connection.close()

    async def saturate(
        self,
        sources: Sequence[Iterator[bytes]],
        seconds: float,
        check: Callable[[Answer], None],
        *,
        only: int | None = None,
        within: float = 60.0,
    ) -> Sample:
        """Each source sends its next request as soon as the last is answered.

        Each has its own connection.

        ``only`` answers of that status are kept in the sample; None keeps all.
        """
        connections = [await self.connect() for _ in sources]
        latencies: list[float] = []
        started = time.perf_counter()
        until = started + seconds
        try:
            waits = [
                _drive(connection, source, until, _keeping(latencies, check, only))
                for connection, source in zip(connections, sources, strict=True)
            ]
            await asyncio.wait_for(asyncio.gather(*waits), seconds + within)
        finally:
            for connection in connections:
                connection.close()
        return Sample(time.perf_counter() - started, sorted(latencies))

    async def in_turn(
        self,
        steps: Callable[[], Iterator[tuple[bytes, bool]]],
        count: int,
        check: Callable[[Answer], None],
    ) -> Sample:
        """One connection, one request after the other.

        Only those marked True are timed, until ``count`` of them are.
        """
        connection = await self.connect()
        latencies: list[float] = []
        try:
            await asyncio.wait_for(_in_turn(connection, steps(), count, check, latencies), 600)
        finally:
            connection.close()
        return Sample(sum(latencies), sorted(latencies))


def ask(connection: Connection, data: bytes, within: float = 60.0) -> Awaitable[Answer]:
    """Send one request on an idle connection and wait for its answer."""
    done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def settle(answer: Answer) -> None:
        if not done.done():
            done.set_result(answer)

    connection.on_answer = settle
    connection.on_lost = lambda problem: (
        None
        if done.done()
        else done.set_exception(problem or Unexpected("the server closed the connection"))
    )
    connection.send(data)
    return asyncio.wait_for(done, within)


def _keeping(
    latencies: list[float], check: Callable[[Answer], None], only: int | None
) -> Callable[[Answer], None]:
    def keep(answer: Answer) -> None:
        check(answer)
        if only is None or answer.status == only:
            latencies.append(answer.seconds)

    return keep


def _drive(
    connection: Connection, source: Iterator[bytes], until: float, keep: Callable[[Answer], None]
) -> asyncio.Future[None]:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    clock = time.perf_counter

    def answered(answer: Answer) -> bytes | None:
        try:
            keep(answer)
        except Unexpected as problem:
            _settle(done, problem)
            return None
        following = next(source, None) if clock() < until else None
        if following is None:
            _settle(done, None)
        return following

    _attach(connection, answered, done)
    first = next(source, None)
    if first is None:
        _settle(done, None)
    else:
        connection.send(first)
    return done


def _in_turn(
    connection: Connection,
    steps: Iterator[tuple[bytes, bool]],
    count: int,
    check: Callable[[Answer], None],
    latencies: list[float],
) -> asyncio.Future[None]:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    first, timed = next(steps)

    def answered(answer: Answer) -> bytes | None:
        nonlocal timed
        try:
            check(answer)
        except Unexpected as problem:
            _settle(done, problem)
            return None
        if timed:
            latencies.append(answer.seconds)
        if len(latencies) >= count:
            _settle(done, None)
            return None
        following, timed = next(steps)
        return following

    _attach(connection, answered, done)
    connection.send(first)
    return done


def _attach(
    connection: Connection, answered: Callable[[Answer], bytes | None], done: asyncio.Future[None]
) -> None:
    connection.on_answer = answered
    connection.on_lost = lambda problem: _settle(
        done, problem or Unexpected("the server closed the connection")
    )


def _settle(done: asyncio.Future[None], problem: Exception | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)
