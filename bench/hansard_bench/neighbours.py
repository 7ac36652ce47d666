"""The contest of neighbours: how long one key waits while another does expensive requests."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hansard_bench import wire
from hansard_bench.noise import Work, neighbour
from hansard_bench.table import Row, duration
from hansard_bench.wire import Sample, Unexpected, ask, expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from hansard_bench.competitors import Arena, Store

_READS, _WRITES = 100, 50
"""Requests a second of the key that is measured."""
_LONG, _FORKED, _HEAVY = 40_000, 20_000, 30
_MIB = 1024**2
_BATCH = 100
_SHORTEST, _LONGEST = 0.3, 10.0
_SESSIONS, _MESSAGES = 20, 10
_PATIENCE = 30.0
"""Seconds after which a request is given up, and counts as having taken so long."""


class Noise(Struct, frozen=True):
    """One expensive thing: what it is called, and the requests that do it, in a circle."""

    what: str
    requests: Sequence[bytes]


class Waits(Struct, frozen=True):
    """Seconds from the moment at which a request was due to its answer."""

    reads: Sample
    appends: Sample

    def p99(self) -> tuple[float, float]:
        return self.reads.percentile(0.99), self.appends.percentile(0.99)


async def neighbours(arena: Arena) -> list[Row]:
    """Small reads and appends of one key at rest, and beside each expensive thing of another."""
    if arena.neighbour is None:
        raise Unexpected("the data has no second key: run once without --reuse")
    quiet = await _Quiet.of(arena.neighbour)
    rows = []
    async with _prepared(arena) as noises:
        seconds = min(_LONGEST, max(_SHORTEST, 4 * arena.effort.rounds * arena.effort.seconds))
        await quiet.measure(min(seconds, 1.0))
        for noise in noises:
            rest = await quiet.measure(seconds / 2)
            with neighbour(arena.ours.load.port, noise.requests) as work:
                beside = await quiet.measure(seconds)
            rows.append(_row(noise, rest, beside, work(), arena.targets.neighbour_ms))
    return rows


def _row(noise: Noise, rest: Waits, beside: Waits, work: Work, limit_ms: float) -> Row:
    before, after = rest.p99(), beside.p99()
    more = [two - rest for rest, two in zip(before, after, strict=True)]
    figures = ", ".join(
        f"{name} {duration(two)} (at rest {duration(rest)})"
        for name, rest, two in zip(("reads", "appends"), before, after, strict=True)
    )
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(work.statuses.items()))
    return Row(
        what=f"p99 beside {noise.what}",
        measured=figures,
        target=f"≤ {limit_ms:.0f} ms above rest",
        reached=max(more) * 1e3 <= limit_ms,
        note=f"the neighbour: {statuses or 'no answer'}, slowest {duration(work.slowest)}",
        figures={
            "reads_ms": after[0] * 1e3,
            "reads_at_rest_ms": before[0] * 1e3,
            "reads_max_ms": beside.reads.percentile(1) * 1e3,
            "appends_ms": after[1] * 1e3,
            "appends_at_rest_ms": before[1] * 1e3,
            "appends_max_ms": beside.appends.percentile(1) * 1e3,
        },
    )


class _Quiet(Struct, frozen=True):
    """The key that is measured: small sessions of its own."""

    store: Store
    reads: list[bytes]
    appends: list[bytes]

    @classmethod
    async def of(cls, store: Store) -> _Quiet:
        names = [f"quiet-{number}" for number in range(_SESSIONS)]
        for name in names:
            await _start(store, name)
            await store.ask(_batch(store, name, 1, _MESSAGES), 201)
        reads = [store.list()]
        for name in names:
            reads += [
                store.history(name),
                wire.request("GET", f"/v1/sessions/{name}", store.headers),
            ]
        return cls(store, reads, [store.append(name) for name in names])

    async def measure(self, seconds: float) -> Waits:
        reads, appends = await asyncio.gather(
            paced(self.store, itertools.cycle(self.reads), _READS, seconds),
            paced(self.store, itertools.cycle(self.appends), _WRITES, seconds),
        )
        return Waits(reads, appends)


async def paced(store: Store, requests: Iterator[bytes], rate: float, seconds: float) -> Sample:
    """Send ``rate`` requests a second whatever comes back.

    Then a stall counts for all that were due in it.
    """
    check, loop = expect(200, 201), asyncio.get_running_loop()
    idle: list[wire.Connection] = []
    latencies: list[float] = []

    async def once(data: bytes, due: float) -> None:
        connection = _open(idle) or await store.load.connect()
        try:
            check(await ask(connection, data, _PATIENCE))
            idle.append(connection)
        except TimeoutError:
            connection.close()
        except BaseException:
            connection.close()
            raise
        latencies.append(time.perf_counter() - due)

    began = time.perf_counter()
    tasks = []
    for number in range(max(1, int(rate * seconds))):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(loop.create_task(once(next(requests), due)))
    try:
        await asyncio.gather(*tasks)
    finally:
        for connection in idle:
            connection.close()
    return Sample(time.perf_counter() - began, sorted(latencies))


def _open(idle: list[wire.Connection]) -> wire.Connection | None:
    """An idle connection that the server has not closed meanwhile."""
    while idle:
        connection = idle.pop()
        if connection.is_open:
            return connection
    return None


@contextlib.asynccontextmanager
async def _prepared(arena: Arena) -> AsyncIterator[list[Noise]]:
    """The expensive things, on data that is made for them and removed afterwards."""
    noisy, share = arena.ours, arena.effort.neighbour
    long, forked, heavy = (max(4, int(size * share)) for size in (_LONG, _FORKED, _HEAVY))
    await _long_session(noisy, "noisy-long", long)
    await _heavy_session(noisy, "noisy-heavy", heavy, int(7_000_000 * share))
    before = await _names(noisy)
    await _start(noisy, "noisy-append")
    word = quote(noisy.common_word)
    try:
        yield [
            Noise(
                "8 MiB of JSON", [_json_body(noisy, "noisy-append", int(8 * _MIB * share) - 4096)]
            ),
            Noise(
                f"?role= in a session of {long:,}",
                # the append in between, so that no kept answer serves
                [
                    _append(noisy, "noisy-long", [{"role": "tool", "text": "Shipped."}]),
                    _get(noisy, "/v1/sessions/noisy-long/messages?role=tool&limit=50"),
                ],
            ),
            Noise(
                f"{heavy} messages of {7 * share:.0f} MB",
                [_get(noisy, f"/v1/sessions/noisy-heavy/messages?limit={heavy}")],
            ),
            Noise("a hostile gzip import", [_hostile_import(noisy, int(63 * _MIB * share))]),
            Noise(
                f"a fork of {forked:,} messages",
                [_post(noisy, "/v1/sessions/noisy-long/fork", {"message": forked})],
            ),
            Noise(
                "a common word by relevance",
                [_get(noisy, f"/v1/search?q={word}&sort=relevance&limit=20&total=true")],
            ),
        ]
    finally:
        for name in await _names(noisy) - before:
            await noisy.ask(wire.request("DELETE", f"/v1/sessions/{name}", noisy.headers), 200, 404)


async def _names(store: Store) -> set[str]:
    """The sessions that were changed last: where forks are."""
    page = await store.json(_get(store, "/v1/sessions?limit=200&sort=-created_at"))
    return {session["id"] for session in page["data"]}


async def _start(store: Store, name: str) -> None:
    await store.ask(_post(store, "/v1/sessions", {"id": name}), 200, 201)


async def _long_session(store: Store, name: str, size: int) -> None:
    """A session whose first and last messages alone are a tool's."""
    await _start(store, name)
    there = (await store.json(_get(store, f"/v1/sessions/{name}")))["last_seq"]
    for first in range(there + 1, size + 1, _BATCH):
        await store.ask(_batch(store, name, first, min(_BATCH, size + 1 - first), size), 201)


