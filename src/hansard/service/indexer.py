"""The task that feeds the search index, beside the requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hansard.store.verbs import indexing as verbs

if TYPE_CHECKING:
    from hansard.store import Store

_WORKSPACES, _EVENTS, _MESSAGES, _ERASED = 100, 500, 500, 50


class Indexer:
    """Brings the index up to date in batches so small that no append waits long for one; search sees what is not indexed anyway."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def catch_up(self) -> int:
        """Index all that is waiting and clear away what was deleted; how many documents went in."""
        count, after = 0, ""
        while behind := await self._store.read(verbs.behind, after, _WORKSPACES):
            for workspace_id in behind:
                count += await self._index(workspace_id)
            after = behind[-1]  # so that those that are always written to keep no other waiting
        await self.clear()
        return count

    async def clear(self) -> None:
        """Take the words of deleted messages out of the index, and out of the store's files."""
        cleared, some = _ERASED, False
        while cleared == _ERASED:
            cleared = await self._store.write(verbs.clean, _ERASED)
            some = some or cleared > 0
        if some:
            await self._store.scrub()

    async def _index(self, workspace_id: str) -> int:
        count = 0
        while unseen := await self._store.snapshot(verbs.unseen, workspace_id, _EVENTS, _MESSAGES):
            documents = await asyncio.to_thread(verbs.documents, unseen.messages)
            count += await self._store.write(verbs.write, unseen, documents)
        return count
