"""Links that show one session, each with the key that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hansard.errors import NotFound
from hansard.model.share import Share
from hansard.store import rows, steps
from hansard.store.steps import Steps, row, run, value
from hansard.store.verbs.session_lookup import SessionRef, existing

if TYPE_CHECKING:
    from hansard.model import Key, Session

ShareAndKey = tuple[Share, "Key | None"]
"""A link and the key that made it; None where no key did."""


def share(ref: SessionRef, draft: Share) -> Steps[ShareAndKey]:
    """Keep a link to the session, which the caller must see."""
    session = yield from existing(ref)
    yield from run(
        "share_put",
        workspace_id=ref.workspace_id,
        id=draft.id,
        session_id=session.id,
        digest=draft.digest,
        created_by=draft.created_by,
        created_at=draft.created_at,
        expires_at=draft.expires_at,
        hides=draft.hides,
    )
    kept = replace(draft, session_id=session.id)
    return kept, (yield from _key(kept.created_by))


def shares(ref: SessionRef) -> Steps[list[ShareAndKey]]:
    session = yield from existing(ref)
    listed = [
        Share(*columns)
        for columns in (
            yield from steps.rows(
                "share_list", workspace_id=ref.workspace_id, session_id=session.id
            )
        )
    ]
    keys = {}
    for key_id in dict.fromkeys(share.created_by for share in listed):
        keys[key_id] = yield from _key(key_id)
    return [(share, keys[share.created_by]) for share in listed]


def shared(workspace_id: str, share_id: str) -> Steps[tuple[Share, Key | None, Session] | None]:
    """A link, the key that made it, and its session as far as that key sees it."""
    columns = yield from row("share_get", workspace_id=workspace_id, id=share_id)
    if columns is None:
        return None
    share = Share(*columns)
    key = yield from _key(share.created_by)
    user_id, app = (key.user_id, key.app) if key else (None, None)
    session = yield from existing(SessionRef(workspace_id, share.session_id, user_id, app))
    return share, key, session


def unshare(ref: SessionRef, share_id: str, now: int) -> Steps[None]:
    session = yield from existing(ref)
    gone = yield from value(
        "share_revoke", workspace_id=ref.workspace_id, session_id=session.id, id=share_id, now=now
    )
    if gone is None:
        raise NotFound(
            f"no share {share_id!r} of this session", code="share_not_found", param="share_id"
        )


def _key(key_id: str) -> Steps[Key | None]:
    columns = yield from row("key_find", id=key_id)
    return rows.key(columns) if columns else None
