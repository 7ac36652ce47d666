"""Attacks on the wire: what only a real server over a real socket can be tried with."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import Iterator

import httpx

from tests.attack.target import Result
from tests.reliability.live import Live
from tests.reliability.scenarios import memory_of

MIB = 1 << 20
MOST_MEMORY = 250 * MIB


async def raw(live: Live, data: bytes, *, patience: float = 2.0) -> bytes:
    """Send bytes and give back all that comes until the server is silent or closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    received = b""
    try:
        with contextlib.suppress(OSError):
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(TimeoutError, OSError):
            while chunk := await asyncio.wait_for(reader.read(65536), patience):
                received += chunk
                patience = 0.3
    finally:
        writer.close()
    return received


def _smuggled(key: str) -> Iterator[tuple[str, bytes, int]]:
    """Requests that two readers could cut differently.

    Name, bytes, and how many answers there may be at most.
    """
    start = (
        f"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: "
        "application/json\r\n"
    ).encode()
    inner = f"GET /v1/keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    chunked = b"0\r\n\r\n" + inner
    yield (
        "length and chunked",
        start
        + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(chunked)
        + chunked,
        1,
    )
    yield (
        "chunked and length",
        start + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunked,
        1,
    )
    yield (
        "two lengths",
        start + b"Content-Length: 2\r\nContent-Length: %d\r\n\r\n{}" % (len(inner) + 2) + inner,
        1,
    )
    yield (
        "lengths in a list",
        start + b"Content-Length: 2, %d\r\n\r\n{}" % (len(inner) + 2) + inner,
        1,
    )
    yield "a signed length", start + b"Content-Length: +2\r\n\r\n{}" + inner, 1
    yield "a negative length", start + b"Content-Length: -1\r\n\r\n{}" + inner, 1
    yield "a hexadecimal length", start + b"Content-Length: 0x2\r\n\r\n{}" + inner, 1
    yield "a blank before the colon", start + b"Content-Length : 2\r\n\r\n{}" + inner, 1
    yield (
        "an unknown encoding",
        start + b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}" + inner,
        1,
    )
    yield (
        "two encodings",
        start + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunked,
        1,
    )
    yield (
        "a chunk of a bad size",
        start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n" + chunked,
        1,
    )
    yield (
        "a chunk size that overflows",
        start + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n" + chunked,
        1,
    )
    yield "a folded header", start + b"X: a\r\n Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 1
    yield "a NUL in a header", start + b"X: a\x00b\r\nContent-Length: 2\r\n\r\n{}" + inner, 1
    yield "bare line feeds", start.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}" + inner, 2
    yield (
        "a bare carriage return",
        start + b"X: a\rContent-Length: 99\r\nContent-Length: 2\r\n\r\n{}",
        1,
    )
    yield "no version", b"GET /v1/keys\r\n\r\n" + inner, 1
    yield "an absurd version", b"GET /v1/keys HTTP/9.9\r\nHost: x\r\n\r\n" + inner, 1
    yield "a huge header", start + b"X: " + b"a" * 200_000 + b"\r\nContent-Length: 2\r\n\r\n{}", 1
    yield (
        "many headers",
        start
        + b"".join(b"X%d: a\r\n" % number for number in range(5000))
        + b"Content-Length: 2\r\n\r\n{}",
        1,
    )
    yield "a target of the whole server", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 1
    yield "an absolute target", b"GET http://evil.test/v1/keys HTTP/1.1\r\nHost: x\r\n\r\n", 1
    yield "a connect", b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n", 1


async def smuggling(live: Live, key: str) -> Result:
    """No request hides another one: never more answers than requests, and never a 5xx."""
    result = Result("smuggling")
    for name, data, most in _smuggled(key):
        received = await raw(live, data)
        result.count += 1
        answers = received.count(b"HTTP/1.1 ")
        if answers > most:
            result.findings.append(f"{name}: {answers} answers")
        if any(
            received.startswith(b"HTTP/1.1 5", index)
            for index in range(len(received))
            if received.startswith(b"HTTP/1.1 ", index)
        ):
            result.findings.append(f"{name}: {received[:60]!r}")
    return result


