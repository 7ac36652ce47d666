"""Links that show one session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import NotFound
from hansard.model.share import Share
from hansard.store import steps
from hansard.store.steps import Steps, row, run, value
from hansard.store.verbs.session_lookup import SessionRef, found

if TYPE_CHECKING:
    from hansard.model import Session


def share(ref: SessionRef, draft: Share) -> Steps[Share]:
    """Keep a link to the session, which the caller must see."""
    session = yield from found(ref)
    yield from run(
        "share_put",
        workspace_id=ref.workspace_id,
        id=draft.id,
        session_id=session.id,
        digest=draft.digest,
        created_by=draft.created_by,
        created_at=draft.created_at,
        expires_at=draft.expires_at,
    )
    return Share(
        draft.id,
        session.id,
        draft.digest,
        draft.created_by,
        draft.created_at,
        draft.expires_at,
        None,
    )


def shares(ref: SessionRef) -> Steps[list[Share]]:
    session = yield from found(ref)
    rows = yield from steps.rows("share_list", workspace_id=ref.workspace_id, session_id=session.id)
    return [Share(*columns) for columns in rows]


def shared(workspace_id: str, share_id: str) -> Steps[tuple[Share, Session] | None]:
    """A link and its session."""
    columns = yield from row("share_get", workspace_id=workspace_id, id=share_id)
    if columns is None:
        return None
    share = Share(*columns)
    return share, (yield from found(SessionRef(workspace_id, share.session_id)))


def unshare(ref: SessionRef, share_id: str, now: int) -> Steps[None]:
    session = yield from found(ref)
    gone = yield from value(
        "share_revoke", workspace_id=ref.workspace_id, session_id=session.id, id=share_id, now=now
    )
    if gone is None:
        raise NotFound(
            f"no share {share_id!r} of this session", code="share_not_found", param="share_id"
        )
