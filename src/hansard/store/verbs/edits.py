"""Edit: put other content into a message, in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.model.tool_calls import tally
from hansard.model.usage import SUMS
from hansard.store import chain, rows
from hansard.store.steps import Steps, run, together, value
from hansard.store.verbs import indexing, items, pending_forks, stats
from hansard.store.verbs.events import happened, title_left
from hansard.store.verbs.messages import (
    first_words,
    forgetting,
    one_of,
    spent_with,
    spent_without,
    without,
)
from hansard.store.verbs.session_lookup import SessionRef, locked
from hansard.store.verbs.sessions import store
from hansard.store.verbs.summaries import calls_of

if TYPE_CHECKING:
    from hansard.model import Message, MessageDraft, Session
    from hansard.model.item import Item

_REPLACED = ("role", "sender", "sender_id", "model", "run_id", "parts", "metadata", *SUMS)


def edit(
    ref: SessionRef, name: str, seq: int | None, draft: MessageDraft, now: int
) -> Steps[tuple[Session, Message]]:
    """Replace what a message says; it keeps its seq, its ids and its time.

    The content before is gone. The message's hash stays, so that the chain behind it holds, and
    ``edit_hash`` is that of the new content after it. Raises NotFound.
    """
    session = yield from locked(ref)
    before = yield from one_of(ref.workspace_id, session.id, name, seq)
    here = {"workspace_id": ref.workspace_id, "session_id": session.id}
    stays: bytes = yield from value("message_hash", **here, seq=before.seq)
    after = _edited(before, draft, bytes(stays), now)
    words = yield from _replace(session, before, after, draft.item)
    return (yield from _noted(session, before, after, words, now)), after


def follow(session: Session, after: Message, item: Item | None) -> Steps[None]:
    """Replace a message of a locked session as it was elsewhere; the session's row stays."""
    got = yield from one_of(session.workspace_id, session.id, after.id, after.seq)
    yield from _replace(session, got, after, item)


def _replace(
    session: Session, before: Message, after: Message, item: Item | None
) -> Steps[set[str]]:
    """Write the content, and what is kept of it elsewhere; the words that the row may quote."""
    workspace_id = session.workspace_id
    yield from pending_forks.cancel(workspace_id, session.id)
    yield from stats.replace_message(workspace_id, before, after)
    yield from indexing.replace_message(workspace_id, before, after)
    yield from run("message_edit", **rows.message_values(workspace_id, after, b""))
    yield from together("message_forget", items.forgetting(workspace_id, before))
    if item is not None:
        yield from items.put([items.values_of(workspace_id, after, item)])
    words = first_words(before)
    yield from together("message_forget", forgetting(workspace_id, before, words))
    return words


def _edited(before: Message, draft: MessageDraft, stays: bytes, now: int) -> Message:
    replaced = {field: getattr(draft, field) for field in _REPLACED}
    content = msgspec.structs.replace(
        before,
        **replaced,
        item_format=draft.item.format if draft.item else None,
        item_hash=draft.item.digest if draft.item else None,
        edited_at=max(now, (before.edited_at or 0) + 1),
        edit_hash=None,
    )
    return msgspec.structs.replace(content, edit_hash=chain.link(stays, content))


def _noted(
    session: Session, before: Message, after: Message, words: set[str], now: int
) -> Steps[Session]:
    """Bring the session's row to what the message says now."""
    changed = msgspec.structs.replace(
        session, version=session.version + 1, updated_at=max(now, session.updated_at)
    )
    changed = msgspec.structs.replace(changed, **spent_without(changed, before))
    changed = msgspec.structs.replace(changed, **spent_with(changed, after))
    calls = changed.calls.plus(tally([before.parts]), -1).plus(tally([after.parts]))
    changed = msgspec.structs.replace(changed, **calls_of(calls))
    changed = yield from without(session, changed, [])
    yield from store(session, changed)
    left = title_left(session, changed)
    yield from happened(
        session.workspace_id,
        "message.updated",
        session.id,
        at=now,
        seq=after.seq,
        was_updated_at=session.updated_at,
        was_title=None if left in {rows.fold(each) for each in words} else left,
    )
    return changed
