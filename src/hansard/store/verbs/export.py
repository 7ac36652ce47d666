"""Whole sessions as they are kept, taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.model.transfer import Kept, Snapshot
from hansard.store import rows, steps
from hansard.store.steps import Steps, pause
from hansard.store.verbs import checkpoint_rows, items, message_pages, notes, sessions
from hansard.store.verbs import documents as document_verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Session


def take(workspace_id: str, session_ids: Sequence[str], most_bytes: int) -> Steps[list[Snapshot]]:
    """All that is held of the first of these sessions, in this order, in one consistent state.

    As many as there are until their messages have ``most_bytes``; those that are gone are left
    out.
    """
    by_id = yield from sessions.by_ids(workspace_id, session_ids)
    taken: list[Snapshot] = []
    size = 0
    for session in (by_id[id_] for id_ in session_ids if id_ in by_id):
        snapshot = yield from _take(session)
        taken.append(snapshot)
        size += snapshot.size
        if size >= most_bytes:
            break
    return taken


def _take(session: Session) -> Steps[Snapshot]:
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    at = (session.workspace_id, session.id)
    runs = yield from steps.rows("run_all", **here)
    return Snapshot(
        session,
        [rows.run(run) for run in runs],
        (yield from _messages(session)),
        (yield from notes.notes_of(*at)),
        (yield from notes.scores_of(*at)),
        (yield from document_verbs.walk(*at)),
        (yield from checkpoint_rows.walk(*at)),
    )


def _messages(session: Session) -> Steps[list[Kept]]:
    """Every message of a session, those that are empty included; read in pieces."""
    at = (session.workspace_id, session.id)
    messages: list[Kept] = []
    while piece := (
        yield from message_pages.chain_piece(*at, messages[-1].message.seq if messages else 0)
    ):
        stretch = [(rows.message(each[3:]), each[1], bytes(each[2])) for each in piece]
        yield from pause()
        itemed = yield from items.stretch(*at, [message for message, *_ in stretch])
        messages += [
            Kept(
                message,
                deleted_at,
                None if deleted_at is None and message.edited_at is None else digest,
                itemed.get(message.seq),
            )
            for message, deleted_at, digest in stretch
        ]
    return messages
