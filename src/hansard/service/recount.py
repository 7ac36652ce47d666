"""Derive anew what sessions from before an update lack, before anybody reads the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hansard.store.verbs import indexing, unindexed
from hansard.store.verbs import recounts as verbs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hansard.store import Store

_WORKSPACES, _AT_ONCE = 100, 50
_SESSIONS, _MESSAGES, _BYTES = 200, 1000, 4 << 20


class Recount:
    """Walks through the sessions of the workspaces for which a migration asked.

    A walk that is broken off goes on where it was. Several processes may walk at once.
    """

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    async def is_due(self) -> bool:
        """Whether a walk was asked for and is not finished."""
        return bool(await self._store.read(verbs.pending, "", 1))

    async def run(self, note_progress: Callable[[float], object] = lambda _: None) -> int:
        """The number of sessions that were counted again.

        ``note_progress`` hears on the way which share of the work is done, from 0 to 1.
        """
        sizes = {
            workspace_id: await self._store.read(verbs.left, workspace_id)
            async for workspace_id in self._pending()
        }
        count, before, total = 0, 0, max(1, sum(sizes.values()))
        for workspace_id, size in sizes.items():
            indexed = 0
            async for more in self._index(workspace_id):
                indexed = min(size, indexed + more)
                note_progress((before + indexed / 2) / total)
            counted = 0
            while more := await self._count(workspace_id):
                counted += more
                note_progress((before + (size + min(size, counted)) / 2) / total)
            count, before = count + counted, before + size
        return count

    async def _pending(self) -> AsyncIterator[str]:
        after = ""
        while pending := await self._store.read(verbs.pending, after, _WORKSPACES):
            for workspace_id in pending:
                yield workspace_id
            after = pending[-1]

    async def _count(self, workspace_id: str) -> int:
        """Count the next sessions again; how many, 0 when none are left."""
        return await self._store.write(verbs.advance, workspace_id, _AT_ONCE, self._clock())

    async def _index(self, workspace_id: str) -> AsyncIterator[int]:
        """Index what the search index lacks; yields how many sessions were finished."""
        after = ""
        while lacked := await self._store.snapshot(
            unindexed.lacking, workspace_id, after, _SESSIONS, _MESSAGES, _BYTES
        ):
            documents = await asyncio.to_thread(indexing.documents, lacked.messages)
            await self._store.write(indexing.write, lacked, documents)
            finished = [
                session.session_id
                for session in lacked.sessions
                if lacked.reached.get(session.session_id, -1) >= session.last_seq
            ]
            after = finished[-1] if finished else after
            yield len(finished)
