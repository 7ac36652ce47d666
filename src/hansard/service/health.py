"""Whether the server can serve, and what its store holds in all, for probes and metrics."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard import __version__
from hansard.errors import Error, StoreUnavailable
from hansard.store.verbs import totals as verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.service.events import Events
    from hansard.store import Store
    from hansard.store.verbs.totals import Totals

_SECONDS = 2.0
_MIGRATIONS_SECONDS = 5.0


class StoreFacts(Struct, frozen=True):
    """``totals`` is None, and ``database`` empty, where the store did not answer in time."""

    version: str
    streams: int
    database: str = ""
    size: int = 0
    totals: Totals | None = None


class Health:
    """What it costs does not depend on what is stored, but for the number of workspaces."""

    def __init__(
        self, store: Store, events: Events, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._events = events
        self._monotonic = monotonic
        self._migrated_at = float("-inf")

    async def ready(self) -> None:
        """Return when the store answers and has every migration; StoreUnavailable otherwise.

        It takes two seconds at most. Migrations are looked at every five seconds; those of a newer
        version do no harm.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                await self._store.ping()
                await self._check_migrations()
        except TimeoutError as problem:
            raise StoreUnavailable("the store does not answer in time") from problem

    async def facts(self) -> StoreFacts:
        """What the metrics show of the store; it takes two seconds at most, and never raises."""
        known = StoreFacts(__version__, self._events.followers)
        try:
            async with asyncio.timeout(_SECONDS):
                return StoreFacts(
                    __version__,
                    self._events.followers,
                    await self._store.about(),
                    await self._store.size(),
                    await self._store.read(verbs.totals),
                )
        except (Error, TimeoutError):
            return known

    async def _check_migrations(self) -> None:
        if self._monotonic() - self._migrated_at < _MIGRATIONS_SECONDS:
            return
        try:
            missing = await self._store.pending_migrations()
        except StoreUnavailable as problem:
            if problem.code != "store_newer":
                raise
            missing = []
        if missing:
            raise StoreUnavailable(
                f"the store lacks {', '.join(missing)}: run 'hansard migrate'",
                code="migrations_pending",
            )
        self._migrated_at = self._monotonic()
