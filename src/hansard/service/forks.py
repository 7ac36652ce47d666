"""Forks: new sessions that begin with the messages of another.

A long original is copied in batches, between other requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Error, Invalid
from hansard.ids import uuid_in
from hansard.service.rules import in_flight, ref, settled
from hansard.service.session_rows import drafted
from hansard.store.verbs import forks as verbs
from hansard.store.verbs import idempotency, pending_forks

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Session, SessionDraft
    from hansard.model.idempotency import IdempotentRequest
    from hansard.store import Store
    from hansard.store.verbs.forks import Fork
    from hansard.store.verbs.session_lookup import SessionRef

_KEPT = (
    "kind", "channel", "app", "agent", "model", "user_id", "workflow_id", "workflow_name", "tags",
)  # fmt: skip
"""The fields that a fork copies from its original when the draft leaves them out."""
_COPIED = (
    *_KEPT, "title", "title_by", "trigger", "intent", "sub_intent", "trail", "metadata",
)  # fmt: skip
"""Those that a copy has besides; its external ids are its own."""
_TRIES, _PAUSE_SECONDS = 8, 0.05
"""How often a copy that is interrupted begins anew, and the first pause, which doubles."""
_LAPSES_US = 900_000_000
_AT_ONCE = 100


class Forks:
    """Makes forks, and removes those that a process left unfinished."""

    def __init__(self, store: Store, ids: IdSource, clock: Callable[[], int]) -> None:
        self._store = store
        self._ids = ids
        self._clock = clock

    async def fork(  # noqa: PLR0913 - where it branches, and how
        self,
        principal: Principal,
        name: str,
        *,
        until: int | None,
        draft: SessionDraft,
        detached: bool = False,
        once: IdempotentRequest | None = None,
    ) -> Session:
        """A new session with copies of the messages up to ``seq`` ``until`` (None: all).

        The original becomes its parent; a ``detached`` copy has none, and more of the original's
        fields. Raises Invalid when the original has no such seq, and Busy
        ``fork_interrupted`` when messages of a long original are deleted again and again while it
        is copied.
        """
        now = self._clock()
        new = drafted(principal, draft, None, self._ids, now)

        def branch(source: Session) -> Session:
            kept = _COPIED if detached else _KEPT
            inherited = {field: getattr(source, field) for field in kept}
            own_fields = {
                field: getattr(new, field)
                for field in inherited
                if getattr(draft, field) not in (None, [], {}, "session")
            }
            if draft.title is not None:
                own_fields |= {"title_by": new.title_by}
            last = source.last_seq if until is None else _within(until, source)
            origin = {} if detached else {"parent_id": source.id, "forked_seq": last}
            return msgspec.structs.replace(new, **(inherited | own_fields | origin))

        of, workspace_id = ref(principal, name), principal.workspace_id
        with in_flight(self._store, once, workspace_id):
            if _is_named_by_uuid(draft) or await self._store.read(verbs.is_short, of, until):
                return await settled(
                    self._store,
                    once,
                    workspace_id,
                    now,
                    verbs.fork,
                    of,
                    branch,
                    until,
                    self._ids,
                    now,
                )
            if once is not None:
                await self._store.read(idempotency.recall, once, workspace_id, now)
            return await self._copied(of, branch, until, once)

    async def clear(self) -> int:
        """Remove abandoned copies; returns how many there were."""
        before = self._clock() - _LAPSES_US
        left = await self._store.read(pending_forks.lapsed, before, _AT_ONCE)
        for workspace_id, session_id in left:
            await self._take_away(workspace_id, session_id, before)
        return len(left)

    async def _copied(
        self,
        of: SessionRef,
        branch: Callable[[Session], Session],
        until: int | None,
        once: IdempotentRequest | None,
    ) -> Session:
        """Copy a long original; start again when a deletion interrupts it."""
        for attempt in range(_TRIES - 1):
            with contextlib.suppress(pending_forks.Interrupted):
                return await self._copy(of, branch, until, once)
            await asyncio.sleep(_PAUSE_SECONDS * 2**attempt)
        return await self._copy(of, branch, until, once)

    async def _copy(
        self,
        of: SessionRef,
        branch: Callable[[Session], Session],
        until: int | None,
        once: IdempotentRequest | None,
    ) -> Session:
        fork = await self._store.write(verbs.begin, of, branch, until, self._clock())
        try:
            while not fork.is_copied:
                began = time.monotonic()
                grown, copied = await self._store.read(verbs.copy, fork, self._ids)
                fork = await self._store.write(verbs.keep, grown, copied, self._clock())
                await asyncio.sleep(time.monotonic() - began)  # half of the time is for others
            return await self._complete(of, fork, once)
        except Exception:
            with contextlib.suppress(Error):  # `clear` removes what is left
                await self._take_away(of.workspace_id, fork.session.id, self._clock() + 1)
            raise

    async def _complete(
        self, of: SessionRef, fork: Fork, once: IdempotentRequest | None
    ) -> Session:
        now = self._clock()
        return await settled(self._store, once, of.workspace_id, now, verbs.complete, of, fork, now)

    async def _take_away(self, workspace_id: str, session_id: str, before: int) -> None:
        while await self._store.write(pending_forks.take_away, workspace_id, session_id, before):
            pass


def _is_named_by_uuid(draft: SessionDraft) -> bool:
    """Whether the caller chose the UUID.

    Another session with this UUID could start during the copy, and its messages would collide with
    the copied ones. So such a fork is a single transaction, however long.
    """
    return draft.id is not None and uuid_in(draft.id) is not None


def _within(seq: int, source: Session) -> int:
    if not 1 <= seq <= source.last_seq:
        last = f"the last is {source.last_seq}" if source.last_seq else "it has none yet"
        raise Invalid(f"the session has no message {seq}: {last}", param="message")
    return seq
