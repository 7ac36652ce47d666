"""Fill in what sessions from before an update lack, before anybody reads the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hansard.store.verbs import indexing
from hansard.store.verbs import refill as verbs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hansard.service.workspaces import Workspaces
    from hansard.store import Store

_AT_ONCE = 200
_SESSIONS, _MESSAGES, _BYTES = 200, 1000, 4 << 20


class Refill:
    """Walks through all sessions once after a migration that asks for it.

    A walk that is broken off goes on where it was. Several processes may walk at once.
    """

    def __init__(self, store: Store, workspaces: Workspaces) -> None:
        self._store = store
        self._workspaces = workspaces

    async def is_due(self) -> bool:
        """Whether a walk was asked for and is not finished."""
        return await self._store.read(verbs.is_due)

    async def run(self, on_progress: Callable[[int], object] = lambda _: None) -> int:
        """The number of sessions that it looked at; ``on_progress`` hears of it on the way."""
        if not await self.is_due():
            return 0
        count = 0
        async for page in self._workspaces.generations():
            for workspace_id, _ in page:
                while more := await self._store.write(verbs.fill, workspace_id, _AT_ONCE):
                    count += more
                    on_progress(count)
                async for more in self._index(workspace_id):
                    count += more
                    on_progress(count)
        await self._store.write(verbs.done)
        return count

    async def _index(self, workspace_id: str) -> AsyncIterator[int]:
        """Index what the search index lacks; yields how many sessions were finished."""
        after = ""
        while lacked := await self._store.snapshot(
            indexing.lacking, workspace_id, after, _SESSIONS, _MESSAGES, _BYTES
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