async def _stream(live: Live, key: str, chunk: bytes, chunks: int) -> tuple[int, int]:
    """Send a body without a length, chunk by chunk.

    The status, and how many bytes went out before the answer.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    sent = 0
    try:
        writer.write(
            f"POST /v1/sessions/own/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        answer = asyncio.create_task(reader.read(200))
        with contextlib.suppress(OSError):
            for _ in range(chunks):
                if answer.done():
                    break
                writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                await writer.drain()
                sent += len(chunk)
        head = b""
        with contextlib.suppress(OSError, TimeoutError):
            head = await asyncio.wait_for(answer, 5)
        return int(head.split(b" ")[1]) if head else 0, sent
    finally:
        writer.close()


async def floods(live: Live, key: str) -> Result:
    """Bodies without an end and of absurd size.

    Refused early, in bounded memory, and others are served meanwhile.
    """
    result = Result("floods")
    async with httpx.AsyncClient(
        base_url=live.url, headers={"Authorization": f"Bearer {key}"}, timeout=30
    ) as client:
        await client.post("/v1/sessions", json={"id": "own"})
        before = memory_of(live.pid)
        status, sent = await _stream(live, key, b"x" * MIB, 1024)
        result.count += 1
        if status not in {0, 413} or sent > 64 * MIB:
            result.findings.append(f"1 GiB without a length: {status} after {sent / MIB:.0f} MiB")
        for name, body in (
            (
                "100 MiB of JSON",
                b'{"messages":[' + b'{"role":"user","text":"x"},' * (4 * MIB) + b"{}]}",
            ),
            ("100,000 deep", b"[" * 100_000),
        ):
            with contextlib.suppress(httpx.TransportError):
                answer = await client.post(
                    "/v1/sessions/own/messages",
                    content=body,
                    headers={"content-type": "application/json"},
                )
                if answer.status_code not in {400, 413}:
                    result.findings.append(f"{name}: {answer.status_code}")
            result.count += 1
        waiting = asyncio.gather(*(_stream(live, key, b" " * 65536, 200) for _ in range(20)))
        slowest = 0.0
        while not waiting.done():
            began = time.perf_counter()
            (await client.get("/v1/sessions")).raise_for_status()
            slowest = max(slowest, time.perf_counter() - began)
            await asyncio.sleep(0.02)
        result.count += 20
        stored = (await client.get("/v1/sessions/own")).json()["message_count"]
        after = memory_of(live.pid)
    if stored:
        result.findings.append(f"{stored} messages of a flood were stored")
    if after > max(MOST_MEMORY, before + 120 * MIB):
        result.findings.append(f"memory went from {before / MIB:.0f} to {after / MIB:.0f} MiB")
    result.name += (
        f" ({before / MIB:.0f} to {after / MIB:.0f} MiB resident, slowest other request "
        f"{slowest * 1000:.0f} ms)"
    )
    return result


async def idlers(live: Live, key: str, *, count: int = 500) -> Result:
    """Open connections that say nothing, half a request or a tiny window.

    Others do not wait for them.
    """
    result = Result("idle and slow clients")
    async with httpx.AsyncClient(
        base_url=live.url, headers={"Authorization": f"Bearer {key}"}, timeout=30
    ) as client:

        async def p99(requests: int = 150) -> float:
            took = []
            for _ in range(requests):
                began = time.perf_counter()
                (await client.get("/v1/sessions")).raise_for_status()
                took.append(time.perf_counter() - began)
            return statistics.quantiles(took, n=100)[98]

        alone, before = await p99(), memory_of(live.pid)
        half = (
            "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
            f"{key}\r\nContent-Length: 1000\r\n\r\n{{"
        ).encode()
        stream = (
            f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nAccept: "
            "text/event-stream\r\n\r\n"
        ).encode()
        opened = [await asyncio.open_connection("127.0.0.1", live.port) for _ in range(count)]
        for number, (_, writer) in enumerate(opened):
            writer.write((b"", b"GET /v1/sess", half, stream)[number % 4])
            await writer.drain()
        await asyncio.sleep(0.5)
        crowded, after = await p99(), memory_of(live.pid)
        for _, writer in opened:
            writer.close()
    result.count = count
    if crowded > max(0.25, alone * 20):
        result.findings.append(f"p99 went from {alone * 1000:.1f} to {crowded * 1000:.1f} ms")
    if after > max(MOST_MEMORY, before + 100 * MIB):
        result.findings.append(f"memory went from {before / MIB:.0f} to {after / MIB:.0f} MiB")
    result.name += (
        f" (p99 {alone * 1000:.1f} to {crowded * 1000:.1f} ms, {before / MIB:.0f} to "
        f"{after / MIB:.0f} MiB)"
    )
    return result


CANARY_ROUTES = (
    ("GET", "/v1/sessions"), ("POST", "/v1/sessions"), ("PATCH", "/v1/sessions/own"), ("GET",
        "/v1/search"), ("POST", "/v1/sessions/own/messages"),
    ("POST", "/v1/import"), ("GET", "/api/v0/sessions"), ("GET", "/api/sessions"), ("POST",
        "/api/auth/login"), ("POST", "/ui/sign-in"),
)  # fmt: skip
CANARIES = (
    "canaryheader7f3a",
    "canarybody7f3a",
    "canaryquery7f3a",
    "canarykey7f3a",
    "canarycookie7f3a",
)


async def canaries(live: Live, key: str) -> Result:
    """What is secret or said goes into no log.

    Bodies, queries, credentials, cookies, also where a request fails.
    """
    result = Result("canaries in the log")
    header, body, query, bad_key, cookie = CANARIES
    async with httpx.AsyncClient(base_url=live.url, timeout=30) as client:
        for method, path in CANARY_ROUTES:
            for credential in (f"Bearer {key}", f"Bearer {bad_key}"):
                headers = {
                    "Authorization": credential,
                    "X-Canary": header,
                    "Cookie": f"hansard={cookie}; pocketpaw_session={cookie}",
                }
                content = json.dumps({"title": body, "text": body, "broken": "\ud800"})
                await client.request(
                    method,
                    path,
                    params={"q": query, "token": query, "title": query},
                    headers=headers,
                    content=content,
                )
                result.count += 1
    await asyncio.sleep(0.5)
    log = live.log.read_text()
    result.findings += [
        f"{canary} stands in the log" for canary in (*CANARIES, key) if canary in log
    ]
    if "/v1/sessions" not in log:
        result.findings.append("the log is empty: nothing was tested")
    return result


SUITES = (smuggling, canaries, idlers, floods)
