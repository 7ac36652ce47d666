"""Transcripts: all the messages of one session, of several, or the newest of a workflow's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.model import Message, MessageQuery, Session
from hansard.model.times import LATEST
from hansard.store import listing, rows, steps
from hansard.store.steps import Steps
from hansard.store.verbs.names import Ref, found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import SessionFilter

_BATCH = 1000
Place = tuple[int, int, str]
"""Where a message stands among those of several sessions: ``created_at``, ``seq`` and ``id``."""


def whole(ref: Ref) -> Steps[tuple[Session, list[Message]]]:
    """The session and all its messages, in order."""
    session = yield from found(ref)
    messages: list[Message] = []
    more = session.message_count > 0
    while more:
        got = yield listing.messages(ref.workspace_id, session.id, MessageQuery(), _BATCH, after=messages[-1].seq if messages else 0)
        messages += map(rows.message, got)
        more = len(got) == _BATCH
    return session, messages


def said(workspace_id: str, session_ids: Sequence[str]) -> Steps[dict[str, list[Message]]]:
    """What users and assistants said in these sessions, in order, by session."""
    by_session: dict[str, list[Message]] = {}
    if session_ids:
        for message in map(rows.message, (yield from steps.rows("message_said", workspace_id=workspace_id, session_ids=rows.texts(session_ids)))):
            by_session.setdefault(message.session_id, []).append(message)
    return by_session


def newest(workspace_id: str, wanted: SessionFilter, limit: int, before: Place | None) -> Steps[tuple[dict[str, Session], list[Message]]]:
    """The newest messages of the sessions that match, older than the place ``before``, oldest first; and their sessions by id."""
    got = yield listing.newest_messages(workspace_id, wanted, limit, before or (LATEST + 1, 0, ""))
    messages = [rows.message(one) for one in got][::-1]
    ids = list(dict.fromkeys(one.session_id for one in messages))
    sessions = (yield from steps.rows("session_by_ids", workspace_id=workspace_id, ids=rows.texts(ids))) if ids else []
    return {one.id: one for one in map(rows.session, sessions)}, messages
