"""Rewind: take the last messages away, and put others in their place, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Conflict, TooLarge
from hansard.model import MessageQuery
from hansard.model.rewind import Cut, Rewound
from hansard.store.verbs import appends, items, message_pages, messages
from hansard.store.verbs.session_lookup import SessionRef, locked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.ids import IdSource
    from hansard.model import Message, MessageDraft, Session
    from hansard.store.steps import Steps

MOST = 200
"""The most messages that one call takes away."""


def rewind(
    ref: SessionRef, cut: Cut, drafts: Sequence[MessageDraft], ids: IdSource, now: int
) -> Steps[tuple[Session, Rewound]]:
    """Empty the last messages for ever, and append others behind them.

    The numbers of those that went are never used again. Raises NotFound, Conflict
    ``seq_mismatch``, and TooLarge ``rewind_too_large`` for more than a call may take.
    """
    session = yield from locked(ref)
    if cut.expected_seq is not None and cut.expected_seq != session.last_seq:
        raise Conflict(
            f"the session is at seq {session.last_seq}, not {cut.expected_seq}: read what is new,"
            " then rewind again",
            code="seq_mismatch",
            param="expected_seq",
            seq=session.last_seq,
        )
    gone = yield from _last(session, cut)
    removed = yield from items.of(ref.workspace_id, gone)
    after = (yield from messages.empty(session, gone, now)) if gone else session
    added: list[Message] = []
    if drafts:
        within = msgspec.structs.replace(ref, name=session.id)
        _, added = yield from appends.append(within, drafts, ids, now)
    return after, Rewound(after, removed, added)


def _last(session: Session, cut: Cut) -> Steps[list[Message]]:
    """The messages to take away, in order."""
    if cut.after is not None:
        query = MessageQuery(after=cut.after, limit=MOST)
    elif cut.count == 1:
        return [message] if (message := (yield from message_pages.newest(session))) else []
    elif cut.count:
        query = MessageQuery(newest=True, limit=cut.count)
    else:
        return []
    last, more = yield from message_pages.stretch(session.workspace_id, session.id, query)
    if more and (cut.after is not None or len(last) < cut.count):
        raise TooLarge(
            f"more messages than one call takes away: rewind the last {len(last)} first,"
            f" by count={len(last)}",
            code="rewind_too_large",
            param="count" if cut.after is None else "after",
        )
    return sorted(last, key=lambda message: message.seq)
