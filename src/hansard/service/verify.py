"""Verification of a whole store: the database's own check, hash chains, counters."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.store.verbs import keys as stored
from hansard.store.verbs import verify as verbs
from hansard.store.verbs.verify import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.store import Store

_BATCH = 200


class Findings(Struct, frozen=True):
    """How much was checked, and every fault.

    ``database`` holds the findings of the database's own check; it is empty when the database is
    sound. ``content_hash`` is equal for two stores with the same messages in the same sessions.
    """

    workspaces: int
    sessions: int
    messages: int
    faults: tuple[Fault, ...]
    database: tuple[str, ...]
    content_hash: str

    @property
    def is_sound(self) -> bool:
        return not self.faults and not self.database


class Verification:
    """Only reads, one session at a time: the store may be written to meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def verify(self, *, on_progress: Callable[[int], None] | None = None) -> Findings:
        """Check everything; ``on_progress`` gets the number of messages checked so far."""
        database = tuple(await self._store.check())
        workspaces = await self._store.read(stored.workspaces)
        sessions = messages = 0
        faults: list[Fault] = []
        digest = blake2b(digest_size=16)
        for workspace in workspaces:
            after = ""
            while ids := await self._store.read(verbs.session_ids, workspace.id, after, _BATCH):
                for session_id in ids:
                    count, last, session_faults = await self._store.snapshot(
                        verbs.session, workspace.id, session_id
                    )
                    digest.update(session_id.encode() + last)
                    sessions, messages, faults = (
                        sessions + 1,
                        messages + count,
                        faults + session_faults,
                    )
                after = ids[-1]
                if on_progress is not None:
                    on_progress(messages)
            faults += await self._store.snapshot(verbs.counters, workspace.id)
        return Findings(
            len(workspaces), sessions, messages, tuple(faults), database, digest.hexdigest()
        )
