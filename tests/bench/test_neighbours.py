"""Waits are counted from the moment at which a request was due.

Then no stall hides behind the one request that meets it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from hansard_bench.competitors import Store
from hansard_bench.neighbours import paced
from hansard_bench.noise import neighbour
from hansard_bench.wire import Load, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@contextlib.asynccontextmanager
async def _answering(gate: Callable[[], asyncio.Event]) -> AsyncIterator[int]:
    """A server that answers each request as soon as the gate is open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                await gate().wait()
                writer.write(ANSWER)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _store(port: int) -> Store:
    return Store(load=Load(port), headers={}, sessions=(), giant="", common_word="", rare_word="")


async def test_a_stall_counts_for_every_request_that_was_due_in_it() -> None:
    gate = asyncio.Event()
    gate.set()
    async with _answering(lambda: gate) as port:
        loop = asyncio.get_running_loop()
        loop.call_later(0.2, gate.clear)
        loop.call_later(0.5, gate.set)
        sample = await paced(_store(port), iter([request("GET", "/")] * 100), 100, 1.0)
    assert sample.count == 100
    late = [seconds for seconds in sample.latencies if seconds > 0.05]
    assert 20 <= len(late) <= 40, "some thirty requests were due during the stall"
    assert sample.percentile(0.99) > 0.2


async def test_a_neighbour_works_until_its_block_ends_and_says_what_it_did() -> None:
    gate = asyncio.Event()
    gate.set()
    async with _answering(lambda: gate) as port:

        def press() -> dict[int, int]:
            with neighbour(port, [request("GET", "/")]) as work:
                time.sleep(0.3)
            return work().statuses

        statuses = await asyncio.to_thread(press)
    assert statuses.keys() == {200}
    assert statuses[200] > 1
