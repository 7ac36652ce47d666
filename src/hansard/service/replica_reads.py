"""Which reads may be made at a replica: those whose caller has seen nothing newer."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

from hansard import byte_cache
from hansard.errors import StoreUnavailable
from hansard.store.verbs import events
from hansard.store.verbs.erase import mark

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.service.cache_lease import CacheLease
    from hansard.store.replicated import ReplicatedStore

_LOOK_SECONDS = 0.02
_begun: ContextVar[tuple[str, str | None] | None] = ContextVar("begun", default=None)
"""The workspace whose reads this task makes at the replica, and the last erasure known then."""


class ReplicaReads:
    """A position is a workspace's generation: a replica that has it has all that made it.

    ``seconds`` is how long a read waits for the replica before it asks the primary.
    """

    def __init__(self, store: ReplicatedStore, lease: CacheLease, seconds: float) -> None:
        self._store = store
        self._lease = lease
        self._seconds = seconds

    async def begin(self, principal: Principal, position: int) -> None:
        """Make the reads of this task at the replica where it has come as far as ``position``.

        It must also know of every erasure that this process knows of, since what it says is cached.
        """
        until = asyncio.get_running_loop().time() + self._seconds
        while self._store.has_replica():
            self._store.read_replica(chosen=True)
            last_erasure = self._lease.mark
            known = await self._store.read(mark) == last_erasure
            if known and await self._at(principal) >= position:
                _begun.set((principal.workspace_id, last_erasure))
                return
            self._store.read_replica(chosen=False)
            if not known or asyncio.get_running_loop().time() > until:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def end(self) -> None:
        """Make the reads of this task at the primary again.

        What they cached is forgotten where an erasure has come to be known meanwhile.
        """
        self._store.read_replica(chosen=False)
        begun = _begun.get()
        if begun is not None:
            _begun.set(None)
            if begun[1] != self._lease.mark:
                byte_cache.forget(begun[0])

    async def position(self, principal: Principal) -> int | None:
        """Where the workspace is for this task; None when the store does not say."""
        try:
            return await self._at(principal)
        except StoreUnavailable:
            return None

    async def _at(self, principal: Principal) -> int:
        rows = await self._store.ask(events.GENERATION, principal.workspace_id)
        return events.generation_in(rows)
