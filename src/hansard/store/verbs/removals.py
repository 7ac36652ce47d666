"""What deleted sessions leave: their messages are removed in several transactions.

A session that is deleted is gone at once. So many of its messages as one transaction may remove go
with it; the others follow, the last ones first, so that nobody waits for a long session.
"""

from __future__ import annotations

from msgspec import Struct

from hansard.model import Session
from hansard.store.steps import Steps, row, rows, run, value
from hansard.store.verbs import indexing
from hansard.store.verbs.indexing import AT_ONCE, Detached

_BYTES = 1 << 20
"""What one transaction removes at most, as stored, unless a single message has more."""


class _Removal(Struct, frozen=True):
    """The messages up to ``last_seq``, and their words, are still there."""

    workspace_id: str
    session_id: str
    last_seq: int
    detached: Detached | None = None

    @property
    def key(self) -> dict[str, str]:
        return {"workspace_id": self.workspace_id, "session_id": self.session_id}


def begin(session: Session, at_once: int = AT_ONCE) -> Steps[None]:
    """Remove messages and words of a session that is about to be deleted, and note the others.

    So many ``at_once``, since the transaction may have removed those of other sessions.
    """
    detached = yield from indexing.detach(session)
    removal = _Removal(session.workspace_id, session.id, session.last_seq, detached)
    yield from _begin(removal, at_once)


def begin_unindexed(workspace_id: str, session_id: str, last_seq: int) -> Steps[None]:
    """The same for messages whose session never was there."""
    yield from _begin(_Removal(workspace_id, session_id, last_seq))


def step(workspace_id: str, session_id: str) -> Steps[bool]:
    """Remove the next messages of a deleted session; True when there are more."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    taken = yield from row("removal_take", **here)
    if taken is None:
        return False
    last_seq, handle, indexed = taken
    detached = None if handle is None else Detached(handle, indexed)
    left = yield from _remove(_Removal(workspace_id, session_id, last_seq, detached))
    if left:
        yield from run("removal_shorten", **here, last_seq=left)
    else:
        yield from run("removal_drop", **here)
    return left > 0


def make_way(workspace_id: str, session_id: str) -> Steps[None]:
    """Remove all that is left of a session whose id a new one has, which was stored just now."""
    while (yield from step(workspace_id, session_id)):
        pass


def of_workspace(workspace_id: str, limit: int) -> Steps[list[str]]:
    """The deleted sessions of which something is left."""
    pending = yield from rows("removal_list", workspace_id=workspace_id, limit=limit)
    return [session_id for (session_id,) in pending]


def next_workspace(after: str) -> Steps[str | None]:
    """The next workspace, in the order of their ids, with something to remove."""
    workspace_id: str | None = yield from value("removal_pending", after=after)
    return workspace_id


def _begin(removal: _Removal, at_once: int = AT_ONCE) -> Steps[None]:
    left = (yield from _remove(removal)) if at_once > 0 else removal.last_seq
    if left:
        handle, indexed = removal.detached or (None, 0)
        yield from run("removal_put", **removal.key, last_seq=left, handle=handle, indexed=indexed)


def _remove(removal: _Removal) -> Steps[int]:
    """Remove the last messages; up to which seq there are others."""
    after = yield from _left(removal)
    if removal.detached is not None:
        yield from indexing.forget_behind(removal.key, removal.detached, after)
    yield from run("message_delete_behind", **removal.key, after=after)
    yield from run("message_item_delete_behind", **removal.key, after=after)
    return after


def _left(removal: _Removal) -> Steps[int]:
    """Up to which seq messages stay when the last ones go that one transaction may remove."""
    stretch = yield from rows(
        "removal_stretch", **removal.key, last_seq=removal.last_seq, limit=AT_ONCE + 1
    )
    size = 0
    for number, (seq, length) in enumerate(stretch):
        size += length
        if number and (number == AT_ONCE or size > _BYTES):
            return int(seq)
    return 0
