"""Attacks on the memory of a server: what is different in every request must not be kept."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import httpx

from tests.attack.target import Result
from tests.reliability.live import Live
from tests.reliability.scenarios import memory_of

MIB = 1 << 20
MOST_MEMORY = 200 * MIB
_AT_ONCE = 8
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


SUITES = (ignored_parameters, filter_shapes)
