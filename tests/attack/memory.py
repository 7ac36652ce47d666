"""Attacks on the memory of a server: what is different in every request must not be kept."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
from collections.abc import Iterator

import httpx

from tests.attack.target import Result
from tests.interchange import hostile
from tests.reliability.live import Live
from tests.reliability.scenarios import memory_of

MIB = 1 << 20
MOST_MEMORY = 200 * MIB
_AT_ONCE = 8
_HEADS = (60_000, 65_000, 66_000, 100_000)
_FIELDS = (
    "state", "channel", "kind", "app", "agent", "model", "user", "workflow", "resolution",
    "intent", "trigger", "tag", "created_from", "updated_until", "archived", "ended", "unread",
)  # fmt: skip
_WORDS = {
    "state": "failed,running", "kind": "session,task", "resolution": "open", "archived": "true",
    "ended": "false", "unread": "true", "created_from": "2026-01-01T00:00:00Z", "updated_until": (
        "2030-01-01T00:00:00Z"
    ),
}  # fmt: skip


async def _ask_all(live: Live, key: str, paths: Iterator[str], result: Result) -> int:
    """Send every request and note the statuses that are no 200.

    The most memory that the server took.
    """
    most = memory_of(live.pid)

    async def ask(client: httpx.AsyncClient) -> None:
        nonlocal most
        for path in paths:
            status = (await client.get(path)).status_code
            result.count += 1
            if status != 200:
                result.findings.append(f"{path[:80]}: {status}")
            if result.count % 200 == 0:
                most = max(most, await asyncio.to_thread(memory_of, live.pid))

    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=live.url, headers=headers, timeout=60) as client:
        await asyncio.gather(*(ask(client) for _ in range(_AT_ONCE)))
    return max(most, memory_of(live.pid))


def _judged(result: Result, resident: int, most: int) -> Result:
    if resident > most:
        result.findings.append(f"{resident / MIB:.0f} MiB are resident")
    result.name += f" (at most {resident / MIB:.0f} MiB resident)"
    return result


async def ignored_parameters(
    live: Live, key: str, *, count: int = 12_000, most: int = MOST_MEMORY
) -> Result:
    """Undeclared parameters are no part of a cache key.

    Declared ones are cached within bounds.
    """
    result = Result("ignored parameters of 60 kB")
    routes = (
        "/api/sessions?junk=",
        "/ai-sessions?junk=",
        "/v1/sessions?_junk=",
        "/v1/sessions?tag=",
    )
    paths = (f"{routes[n % 4]}{n:06}{'x' * (60_000 if n % 4 < 3 else 100)}" for n in range(count))
    return _judged(result, await _ask_all(live, key, paths, result), most)


async def filter_shapes(
    live: Live, key: str, *, count: int = 14_400, most: int = MOST_MEMORY
) -> Result:
    """Each combination of filters, and each number of their values, is a statement of its own."""
    result = Result("shapes of filters")
    shapes = (
        "/v1/sessions?total=true&"
        + "&".join(f"{field}={_WORDS.get(field) or _several(n)}" for field in fields)
        for n, fields in enumerate(
            itertools.chain.from_iterable(
                itertools.combinations(_FIELDS, size) for size in range(1, 9)
            )
        )
    )
    resident = await _ask_all(live, key, itertools.islice(shapes, count), result)
    return _judged(result, resident, most)


def _several(number: int) -> str:
    return ",".join(f"v{index}" for index in range(number % 7 + 1))


async def header_floods(
    live: Live, key: str, *, size: int = 300 * MIB, most: int = MOST_MEMORY
) -> Result:
    """Heads just within the bound, which are answered, and just beyond it, which are refused."""
    result = Result(f"{size / MIB:.0f} MiB of headers")
    sent, resident = 0, memory_of(live.pid)

    async def flood() -> None:
        nonlocal sent
        while sent < size:
            length = _HEADS[result.count % len(_HEADS)]
            sent += length
            result.count += 1
            status = await _status_of_head(live, key, length)
            if status not in {b"200", b"431"}:
                result.findings.append(f"a head of {length} bytes: {status!r}")

    floods = asyncio.gather(*(flood() for _ in range(_AT_ONCE)))
    while not floods.done():
        resident = max(resident, await asyncio.to_thread(memory_of, live.pid))
        await asyncio.sleep(0.05)
    await floods
    return _judged(result, resident, most)


async def _status_of_head(live: Live, key: str, length: int) -> bytes:
    """What a request whose head has so many bytes is answered."""
    head = f"GET /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nX: ".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    with contextlib.suppress(OSError):
        writer.write(head.ljust(length - 4, b"x") + b"\r\n\r\n")
        await writer.drain()
        status = (await reader.read(12))[9:]
        writer.close()
        return status
    return b"431"  # closed before all was read, as it may be beyond the bound


async def imports(live: Live, key: str, *, size: int = 63 * MIB, most: int = MOST_MEMORY) -> Result:
    """Small files that unpack to much, or whose numbers size something, through the API.

    The process that reads them has a limit of its own, and is shown beside the server.
    """
    result = Result("hostile imports over the wire")
    resident, reader = memory_of(live.pid), 0
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/octet-stream"}
    async with httpx.AsyncClient(base_url=live.url, headers=headers, timeout=120) as client:
        for what, form, data in hostile.files(size):
            sending = asyncio.create_task(
                client.post("/v1/import", params={"format": form}, content=data)
            )
            while not sending.done():
                resident = max(resident, await asyncio.to_thread(memory_of, live.pid))
                reader = max(reader, await asyncio.to_thread(_memory_of_children, live.pid))
                await asyncio.sleep(0.02)
            result.count += 1
            status = (await sending).status_code
            if status not in {200, 400}:
                result.findings.append(f"{what}: {status}")
    result.name += f", the reader {reader / MIB:.0f} MiB"
    return _judged(result, resident, most)


def _memory_of_children(pid: int) -> int:
    """Resident bytes of the processes that a process has begun."""
    listed = subprocess.run(
        ["ps", "-o", "rss=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return sum(map(int, listed.stdout.split())) * 1024


SUITES = (ignored_parameters, filter_shapes, header_floods, imports)
