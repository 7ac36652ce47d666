"""Messages: read in both directions, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from hansard.errors import NotFound
from hansard.model import Message, MessageQuery, Session, parts
from hansard.model.tool_calls import tally
from hansard.model.usage import SUMS, within_sum
from hansard.store import listing, rows, steps
from hansard.store.steps import Query, Steps, row, together, value
from hansard.store.verbs import (
    events,
    idempotency,
    indexing,
    items,
    notes,
    pending_forks,
    stats,
)
from hansard.store.verbs.events import title_left
from hansard.store.verbs.session_lookup import SessionRef, existing, locked
from hansard.store.verbs.sessions import store
from hansard.store.verbs.summaries import PREVIEW, calls_of, clip, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model.item import Item


def get(ref: SessionRef, name: str, seq: int | None) -> Steps[tuple[Session, Message]]:
    """One message by our id (``seq`` is the one inside it) or by the caller's; NotFound."""
    session = yield from existing(ref)
    return session, (yield from one_of(ref.workspace_id, session.id, name, seq))


def get_with_item(
    ref: SessionRef, name: str, seq: int | None
) -> Steps[tuple[Session, Message, Item | None]]:
    """A message of the session, with its item."""
    session, message = yield from get(ref, name, seq)
    ((_, item),) = yield from items.of(ref.workspace_id, [message])
    return session, message, item


def find_seq(ref: SessionRef, name: str, seq: int | None) -> Steps[int]:
    """The ``seq`` of a message by our id or by the caller's; NotFound.

    Our id keeps its ``seq`` when the message is deleted.
    """
    session = yield from existing(ref)
    if seq is not None and name == (
        yield from value(
            "message_id_at", workspace_id=ref.workspace_id, session_id=session.id, seq=seq
        )
    ):
        return seq
    return (yield from one_of(ref.workspace_id, session.id, name, None)).seq


def one_of(workspace_id: str, session_id: str, name: str, seq: int | None) -> Steps[Message]:
    here = {"workspace_id": workspace_id, "session_id": session_id}
    got = (yield from row("message_get", **here, seq=seq)) if seq is not None else None
    if got is None or rows.message(got).id != name:
        got = yield from row("message_get_by_client_id", **here, client_id=name)
    if got is None:
        raise NotFound(
            f"no message {name!r} in this session", code="message_not_found", param="message_id"
        )
    return rows.message(got)


def delete(ref: SessionRef, name: str, seq: int | None, now: int) -> Steps[Session]:
    """Empty one message for ever; its number is never used again."""
    session = yield from locked(ref)
    gone = yield from one_of(ref.workspace_id, session.id, name, seq)
    return (yield from empty(session, [gone], now))


def empty(
    session: Session, gone: Sequence[Message], now: int, *, keep_updated_at: bool = False
) -> Steps[Session]:
    """Take everything out of messages of a session that is locked; the session afterwards.

    ``keep_updated_at`` leaves its time of the last change. The same session where somebody else
    emptied them before the lock was taken.
    """
    words = set[str]()
    emptied: list[Message] = []
    for message in gone:
        quoted = yield from wiped(session.workspace_id, message, now)
        if quoted is not None:
            words |= quoted
            emptied.append(message)
    if not emptied:
        return session
    after = msgspec.structs.replace(
        session,
        version=session.version + 1,
        updated_at=session.updated_at if keep_updated_at else max(now, session.updated_at),
        message_count=session.message_count - len(emptied),
    )
    for message in emptied:
        after = msgspec.structs.replace(after, **spent_without(after, message))
    gone_calls = tally(message.parts for message in emptied)
    after = msgspec.structs.replace(after, **calls_of(after.calls.plus(gone_calls, -1)))
    after = yield from without(session, after, emptied)
    left = title_left(session, after)
    was_title = None if left in {rows.fold(word) for word in words} else left
    was = {"was_updated_at": session.updated_at, "was_title": was_title}
    event = {"type": "message.deleted", "session_id": session.id, "at": now}
    first, *others = [event | {"seq": message.seq} for message in emptied]
    yield from store(session, after, [first | was, *others])
    return after


def spent_without(session: Session, gone: Message) -> dict[str, Any]:
    """The sums of a session without one of its messages, copied from its original or its own."""
    copied = session.copied
    if gone.seq > copied.seq:
        return {name: within_sum(getattr(session, name) - getattr(gone, name)) for name in SUMS}
    left = msgspec.structs.replace(copied.plus(gone, -1), messages=max(0, copied.messages - 1))
    return {"inherited": Raw(msgspec.json.encode(left))}


