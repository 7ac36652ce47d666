"""Whole sessions as they are kept, taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.model.transfer import Kept, Snapshot
from hansard.store import rows, steps
from hansard.store.steps import Steps
from hansard.store.verbs import checkpoint_rows, items, notes, sessions
from hansard.store.verbs import documents as document_verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAGE = 1000


def take(workspace_id: str, session_ids: Sequence[str]) -> Steps[list[Snapshot]]:
    """All that is held of these sessions, in this order, in one consistent state.

    Those that are gone are left out.
    """
    by_id = yield from sessions.by_ids(workspace_id, session_ids)
    taken = []
    for session in (by_id[id_] for id_ in session_ids if id_ in by_id):
        here = {"workspace_id": workspace_id, "session_id": session.id}
        runs = yield from steps.rows("run_all", **here)
        messages: list[Kept] = []
        while len(messages) == 0 or messages[-1].message.seq < session.last_seq:
            got = yield from steps.rows(
                "message_chain",
                **here,
                after=messages[-1].message.seq if messages else 0,
                limit=_PAGE,
            )
            stretch = [(rows.message(each[3:]), each[1], bytes(each[2])) for each in got]
            itemed = yield from items.stretch(
                workspace_id, session.id, [message for message, *_ in stretch]
            )
            messages += [
                Kept(
                    message,
                    deleted_at,
                    None if deleted_at is None and message.edited_at is None else digest,
                    itemed.get(message.seq),
                )
                for message, deleted_at, digest in stretch
            ]
            if len(got) < _PAGE:
                break
        session_notes = yield from notes.notes_of(workspace_id, session.id)
        judged = yield from notes.scores_of(workspace_id, session.id)
        documents = yield from document_verbs.walk(workspace_id, session.id)
        checkpoints = yield from checkpoint_rows.walk(workspace_id, session.id)
        taken.append(
            Snapshot(
                session,
                [rows.run(run) for run in runs],
                messages,
                session_notes,
                judged,
                documents,
                checkpoints,
            )
        )
    return taken