async def _heavy_session(store: Store, name: str, count: int, length: int) -> None:
    await _start(store, name)
    there = (await store.json(_get(store, f"/v1/sessions/{name}")))["last_seq"]
    text = (
        "All the words of a long report, and the numbers that belong to it: 4711. "
        * (1 + length // 73)
    )[:length]
    for _ in range(there, count):
        await store.ask(_append(store, name, [{"role": "tool", "text": text}]), 201)


def _batch(store: Store, name: str, first: int, count: int, last: int = 0) -> bytes:
    """Messages of some 200 characters; the session's first and last are a tool's."""
    messages = [
        {
            "role": "tool" if seq in {1, last} and last else "assistant" if seq % 2 else "user",
            "text": f"Message {seq}: where is my order, and when will it come? " * 4,
        }
        for seq in range(first, first + count)
    ]
    return _append(store, name, messages)


def _json_body(store: Store, name: str, size: int) -> bytes:
    """An append of many small objects, which is what parsing costs most for."""
    row = {"name": "order", "at": 4711, "open": True, "tags": ["a", "b"], "notes": {"by": "me"}}
    rows = [row] * (size // (len(msgspec.json.encode(row)) + 1))
    return _append(
        store,
        name,
        [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": rows}]}],
    )


def _hostile_import(store: Store, size: int) -> bytes:
    """Some kilobytes that unpack to a list of millions of empty records."""
    data = gzip.compress(b"[" + b"{}," * (size // 3) + b"{}]")
    return wire.request(
        "POST", "/v1/import?format=chatgpt", store.headers, data, "application/octet-stream"
    )


def _append(store: Store, name: str, messages: list[dict[str, Any]]) -> bytes:
    return _post(store, f"/v1/sessions/{name}/messages", {"messages": messages})


def _post(store: Store, target: str, body: object) -> bytes:
    return wire.request("POST", target, store.headers, msgspec.json.encode(body))


def _get(store: Store, target: str) -> bytes:
    return wire.request("GET", target, store.headers)