def spent_with(session: Session, message: Message) -> dict[str, Any]:
    """The sums of a session with one more message, copied from its original or its own."""
    copied = session.copied
    if message.seq > copied.seq:
        sums = {name: getattr(session, name) + getattr(message, name) for name in SUMS}
        return {name: within_sum(total) for name, total in sums.items()}
    more = msgspec.structs.replace(copied.plus(message), messages=copied.messages + 1)
    return {"inherited": Raw(msgspec.json.encode(more))}


def wiped(workspace_id: str, gone: Message, at: int) -> Steps[set[str] | None]:
    """Empty a message, and what is kept of it elsewhere than in its session's row.

    The words of it that the row may quote; None when somebody else emptied it before.
    """
    here = (workspace_id, gone.session_id)
    values = {"workspace_id": workspace_id, "session_id": gone.session_id}
    erase = Query("message_erase", values | {"seq": gone.seq, "now": at})
    words = first_words(gone)
    # The locks come last: what is read behind them is read by the next statements.
    erased, forks, noted, scored, *_, counting, index = yield from together(
        "message_erase",
        [
            erase,
            pending_forks.cancelling(*here),
            *notes.forgetting(*here, gone.seq),
            *items.forgetting(workspace_id, gone),
            *forgetting(workspace_id, gone, words),
            stats.locking(workspace_id),
            indexing.locking(workspace_id),
        ],
    )
    yield from pending_forks.removed(workspace_id, forks)
    if not erased:
        return None
    yield from notes.forgotten(*here, noted, scored)
    code = yield from indexing.locked(workspace_id, index)
    lookups = [stats.looking_up(*here)] if counting else []
    *counted, indexed = yield from together(
        "message_look_up", [*lookups, indexing.looking_up(*here)]
    )
    yield from stats.forget_message(workspace_id, gone, counted[0] if counted else ())
    yield from indexing.forget_message(gone, workspace_id, code, indexed)
    return words


def forgetting(workspace_id: str, gone: Message, words: set[str]) -> list[Query]:
    """Forget what answers and events keep of a message: its id and its first words."""
    here = (workspace_id, gone.session_id)
    titles = {rows.fold(word) for word in words}
    return [idempotency.forgetting(*here, gone.id, words), *events.forgetting(*here, titles)]


def first_words(message: Message) -> set[str]:
    """The title and the preview that a session has of a message."""
    text = parts.text(message.parts).strip()
    return {title_of(text) or "", clip(text, PREVIEW)} - {""}


def _times_without(before: Session, gone: Sequence[Message]) -> list[Query]:
    """What tells the first and the last time of a session, where one may have gone."""
    ends = {before.first_message_at, before.last_message_at}
    if ends.isdisjoint(message.created_at for message in gone):
        return []
    here = {"workspace_id": before.workspace_id, "session_id": before.id}
    return [Query("message_times", here)]


def without(before: Session, after: Session, gone: Sequence[Message]) -> Steps[Session]:
    """The summary must not quote a message that is gone: rebuild what may have come from it."""
    here = (before.workspace_id, before.id)
    talk = MessageQuery(roles=("user", "assistant"))
    first, last, newest, *times = yield from together(
        "message_summary",
        [
            listing.messages(*here, MessageQuery(roles=("user",)), 5),
            listing.messages(*here, talk, 5, descending=True),
            listing.messages(*here, MessageQuery(), 1, descending=True),
            *_times_without(before, gone),
        ],
    )
    preview, last_preview = _first_text(first), _first_text(last)
    changes: dict[str, Any] = {
        "preview": preview and clip(preview, PREVIEW),
        "last_preview": last_preview and clip(last_preview, PREVIEW),
        "last_role": rows.message(newest[0]).role if newest else None,
    }
    if times:
        changes |= dict(zip(("first_message_at", "last_message_at"), times[0][0], strict=True))
    if before.title_by == "auto":
        changes |= {"title": title_of(preview), "title_by": "auto" if title_of(preview) else None}
    return msgspec.structs.replace(after, **changes)


def _first_text(got: Sequence[steps.Row]) -> str | None:
    texts = (parts.text(rows.message(row).parts).strip() for row in got)
    return next((text for text in texts if text), None)
