"""Mend hash chains that began again in their middle.

An older version wrote such chains on PostgreSQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.errors import NotFound, StoreUnavailable
from hansard.store import chain, rows
from hansard.store.steps import Row, Steps, Values, many, run, value
from hansard.store.verbs import audit, message_pages
from hansard.store.verbs.session_lookup import SessionRef, existing, locked

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.model import Session

_PAGE = 500


class Repair(Struct, frozen=True):
    """What mends one chain.

    ``breaks`` are the ``seq`` at which it begins again, ``rehashed`` counts the messages that get
    another hash.
    """

    workspace_id: str
    session_id: str
    breaks: tuple[int, ...]
    rehashed: int


class _Walk:
    """Follows a chain; ``hashes`` are those that a whole chain would have instead."""

    def __init__(self) -> None:
        self.seq = self.living = 0
        self.breaks: list[int] = []
        self.hashes: list[Values] = []
        self.stored = self.mended = chain.ROOT

    def follow(self, stored: Row) -> bool:
        """Take the next message; False where more is wrong than a chain that begins again."""
        seq, deleted_at, digest, *rest = stored
        digest = bytes(digest)
        if seq != self.seq + 1:
            return False
        mended = digest  # what a deleted message said is gone: its hash stands for it
        if deleted_at is None:
            message = rows.message(rest)
            if message.edited_at is None and chain.link(self.stored, message) != digest:
                if chain.link(chain.ROOT, message) != digest:
                    return False
                self.breaks.append(seq)
            self.living += 1
            if message.edited_at is None:  # what an edited message said first is gone as well
                mended = chain.link(self.mended, message)
        if mended != digest:
            self.hashes.append({"seq": seq, "hash": mended})
        self.seq, self.stored, self.mended = seq, digest, mended
        return True


def plan(workspace_id: str, session_id: str) -> Steps[Repair | None]:
    """What would mend the chain of a session.

    None where nothing would, or where more is damaged than the chain.
    """
    try:
        session = yield from existing(SessionRef(workspace_id, session_id))
    except NotFound:
        return None
    walk = yield from _walk(session)
    return _repair(session, walk) if walk else None


def mend(
    workspace_id: str, session_id: str, secret: bytes, act: Callable[[Repair], audit.Act]
) -> Steps[Repair | None]:
    """Write the hashes of a whole chain, and an entry in the audit log; None as of ``plan``."""
    try:
        session = yield from locked(SessionRef(workspace_id, session_id))
    except NotFound:
        return None
    walk = yield from _walk(session)
    if walk is None:
        return None
    here = {"workspace_id": workspace_id, "session_id": session_id}
    for first in range(0, len(walk.hashes), _PAGE):
        hashes = walk.hashes[first : first + _PAGE]
        yield from many("message_rehash", [{**here, **hash_} for hash_ in hashes])
    yield from run("session_rehash", workspace_id=workspace_id, id=session_id, hash=walk.mended)
    repair = _repair(session, walk)
    yield from audit.note(secret, act(repair))
    return repair


def _repair(session: Session, walk: _Walk) -> Repair:
    return Repair(session.workspace_id, session.id, tuple(walk.breaks), len(walk.hashes))


def _walk(session: Session) -> Steps[_Walk | None]:
    """The walk over a chain that begins again; None where it is damaged otherwise, or whole."""
    walk = _Walk()
    while messages := (
        yield from message_pages.chain_piece(session.workspace_id, session.id, walk.seq)
    ):
        try:
            if not all(map(walk.follow, messages)):
                return None
        except StoreUnavailable:  # it cannot be unpacked
            return None
    end = yield from value("session_last_hash", workspace_id=session.workspace_id, id=session.id)
    whole = (session.last_seq, session.message_count) == (walk.seq, walk.living) and (
        end is None or bytes(end) == walk.stored
    )
    return walk if whole and walk.breaks else None
