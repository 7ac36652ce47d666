"""Events of a workspace: read them after a number, or wait for them.

Works across processes by polling the workspace's generation.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.store.verbs import events as verbs
from hansard.store.verbs import sessions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from hansard.access import Principal
    from hansard.store import Store
    from hansard.store.verbs.events import Event

_PAUSE = 0.25
BATCH = 500


class Changes(Struct, frozen=True):
    """Events in order; pass ``next`` as ``after`` of the next call.

    ``resync`` means that some events are no longer kept: read everything again.
    """

    events: list[Event]
    next: int
    has_more: bool
    resync: bool


class Events:
    """Polls each watched workspace four times a second, however many watch it."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, int] = {}
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._ended = False
        self.followers = 0
        """How many follow now."""

    async def since(self, principal: Principal, after: int, limit: int = BATCH) -> Changes:
        """The events after ``after`` of the sessions that the key may see."""
        generation = await self._store.read(verbs.generation, principal.workspace_id)
        if after > generation:
            return Changes([], generation, has_more=False, resync=True)
        events, trimmed = await self._store.read(verbs.since, principal.workspace_id, after, limit)
        reached = (
            events[-1].n if len(events) == limit else max(generation, events[-1].n if events else 0)
        )
        return Changes(
            await self._visible(principal, events),
            reached,
            has_more=len(events) == limit,
            resync=after < trimmed,
        )

    async def now(self, principal: Principal) -> int:
        return await self._store.read(verbs.generation, principal.workspace_id)

    async def follow(
        self, principal: Principal, after: int, heartbeat: float
    ) -> AsyncGenerator[Changes | None]:
        """Changes after ``after`` until ``end``; None after ``heartbeat`` seconds without any."""
        self.followers += 1
        try:
            while not self._ended:
                changes = await self.since(principal, after)
                if changes.events or changes.resync:
                    yield changes
                after = changes.next
                if not changes.has_more and not await self._moved(
                    principal.workspace_id, after, heartbeat
                ):
                    yield None
        finally:
            self.followers -= 1

    def end(self) -> None:
        """End every ``follow``: the server is stopping and waits for nothing else."""
        self._ended = True
        for waiting in self._waiting.values():
            _wake(waiting)

    async def _visible(self, principal: Principal, events: list[Event]) -> list[Event]:
        """The events that the key may see; a narrowed key sees only its own sessions."""
        if principal.user_id is None and principal.app is None:
            return events
        known = await self._store.read(
            sessions.by_ids, principal.workspace_id, list({event.session_id for event in events})
        )
        seen = {
            session_id
            for session_id, session in known.items()
            if principal.user_id in (None, session.user_id) and principal.app in (None, session.app)
        }
        return [event for event in events if event.session_id in seen]

    async def _moved(self, workspace_id: str, after: int, patience: float) -> bool:
        """Wait until the workspace is past ``after``; False after ``patience`` seconds."""
        if self._ended or (
            self._seen.get(workspace_id, 0) > after and workspace_id in self._looking
        ):
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace_id, set()).add(future)
        if workspace_id not in self._looking:
            self._seen[workspace_id] = after
            self._looking[workspace_id] = asyncio.create_task(self._look(workspace_id))
        try:
            await asyncio.wait_for(future, patience)
        except TimeoutError:
            return False
        finally:
            self._waiting.get(workspace_id, set()).discard(future)
        return True

    async def _look(self, workspace_id: str) -> None:
        try:
            while self._waiting.get(workspace_id):
                generation = await self._store.read(verbs.generation, workspace_id)
                if generation != self._seen[workspace_id]:
                    self._seen[workspace_id] = generation
                    _wake(self._waiting.pop(workspace_id, set()))
                await asyncio.sleep(_PAUSE)
        finally:
            del self._looking[workspace_id]
            del self._seen[workspace_id]
            _wake(self._waiting.pop(workspace_id, set()))


def _wake(waiting: set[asyncio.Future[None]]) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(None)
