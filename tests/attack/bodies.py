"""Attacks with bodies that cost much to read.

Others do not wait, and memory stays within bounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import httpx

from tests.attack.target import Result
from tests.reliability.live import Live, new_key
from tests.reliability.scenarios import memory_of

MIB = 1 << 20
LARGEST = 8 * MIB
REST = 20
"""So many requests say how long one takes at rest."""
MOST_WAIT, MOST_MEMORY, MOST_SECONDS = 0.75, 480 * MIB, 60.0
"""Seconds that another request may wait beyond three times what it takes at rest; bytes;
seconds.
"""
ACCEPTED = {201, 400, 413, 503}


def _filled(unit: bytes, size: int) -> bytes:
    """A message whose metadata is a list of as many units as fit."""
    head, tail = b'{"messages":[{"role":"user","text":"x","metadata":{"m":[', b"]}}]}"
    return head + b",".join([unit] * ((size - 100) // (len(unit) + 1))) + tail


def _spoken(unit: bytes, size: int) -> bytes:
    """A message whose text is as many units as fit."""
    head, tail = b'{"messages":[{"role":"user","text":"', b'"}]}'
    return head + unit * ((size - 100) // len(unit)) + tail


def hostile_bodies(size: int) -> dict[str, bytes]:
    """Bodies of a size that each cost one reader or another most, by name."""
    return {
        "small objects": _filled(b'{"a":1}', size),
        "empty objects": _filled(b"{}", size),
        "empty lists": _filled(b"[]", size),
        "numbers": _filled(b"1", size),
        "strings": _filled(b'"a"', size),
        "deep lists": _filled(b"[" * 50 + b"]" * 50, size),
        "many names": _filled(
            b"{" + b",".join(b'"k%d":0' % n for n in range(size // 12)) + b"}", 0
        ),
        "the last name twice": _filled(b"1", size - 100)[:-6] + b'],"m":[]}}]}',
        "escapes": _spoken(b"\\n", size),
        "escaped quotes": _spoken(b'\\"', size),
        "pairs of surrogates": _spoken(b"\\ud83d\\ude00", size),
        "half a pair at the end": _spoken(b"\\ud83d\\ude00", size)[:-4] + b'\\ud83d"}]}',
        "digits": _filled(b"9" * 290, size),
        "letters of other scripts": _spoken("привет ".encode(), size),
        "parts without end": b'{"messages":[{"role":"user","parts":['
        + b",".join([b'{"type":"x"}'] * (size // 13))
        + b"]}]}",
        "no JSON at all": b"[" * size,
    }


@contextlib.asynccontextmanager
async def _neighbour(live: Live, key: str) -> AsyncIterator[list[float]]:
    """The waits of another key's small reads and appends, during a block and at rest."""
    headers, waits = {"Authorization": f"Bearer {key}"}, list[float]()
    rested, done = asyncio.Event(), asyncio.Event()

    async def ask(client: httpx.AsyncClient) -> None:
        message = {"messages": [{"role": "user", "text": "hello"}]}
        while not done.is_set():
            began = time.perf_counter()
            (await client.get("/v1/sessions")).raise_for_status()
            (await client.post("/v1/sessions/small/messages", json=message)).raise_for_status()
            waits.append((time.perf_counter() - began) / 2)
            if len(waits) == REST:
                rested.set()
            await asyncio.sleep(0.01)

    async with httpx.AsyncClient(base_url=live.url, headers=headers, timeout=60) as client:
        await client.post("/v1/sessions", json={"id": "small"})
        asking = asyncio.create_task(ask(client))
        await rested.wait()
        rest = _p90(waits)
        waits[:] = [rest]
        try:
            yield waits
        finally:
            done.set()
            await asking


def _p90(waits: list[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.9)]


async def bodies(
    live: Live, key: str, *, size: int = LARGEST, at_once: int = 6, step: int = 1
) -> Result:
    """One key sends what costs most, several at once; another key's small requests go on."""
    result = Result(f"hostile bodies of {size / MIB:.0f} MiB")
    other = await new_key(live.store, f"neighbour-{time.time_ns()}")
    slowest, most = 0.0, memory_of(live.pid)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=live.url, headers=headers, timeout=120) as client:
        await client.post("/v1/sessions", json={"id": "large"})
        for name, body in list(hostile_bodies(size).items())[::step]:
            async with _neighbour(live, other) as waits:
                began = time.perf_counter()
                answers = await asyncio.gather(
                    *(
                        client.post("/v1/sessions/large/messages", content=body)
                        for _ in range(at_once)
                    )
                )
                seconds = time.perf_counter() - began
                most = max(most, memory_of(live.pid))
            result.count += at_once
            rest, waited = waits[0], _p90(waits)
            slowest = max(slowest, waited)
            statuses = {answer.status_code for answer in answers}
            if not statuses <= ACCEPTED:
                result.findings.append(f"{name}: {statuses}")
            if waited > 3 * rest + MOST_WAIT:
                result.findings.append(
                    f"{name}: others waited {waited * 1000:.0f} ms, {rest * 1000:.0f} at rest"
                )
            if seconds > MOST_SECONDS:
                result.findings.append(f"{name}: {seconds:.0f} s")
    if most > MOST_MEMORY:
        result.findings.append(f"{most / MIB:.0f} MiB are resident")
    result.name += (
        f" (at most {most / MIB:.0f} MiB resident, p90 of others at most {slowest * 1000:.0f} ms)"
    )
    return result


SUITES = (bodies,)
