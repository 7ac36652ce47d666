"""Branches that come in: what they say leaves the line that they left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hansard.errors import NotFound
from hansard.store import rows, steps
from hansard.store.steps import Steps, row
from hansard.store.verbs.messages import empty
from hansard.store.verbs.session_lookup import SessionRef, locked

if TYPE_CHECKING:
    from hansard.model import Message, MessageDraft
    from hansard.model.transfer import ImportedSession

_DEEPEST = 100
_BY_POSITION = re.compile(r"import:\d+(?:#\d+)?")
"""What a message without an id is called; it says nothing about another session."""


def take_from_parent(workspace_id: str, branch: ImportedSession, now: int) -> Steps[None]:
    """Empty the messages of the parent that the branch has now.

    An answer that was made anew stands in a branch of the next file. The parent has it from the
    file before, where it was on the line. Only what the branch keeps word for word is emptied.
    """
    if branch.session.kind != "branch" or branch.parent is None:
        return
    try:
        parent = yield from locked(SessionRef(workspace_id, branch.parent))
    except NotFound:
        return
    client_ids = [draft.client_id for draft in branch.messages if draft.client_id is not None]
    known = yield from steps.rows(
        "client_ids_known",
        workspace_id=workspace_id,
        session_id=parent.id,
        client_ids=rows.texts(client_ids),
    )
    shared = {client_id for (client_id,) in known}
    gone = []
    for draft in branch.messages:
        if draft.client_id not in shared:
            continue
        stored = yield from row(
            "message_get_by_client_id",
            workspace_id=workspace_id,
            session_id=parent.id,
            client_id=draft.client_id,
        )
        if stored is not None and _is_same(draft, message := rows.message(stored)):
            gone.append(message)
    if gone:
        yield from empty(parent, gone, now, keep_updated_at=True)


def is_below(workspace_id: str, session_id: str | None, ancestor: str) -> Steps[bool]:
    """Whether a session is this ancestor or lies below it; so is one too deep to know."""
    for _ in range(_DEEPEST):
        if session_id is None:
            return False
        if session_id == ancestor:
            return True
        stored = yield from row("session_get", workspace_id=workspace_id, id=session_id)
        session_id = rows.session(stored).parent_id if stored is not None else None
    return True


def _is_same(draft: MessageDraft, message: Message) -> bool:
    is_named = _BY_POSITION.fullmatch(draft.client_id or "") is None
    return is_named and draft.role == message.role and bytes(draft.parts) == bytes(message.parts)
