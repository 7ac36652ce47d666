"""The background task that updates the search index."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hansard.store.verbs import indexing as verbs
from hansard.store.verbs import unindexed

if TYPE_CHECKING:
    from hansard.store import Store

_WORKSPACES, _EVENTS, _MESSAGES, _ERASED = 100, 500, 200, 50
_BYTES = 256 << 10
"""What one transaction indexes at most: appends wait for it on a store with one writer."""


class Indexer:
    """Updates the index in small batches, so that appends do not wait.

    Search also covers messages that are not indexed yet.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._is_new = True

    async def catch_up(self) -> int:
        """Index all that is pending and remove what was deleted; the number of documents added."""
        count, after = 0, ""
        while behind := await self._store.read(unindexed.behind, after, _WORKSPACES):
            for workspace_id in behind:
                count += await self._index(workspace_id)
            after = behind[-1]  # so that busy workspaces do not starve the others
        await self.clear()
        return count

    async def clear(self) -> None:
        """Remove the words of deleted messages from the index and from the store's files."""
        cleared, is_changed = _ERASED, self._is_new  # at first what a process left that was killed
        while cleared == _ERASED:
            cleared = await self._store.write(verbs.clean, _ERASED)
            is_changed = is_changed or cleared > 0
        if is_changed:
            await self._store.scrub()
        self._is_new = False

    async def _index(self, workspace_id: str) -> int:
        count = 0
        while unseen := await self._store.snapshot(
            unindexed.unseen, workspace_id, _EVENTS, _MESSAGES, _BYTES
        ):
            documents = await asyncio.to_thread(verbs.documents, unseen.messages)
            count += await self._store.write_behind(verbs.write, unseen, documents)
        return count
