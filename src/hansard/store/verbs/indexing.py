"""The search index: what it is given, and what must leave it.

The events of a workspace are the queue: what they changed behind the generation that the index has
seen is not indexed yet, and read by ``unindexed``. Whoever changes the index of a workspace holds
the lock on its row, which is taken after those of sessions and before the counters'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import Raw, Struct

from hansard.model import Message, Session, parts, tool_calls
from hansard.store import rows, steps
from hansard.store.packing import unpacked
from hansard.store.search_query import Entry, message_words, title_words
from hansard.store.steps import Query, Steps, many, row, run
from hansard.store.verbs.unindexed import UnindexedSession, Unseen, sizes

Documents = Mapping[str, Sequence[tuple[int, list[str]]]]
"""For each session the words of messages by seq."""
AT_ONCE = 200
"""Messages that leave the index in one transaction."""


class Detached(NamedTuple):
    """The handle of a session that left the index, and up to which seq its words are there."""

    handle: Any
    indexed: int


class Indexed(Struct, frozen=True):
    """How far a session is indexed, and its handle in the index."""

    session_id: str
    handle: Any
    seq: int
    titled: int
    title: str | None


def documents(messages: Sequence[Message]) -> dict[str, list[tuple[int, list[str]]]]:
    """The words of messages, by session; the work of the tokenizer, without a database."""
    by_session: dict[str, list[tuple[int, list[str]]]] = {}
    for message in messages:
        by_session.setdefault(message.session_id, []).append(
            (message.seq, words_of(message.role, message.parts))
        )
    return by_session


def title_of(session: UnindexedSession) -> list[tuple[int, list[str]]]:
    """The document of a title that is not indexed yet."""
    return [(0, title_words(session.title))] if session.title and not session.titled else []


def words_of(role: str, raw: Raw) -> list[str]:
    """The document of a message."""
    return message_words(role, parts.text(raw), tool_calls.read(raw))


def write(unseen: Unseen, by_session: Documents) -> Steps[int]:
    """Put a stretch into the index; how many documents.

    What was indexed or deleted meanwhile is left out.
    """
    code, _ = yield from _lock(unseen.workspace_id)
    waiting = {
        session.session_id: session
        for session in unseen.sessions
        if session.session_id in unseen.reached
    }
    kept = {ident: list(by_session.get(ident, ())) for ident in waiting}
    alive = yield from _alive(unseen.workspace_id, waiting, kept)
    count = yield from _add(
        unseen.workspace_id,
        code,
        alive,
        unseen.reached,
        {ident: session.seq for ident, session in waiting.items()},
    )
    if unseen.whole:
        yield from run(
            "search_workspace_seen", workspace_id=unseen.workspace_id, generation=unseen.until
        )
    return count


def add(workspace_id: str, by_session: Documents, behind: Mapping[str, int]) -> Steps[bool]:
    """Index messages in the transaction that stores them.

    False when some are left, since the index is not as far as ``behind``.
    """
    if not by_session:
        return True
    code, _ = yield from _lock(workspace_id)
    reached = {
        ident: max((seq for seq, _ in entries), default=behind[ident])
        for ident, entries in by_session.items()
    }
    yield from _add(workspace_id, code, by_session, reached, behind)
    indexed = yield from _indexed(workspace_id, list(by_session))
    return len(indexed) == len(by_session) and all(
        row.seq == reached[row.session_id] for row in indexed
    )


def follow(workspace_id: str, before: int, until: int) -> Steps[None]:
    """Move an index that has seen everything up to ``before`` on to ``until``."""
    yield from run("search_workspace_follow", workspace_id=workspace_id, before=before, until=until)


def _add(
    workspace_id: str,
    code: str,
    by_session: Documents,
    reached: Mapping[str, int],
    behind: Mapping[str, int],
) -> Steps[int]:
    if by_session:
        yield from run(
            "search_session_put", workspace_id=workspace_id, ids=rows.texts(list(by_session))
        )
    entries: list[Entry] = []
    seen: list[dict[str, Any]] = []
    # FTS5 writes what it holds of a transaction whenever a row is not behind the one before it.
    indexed = yield from _indexed(workspace_id, list(by_session))
    for session in sorted(indexed, key=attrgetter("handle")):
        if session.seq != behind[session.session_id]:
            continue
        numbered = by_session[session.session_id]
        here = {"workspace_id": workspace_id, "handle": session.handle}
        if session.title and not session.titled:
            entries.append(Entry(here | {"seq": 0}, code, title_words(session.title)))
        entries += [Entry(here | {"seq": seq}, code, document) for seq, document in numbered]
        titled = 1 if session.title else session.titled
        seen.append(
            {
                "workspace_id": workspace_id,
                "session_id": session.session_id,
                "seq": reached[session.session_id],
                "titled": titled,
            }
        )
    yield from many("search_put", entries)
    yield from many("search_session_seen", seen)
    return len(entries)


def _indexed(workspace_id: str, session_ids: Sequence[str]) -> Steps[list[Indexed]]:
    if not session_ids:
        return []
    got = yield from steps.rows(
        "search_indexed", workspace_id=workspace_id, ids=rows.texts(session_ids)
    )
    return [Indexed(*row) for row in got]


def _alive(
    workspace_id: str, waiting: Mapping[str, UnindexedSession], by_session: Documents
) -> Steps[dict[str, list[tuple[int, list[str]]]]]:
    """The documents without those whose messages were deleted since they were read."""
    stretches = [
        (ident, waiting[ident].seq, entries[-1][0])
        for ident, entries in by_session.items()
        if entries
    ]
    alive = {(ident, seq) for ident, seq, _ in (yield from sizes(workspace_id, stretches))}
    return {
        ident: [entry for entry in entries if (ident, entry[0]) in alive]
        for ident, entries in by_session.items()
    }


def looking_up(workspace_id: str, session_id: str) -> Query:
    """How far a session is indexed, for ``forget_message``; behind the lock."""
    return Query("search_indexed", {"workspace_id": workspace_id, "ids": rows.texts([session_id])})


def forget_message(
    gone: Message, workspace_id: str, code: str, indexed: Sequence[steps.Row]
) -> Steps[None]:
    """Take an emptied message out of the index; ``indexed`` is what ``looking_up`` brought."""
    for session in (Indexed(*columns) for columns in indexed):
        if gone.seq <= session.seq:
            here = {"workspace_id": workspace_id, "handle": session.handle, "seq": gone.seq}
            yield Query("search_forget", Entry(here, code, words_of(gone.role, gone.parts)))


def replace_message(workspace_id: str, before: Message, after: Message) -> Steps[None]:
    """Follow an edit; a message that was not indexed yet is left to come."""
    code, _ = yield from _lock(workspace_id)
    for each in (yield from _indexed(workspace_id, [before.session_id])):
        if before.seq <= each.seq:
            here = {"workspace_id": workspace_id, "handle": each.handle, "seq": before.seq}
            yield Query("search_forget", Entry(here, code, words_of(before.role, before.parts)))
            yield Query("search_put", Entry(here, code, words_of(after.role, after.parts)))


def retitle(before: Session, after: Session) -> Steps[None]:
    """Follow a change of title; a title that was not indexed yet is left to come."""
    workspace_id = before.workspace_id
    code, _ = yield from _lock(workspace_id)
    for session in (yield from _indexed(workspace_id, [before.id])):
        if not session.titled:
            continue
        here = {"workspace_id": workspace_id, "handle": session.handle, "seq": 0}
        yield Query("search_forget", Entry(here, code, title_words(before.title or "")))
        if after.title:
            yield Query("search_put", Entry(here, code, title_words(after.title)))
        else:
            yield from run(
                "search_session_seen",
                workspace_id=workspace_id,
                session_id=before.id,
                seq=session.seq,
                titled=0,
            )


def detach(session: Session) -> Steps[Detached | None]:
    """Remove a session about to be deleted from the index: it is no longer found.

    The words of its messages stay for ``forget_behind``; None when there are none.
    """
    code, _ = yield from _lock(session.workspace_id)
    here = {"workspace_id": session.workspace_id, "id": session.id}
    indexed = yield from _indexed(session.workspace_id, [session.id])
    yield from run("search_erase_title", **here, code=code)
    yield from run("search_session_delete", **here)
    return Detached(indexed[0].handle, indexed[0].seq) if indexed else None


def forget_behind(here: Mapping[str, str], detached: Detached, after: int) -> Steps[None]:
    """Take words out of the index: those of a detached session's messages behind ``after``.

    The messages are still there. The words of more than ``AT_ONCE`` leave it soon afterwards, by
    ``clean``.
    """
    code, _ = yield from _lock(here["workspace_id"])
    yield from run("search_erase_messages", **here, **detached._asdict(), code=code, after=after)
    yield from clean(AT_ONCE + 1)


def clean(limit: int) -> Steps[int]:
    """Take the words of deleted messages out of the index; returns how many messages there were."""
    got = yield from steps.rows("search_erasures", limit=limit)
    yield from many("search_forget", list(_erased(got)))
    yield from many("search_erased", [{"handle": handle, "seq": seq} for handle, seq, *_ in got])
    return len(got)


def _erased(got: Sequence[steps.Row]) -> Iterator[Entry]:
    for handle, seq, code, role, stored in got:
        raw = Raw(unpacked(stored))
        document = title_words(parts.text(raw)) if role == "title" else words_of(role, raw)
        yield Entry({"handle": handle, "seq": seq}, code, document)


def locking(workspace_id: str) -> Query:
    """Lock the index of a workspace; what it brings is for ``locked``."""
    return Query("search_workspace_lock", {"workspace_id": workspace_id})


def locked(workspace_id: str, lock: Sequence[steps.Row]) -> Steps[str]:
    """As ``_lock``: the code; also where ``lock`` is empty since nothing was indexed before."""
    return lock[0][0] if lock else (yield from _lock(workspace_id))[0]


def _lock(workspace_id: str) -> Steps[tuple[str, int]]:
    """The code before the workspace's words, and what its index has seen; locked to the end."""
    got = next(iter((yield locking(workspace_id))), None)
    if got is None:
        yield from run("search_workspace_put", workspace_id=workspace_id)
        got = yield from row("search_workspace_lock", workspace_id=workspace_id)
    assert got is not None, "it was put just now"  # noqa: S101 - an invariant of the statement above
    return got[0], got[1]
