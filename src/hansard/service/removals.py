"""Removes what deleted sessions leave, in batches between other requests."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hansard.store.verbs import removals as verbs

if TYPE_CHECKING:
    from hansard.store import Store

_SESSIONS = 100


async def finish(store: Store, workspace_id: str) -> int:
    """Remove all that is left of a workspace's deleted sessions; of how many."""
    count = 0
    while pending := await store.read(verbs.of_workspace, workspace_id, _SESSIONS):
        for session_id in pending:
            await _finish(store, workspace_id, session_id)
        count += len(pending)
    return count


async def finish_all(store: Store) -> int:
    """Finish the removals of every workspace that processes left undone when they ended."""
    count, workspace_id = 0, ""
    while following := await store.read(verbs.next_workspace, workspace_id):
        count += await finish(store, following)
        workspace_id = following
    return count


async def _finish(store: Store, workspace_id: str, session_id: str) -> None:
    began = time.monotonic()
    while await store.write(verbs.step, workspace_id, session_id):
        await asyncio.sleep(time.monotonic() - began)  # half of the time is for others
        began = time.monotonic()
