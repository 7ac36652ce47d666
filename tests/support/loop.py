"""How long the event loop was held."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Callable[[], float]]:
    """The longest time in seconds that the event loop worked without a turn to others.

    It is the processor's time of the loop's own thread, so that a machine that is busy elsewhere
    does not count.
    """
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - began)

    task = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    try:
        yield lambda: longest
        await asyncio.sleep(0.01)  # what never gave the loop a turn is counted then
    finally:
        task.cancel()
