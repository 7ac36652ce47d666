"""Work on one thing goes one after the other, so that what waits holds nothing of the store."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

_SECONDS = 1.0


class Turns:
    """Turns by key, within this process.

    A turn is a courtesy, and not what makes the work right: whoever has waited for a second goes on
    without it, so that a database that does not answer is not waited for once for each.
    """

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def turn(self, *key: Hashable) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        is_held = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                is_held = await lock.acquire()
        try:
            yield
        finally:
            if is_held:
                lock.release()
