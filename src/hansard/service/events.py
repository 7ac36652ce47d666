"""What happened in a workspace: read behind a number, or waited for. Works across processes by looking at the generation."""

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


class ImportBuffer(Struct, frozen=True):
    """Events in order; ``next`` is the number to ask behind.  With ``resync`` some are no longer kept: read everything anew."""

    events: list[Event]
    next: int
    has_more: bool
    resync: bool


class Events:
    """One look a quarter of a second per watched workspace, however many watch."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, int] = {}
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._ended = False

    async def since(self, principal: Principal, after: int, limit: int = BATCH) -> ImportBuffer:
        """What happened behind ``after`` to the sessions that the key may see."""
        generation = await self._store.read(verbs.generation, principal.workspace_id)
        if after > generation:
            return ImportBuffer([], generation, has_more=False, resync=True)
        found, trimmed = await self._store.read(verbs.since, principal.workspace_id, after, limit)
        reached = (
            found[-1].n if len(found) == limit else max(generation, found[-1].n if found else 0)
        )
        return ImportBuffer(
            await self._visible(principal, found),
            reached,
            has_more=len(found) == limit,
            resync=after < trimmed,
        )

    async def now(self, principal: Principal) -> int:
        return await self._store.read(verbs.generation, principal.workspace_id)

    async def follow(
        self, principal: Principal, after: int, heartbeat: float
    ) -> AsyncGenerator[ImportBuffer | None]:
        """Changes behind ``after`` until ``end``; None when ``heartbeat`` seconds went by without any."""
        while not self._ended:
            changes = await self.since(principal, after)
            if changes.events or changes.resync:
                yield changes
            after = changes.next
            if not changes.has_more and not await self._moved(
                principal.workspace_id, after, heartbeat
            ):
                yield None

    def end(self) -> None:
        """Let everybody who follows come to an end: the server is stopping and waits for nothing else."""
        self._ended = True
        for waiting in self._waiting.values():
            _wake(waiting)

    async def _visible(self, principal: Principal, found: list[Event]) -> list[Event]:
        """A narrowed key sees only what happens to its own sessions."""
        if principal.user_id is None and principal.app is None:
            return found
        known = await self._store.read(
            sessions.by_ids, principal.workspace_id, list({one.session_id for one in found})
        )
        seen = {
            ident
            for ident, one in known.items()
            if principal.user_id in (None, one.user_id) and principal.app in (None, one.app)
        }
        return [one for one in found if one.session_id in seen]

    async def _moved(self, workspace_id: str, after: int, patience: float) -> bool:
        """Wait until the workspace is past ``after``; False when ``patience`` seconds were not enough."""
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
