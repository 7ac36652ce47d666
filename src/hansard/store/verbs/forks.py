"""Forks: a new session with copies of another's messages.

A short fork is one transaction. A long one is copied in stretches, each a transaction of its own.
The last transaction stores the session itself, which makes the messages visible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Conflict, NotFound
from hansard.model import MessageQuery, Session, parts, tool_calls
from hansard.model.usage import Inherited, Spent, spent_of
from hansard.store import chain, counts, rows, steps
from hansard.store.steps import Steps, Values, many, value
from hansard.store.verbs import (
    checkpoint_rows,
    items,
    message_pages,
    pending_forks,
    removals,
    session_labels,
)
from hansard.store.verbs.events import happened
from hansard.store.verbs.session_lookup import SessionRef, locked
from hansard.store.verbs.sessions import row_of
from hansard.store.verbs.summaries import grown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.ids import IdSource

ROWS, BYTES = 100, 512 * 1024
"""How many messages are copied at once, and their bytes together; one is copied in any case."""
_STRETCH = MessageQuery(limit=ROWS, after=0, most_bytes=BYTES)


class Fork(Struct, frozen=True):
    """A fork under way: ``session`` is its row as it will be stored, with what is copied so far.

    ``reached`` is the original's ``seq`` up to which it is copied, ``last`` the one up to which it
    will be. ``hash`` is that of the last copy, ``touched_at`` the copy's mark in the store.
    """

    session: Session
    source_id: str
    last: int
    reached: int = 0
    hash: bytes = chain.ROOT
    touched_at: int = 0

    @property
    def is_copied(self) -> bool:
        return self.reached >= self.last


class Copied(Struct, frozen=True):
    """Rows of copied messages, and those of their items."""

    messages: list[Values] = []
    items: list[Values] = []

    def with_more(self, more: Copied) -> Copied:
        return Copied(self.messages + more.messages, self.items + more.items)

    def put(self) -> Steps[None]:
        yield from many("message_put", self.messages)
        yield from items.put(self.items)


def is_short(ref: SessionRef, until: int | None) -> Steps[bool]:
    """Whether a fork up to ``until`` is one stretch at most; that of an absent session is."""
    try:
        source, messages, more = yield from message_pages.page(ref, _STRETCH)
    except NotFound:
        return True
    last = source.last_seq if until is None else until
    return not more or (bool(messages) and messages[-1].seq >= last)


def fork(
    ref: SessionRef,
    branch: Callable[[Session], Session],
    until: int | None,
    ids: IdSource,
    now: int,
) -> Steps[Session]:
    """Store what ``branch`` makes of the session, with its messages up to ``until``; no runs."""
    fork = yield from _begun(ref, branch, until)
    copied = Copied()
    while not fork.is_copied:
        fork, stretch = yield from copy(fork, ids)
        copied = copied.with_more(stretch)
    return (yield from _store(fork, copied, now))


def begin(
    ref: SessionRef, branch: Callable[[Session], Session], until: int | None, now: int
) -> Steps[Fork]:
    """Begin a long fork: the same session, whose messages are stored stretch by stretch."""
    fork = yield from _begun(ref, branch, until)
    session = fork.session
    if session.own_id is not None:
        names = rows.texts([session.own_id])
        if (
            yield from steps.rows("session_names_taken", workspace_id=ref.workspace_id, names=names)
        ):
            raise _taken(session)
    yield from pending_forks.begin(ref.workspace_id, session.id, fork.source_id, now)
    return msgspec.structs.replace(fork, touched_at=now)


def copy(fork: Fork, ids: IdSource) -> Steps[tuple[Fork, Copied]]:
    """The fork with its next stretch, and the rows that this adds; only reads.

    Raises Interrupted when the original, or all that was to be copied, was deleted meanwhile.
    """
    workspace_id, session = fork.session.workspace_id, fork.session
    of = SessionRef(workspace_id, fork.source_id)
    query = msgspec.structs.replace(_STRETCH, after=fork.reached)
    try:
        _, originals, more = yield from message_pages.page(of, query)
    except NotFound as gone:
        raise pending_forks.Interrupted("the session was deleted while it was copied") from gone
    copied = [message for message in originals if message.seq <= fork.last]
    is_last = not more or len(copied) < len(originals)
    if not copied and not is_last:
        raise pending_forks.Interrupted("messages were deleted while they were copied")
    copies = [
        msgspec.structs.replace(
            message,
            session_id=session.id,
            id=ids.message(session.id, seq),
            seq=seq,
            run_id=None,
            edited_at=None,
            edit_hash=None,
        )
        for seq, message in enumerate(copied, session.last_seq + 1)
    ]
    itemed = yield from items.of(workspace_id, copied)
    texts = [parts.text(message.parts) for message in copies]
    linked, last = chain.linked_rows(workspace_id, copies, fork.hash)
    grown_fork = msgspec.structs.replace(
        fork,
        session=grown(session, copies, texts, tool_calls.read_all(copies)),
        reached=fork.last if is_last else copied[-1].seq,
        hash=last,
    )
    copied_items = [
        items.values_of(workspace_id, message, item)
        for message, (_, item) in zip(copies, itemed, strict=True)
        if item is not None
    ]
    return grown_fork, Copied(linked, copied_items)


def keep(fork: Fork, copied: Copied, now: int) -> Steps[Fork]:
    """Store a stretch of a long fork. Raises Interrupted when the fork was taken away meanwhile."""
    session = fork.session
    yield from pending_forks.go_on(
        session.workspace_id, session.id, session.last_seq, fork.touched_at, now
    )
    yield from copied.put()
    return msgspec.structs.replace(fork, touched_at=now)


def complete(ref: SessionRef, fork: Fork, now: int) -> Steps[Session]:
    """Store the session of a long fork, whose messages are all there.

    Raises NotFound when the original is gone, Interrupted as ``keep``, Conflict when the name was
    taken meanwhile.
    """
    yield from locked(ref)
    yield from pending_forks.end(ref.workspace_id, fork.session.id, fork.touched_at)
    return (yield from _store(fork, Copied(), now))


def _begun(ref: SessionRef, branch: Callable[[Session], Session], until: int | None) -> Steps[Fork]:
    source = yield from locked(ref)
    return Fork(branch(source), source.id, source.last_seq if until is None else until)


def _store(fork: Fork, copied: Copied, now: int) -> Steps[Session]:
    session = inheriting(msgspec.structs.replace(fork.session, updated_at=now))
    if (yield from value("session_put", **row_of(session))) is None:
        raise _taken(session)
    yield from removals.make_way(session.workspace_id, session.id)
    yield from session_labels.put(session)
    yield from copied.put()
    if session.parent_id is None:  # a copy, which has all that the original has
        here = {"workspace_id": session.workspace_id, "session_id": fork.source_id}
        yield from steps.run("document_copy", **here, copy_id=session.id)
        yield from checkpoint_rows.copy(session.workspace_id, fork.source_id, session.id)
    yield from counts.change(session.workspace_id, None, session)
    yield from happened(
        session.workspace_id, "session.created", session.id, at=now, seq=session.last_seq or None
    )
    return session


def inheriting(session: Session) -> Session:
    """A fork that has only copies: what they spent counts in the original, and is told apart."""
    inherited = Inherited(
        **spent_of(session).sums, seq=session.last_seq, messages=session.message_count
    )
    return msgspec.structs.replace(
        session, **Spent().sums, inherited=Raw(msgspec.json.encode(inherited))
    )


def _taken(session: Session) -> Conflict:
    return Conflict(
        f"there is a session {session.name!r} already", code="session_exists", param="id"
    )
