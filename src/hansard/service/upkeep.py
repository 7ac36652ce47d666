"""Upkeep: delete what has expired, in every workspace.

In small transactions, and only where there is something to delete.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from hansard.errors import NotFound
from hansard.service.workspaces import Workspaces
from hansard.store.verbs import documents, events, idempotency, model_calls
from hansard.store.verbs import upkeep as verbs
from hansard.store.verbs.store_clock import earlier_of, store_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.service.retention import Retention
    from hansard.store import Store
    from hansard.store.verbs.store_clock import StoreClock
    from hansard.store.verbs.upkeep import Due, Limits

CALLS_KEPT_US = 86_400_000_000
"""How late a call may come and still be put in order."""
EVENTS_KEPT_US = 7 * 86_400_000_000
EVENTS_KEPT = 100_000


class Upkeep:
    """The server's periodic clean-up, ``rows`` at a time; several processes may run it.

    Data expires when both this process's clock and the store's say so.
    """

    def __init__(  # noqa: PLR0913 - both clocks
        self,
        store: Store,
        workspaces: Workspaces,
        retention: Retention,
        clock: Callable[[], int],
        store_clock: StoreClock = store_time,
        *,
        rows: int = 1000,
    ) -> None:
        self._store_clock = store_clock
        self._store = store
        self._workspaces = workspaces
        self._retention = retention
        self._clock = clock
        self._rows = rows

    async def run(self) -> int:
        """Check every workspace; how many had something to delete. An idle store is only read."""
        now = await self._store.read(earlier_of, self._store_clock, self._clock())
        count = 0
        limits = verbs.Limits(
            now,
            now - idempotency.KEPT_US,
            now - CALLS_KEPT_US,
            now - EVENTS_KEPT_US,
            EVENTS_KEPT,
        )
        async for page in self._workspaces.generations():
            for due in await self._store.read(
                verbs.due, [workspace_id for workspace_id, _ in page], limits
            ):
                await self._tend(due, limits)
                count += 1
        for workspace_id in await self._store.read(verbs.statistics_left, self._rows):
            await self._store.write(verbs.delete_statistics, workspace_id)
            count += 1
        return count

    async def _tend(self, due: Due, limits: Limits) -> None:
        workspace_id = due.workspace_id
        if due.has_old_keys:
            await self._repeat(idempotency.trim, workspace_id, limits.keys_before)
        if due.has_old_calls:
            await self._repeat(model_calls.trim, workspace_id, limits.calls_before)
        if due.has_old_events:
            await self._repeat(events.trim_old, workspace_id, limits.events_before, limits.kept)
        if due.has_expired_documents:
            await self._repeat(documents.expire, workspace_id, limits.now)
        if due.has_rules:
            with contextlib.suppress(NotFound):  # it was deleted meanwhile
                workspace = await self._workspaces.read(workspace_id)
                await self._retention.apply(Workspaces.operator(workspace))

    async def _repeat(self, trim: Callable[..., Any], *args: object) -> None:
        while await self._store.write(trim, *args, self._rows):
            pass
