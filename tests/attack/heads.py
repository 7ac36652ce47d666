"""Attacks on what comes before a body.

Heads, framing and trailers without an end, and heads that never come.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import httpx

from tests.attack.target import Result
from tests.reliability.live import Live
from tests.reliability.scenarios import memory_of

MIB = 1 << 20
MOST_SECONDS, MOST_MEMORY, MOST_WAIT = 1.0, 5 * MIB, 0.25
HEAD_SECONDS = 2
REFUSALS = {b"400", b"408", b"414", b"422", b"431"}
_GET = b"GET /v1/sessions HTTP/1.1\r\nHost: x\r\n"
_SOCKET = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def _floods(key: str) -> dict[str, tuple[bytes, bytes]]:
    """What begins a request, and what follows for as long as the server takes it, by name."""
    chunked = (
        f"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    extension = b"1;" + b"a" * 60_000 + b"\r\n \r\n"
    return {
        "one endless header": (_GET + b"X: ", b"a" * MIB),
        "an endless name of a header": (_GET, b"a" * MIB),
        "headers without end": (_GET, b"a:\r\n" * (MIB // 4)),
        "an endless request line": (b"GET /v1/sessions?x=", b"a" * MIB),
        "an endless method": (b"", b"G" * MIB),
        "blank lines": (b"", b"\r\n" * (MIB // 2)),
        "an endless chunk extension": (chunked + b"1;", b"a" * MIB),
        "chunk extensions without end": (chunked, extension * 16),
        "an endless chunk size": (chunked, b"0" * MIB),
        "an endless trailer": (chunked + b"2\r\n{}\r\n0\r\nX: ", b"a" * MIB),
        "trailers without end": (chunked + b"2\r\n{}\r\n0\r\n", b"a:\r\n" * (MIB // 4)),
        "an endless header of a websocket": (_SOCKET + b"X: ", b"a" * MIB),
        "a long header of a websocket": (_SOCKET + b"X: " + b"a" * 20_000 + b"\r\n\r\n", b""),
        "many headers of a websocket": (_SOCKET + b"X: a\r\n" * 200 + b"\r\n", b""),
        "a websocket with a body": (_SOCKET + b"Content-Length: 2\r\n\r\n{}", b""),
        "requests ahead of their answers": (b"", (_GET + b"\r\n") * 2000),
    }


async def _flood(live: Live, head: bytes, chunk: bytes, most: int) -> tuple[bytes, float]:
    """All that the server answered until it closed, and the seconds that it took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    began, sent = time.perf_counter(), 0
    answer = asyncio.create_task(reader.read())
    with contextlib.suppress(OSError):
        writer.write(head)
        while chunk and sent < most and not answer.done():
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)
    received = b""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(5 * MOST_SECONDS):
            received = await answer
    writer.close()
    return received, time.perf_counter() - began


@contextlib.asynccontextmanager
async def _watched(live: Live, key: str, result: Result, name: str) -> AsyncIterator[None]:
    """Find that another key's requests wait, or that the server's memory grows."""
    grown = slowest = 0.0
    before = memory_of(live.pid)
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal grown, slowest
        async with httpx.AsyncClient(
            base_url=live.url, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client:
            while not done.is_set():
                began = time.perf_counter()
                (await client.get("/v1/sessions")).raise_for_status()
                slowest = max(slowest, time.perf_counter() - began)
                grown = max(grown, await asyncio.to_thread(memory_of, live.pid) - before)
                await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        done.set()
        await watching
    if slowest > MOST_WAIT:
        result.findings.append(f"{name}: another request took {slowest * 1000:.0f} ms")
    if grown > MOST_MEMORY:
        result.findings.append(f"{name}: memory grew by {grown / MIB:.1f} MiB")


async def _warm_up(live: Live, key: str, head: bytes, chunk: bytes) -> None:
    """Let the server load what its first list, its first refusal and its first log line need."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=live.url, headers=headers, timeout=30) as client:
        for _ in range(20):
            (await client.get("/v1/sessions")).raise_for_status()
    await _flood(live, head, chunk, MIB)


async def heads(live: Live, key: str, *, most: int = 300 * MIB, step: int = 1) -> Result:
    """What has no end is refused within a second, in little memory, and others do not wait."""
    result = Result("heads, framing and trailers without an end")
    floods = _floods(key)
    await _warm_up(live, key, *floods["an endless method"])
    for name, (head, chunk) in list(floods.items())[::step]:
        async with _watched(live, key, result, name):
            answer, seconds = await _flood(live, head, chunk, most)
        result.count += 1
        status = answer[9:12]
        if seconds > MOST_SECONDS:
            result.findings.append(f"{name}: {seconds:.1f} s until the connection was closed")
        if answer and status not in REFUSALS and "ahead" not in name:
            result.findings.append(f"{name}: {answer[:60]!r}")
        if status in REFUSALS and b"\r\nx-request-id: " not in answer:
            result.findings.append(f"{name}: no request id")
    return result


async def drips(live: Live, key: str, *, count: int = 400) -> Result:
    """Heads that come a byte at a time are cut off in time, whatever their number.

    Needs ``HEAD_SECONDS`` of the server.
    """
    result = Result(f"{count} heads that drip")
    ended = 0

    async def drip(number: int) -> None:
        nonlocal ended
        reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
        text = (_GET, _SOCKET, b"POST /v1/sessions?x=", b"")[number % 4]
        writer.write(text)
        until = time.perf_counter() + HEAD_SECONDS + 2
        answer = asyncio.create_task(reader.read())
        while not answer.done() and time.perf_counter() < until:
            await asyncio.sleep(0.2)
            with contextlib.suppress(OSError):
                writer.write(b"x" if text else b"")
        with contextlib.suppress(OSError, TimeoutError):
            status = (await asyncio.wait_for(answer, 0.1))[9:12]
            ended += 1
            if status not in {b"408", b""}:
                result.findings.append(f"a head that drips was answered {status!r}")
        writer.close()

    async with _watched(live, key, result, result.name):
        await asyncio.gather(*(drip(number) for number in range(count)))
    result.count = count
    if ended < count:
        result.findings.append(f"{count - ended} of {count} connections are still open")
    return result


SUITES = (heads, drips)
