"""The lease under which a process caches session content, so that an erasure reaches all.

Each erasure changes a mark in the store, in its own transaction. Every process reads the mark twice
a second and empties its caches when it changed. A process that could not read the mark for the
length of the lease empties its caches too, and caches nothing until it can. So an erasure only
waits for the length of one lease: after that, no process holds what was cached before. No process
knows of another.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hansard import byte_cache
from hansard.store.verbs import erase as verbs

if TYPE_CHECKING:
    from hansard.store import Store

SECONDS = 2.0
LOOK_SECONDS = 0.5
_LATE_SECONDS = 0.25
"""The delay to expect of another process's event loop."""
_AGE_SECONDS = 15.0


class CacheLease:
    """The lease of this process.

    ``seconds`` is its length, the same in every process of a store.
    """

    def __init__(self, store: Store, seconds: float = SECONDS) -> None:
        self._store = store
        self._seconds = seconds
        self._mark: str | None = None
        self._lapse: asyncio.TimerHandle | None = None
        self._aged_at = 0.0

    @property
    def mark(self) -> str | None:
        """The id of the last erasure that this process knows of."""
        return self._mark

    def begin(self) -> None:
        """Cache no content until the first ``renew``."""
        byte_cache.suspend()

    async def renew(self) -> None:
        """Read the mark; the lease then lasts for its length from the start of the read."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        mark = await self._store.read(verbs.mark)
        if mark != self._mark:
            byte_cache.clear()
        self._mark = mark
        self._stop()
        self._lapse = loop.call_at(began + self._seconds, byte_cache.suspend)
        byte_cache.resume()
        if began - self._aged_at > _AGE_SECONDS:
            self._aged_at = began
            byte_cache.age()

    def end(self) -> None:
        self._stop()
        byte_cache.clear()
        byte_cache.resume()

    async def run_out(self) -> None:
        """Empty this process's caches and wait until every other process has emptied its own."""
        byte_cache.clear()
        await asyncio.sleep(self._seconds + _LATE_SECONDS)

    def _stop(self) -> None:
        if self._lapse is not None:
            self._lapse.cancel()
            self._lapse = None
