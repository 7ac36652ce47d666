"""What the page keeps: sign-ins, saved views, share links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import Conflict, NotFound
from hansard.model.share import Share, View
from hansard.store import steps
from hansard.store.steps import Steps, row, run, value
from hansard.store.verbs.session_lookup import SessionRef, found

if TYPE_CHECKING:
    from hansard.model import Session


def sign_in(  # noqa: PLR0913 - the columns of a sign-in
    workspace_id: str, digest: str, purpose: str, key_id: str, now: int, expires_at: int
) -> Steps[None]:
    """Keep a sign-in, and forget those that have expired."""
    yield from run("sign_in_trim", workspace_id=workspace_id, now=now)
    yield from run(
        "sign_in_put",
        workspace_id=workspace_id,
        digest=digest,
        purpose=purpose,
        key_id=key_id,
        now=now,
        expires_at=expires_at,
    )


def signed_in(workspace_id: str, digest: str, purpose: str, now: int) -> Steps[str | None]:
    """The id of the key behind a sign-in, None when there is none any more."""
    got: str | None = yield from value(
        "sign_in_get", workspace_id=workspace_id, digest=digest, purpose=purpose, now=now
    )
    return got


def sign_out(workspace_id: str, digest: str) -> Steps[bool]:
    """Forget a sign-in; False when it was gone already, so that of several callers one alone is told True."""
    return (
        yield from value("sign_in_delete", workspace_id=workspace_id, digest=digest)
    ) is not None


def views(workspace_id: str) -> Steps[list[View]]:
    got = yield from steps.rows("view_list", workspace_id=workspace_id)
    return [View(*one) for one in got]


def put_view(workspace_id: str, view: View) -> Steps[View]:
    """Keep a view; Conflict when there is one of this name, be it saved at the same moment: the workspace's lock lets one through at a time."""
    yield from steps.row("workspace_counters_lock", workspace_id=workspace_id)
    if (yield from value("view_named", workspace_id=workspace_id, name=view.name)) is not None:
        raise Conflict(
            f"there is a view {view.name!r} already: choose another name, or delete that one first",
            code="view_exists",
            param="name",
        )
    yield from run(
        "view_put",
        workspace_id=workspace_id,
        id=view.id,
        name=view.name,
        query=view.query,
        created_at=view.created_at,
    )
    return view


def delete_view(workspace_id: str, view_id: str) -> Steps[None]:
    if (yield from value("view_delete", workspace_id=workspace_id, id=view_id)) is None:
        raise NotFound(f"no view {view_id!r}", code="view_not_found", param="view_id")


def share(ref: SessionRef, made: Share) -> Steps[Share]:
    """Keep a link to the session, which the caller must see."""
    session = yield from found(ref)
    yield from run(
        "share_put",
        workspace_id=ref.workspace_id,
        id=made.id,
        session_id=session.id,
        digest=made.digest,
        created_by=made.created_by,
        created_at=made.created_at,
        expires_at=made.expires_at,
    )
    return Share(
        made.id, session.id, made.digest, made.created_by, made.created_at, made.expires_at, None
    )


def shares(ref: SessionRef) -> Steps[list[Share]]:
    session = yield from found(ref)
    got = yield from steps.rows("share_list", workspace_id=ref.workspace_id, session_id=session.id)
    return [Share(*one) for one in got]


def shared(workspace_id: str, share_id: str) -> Steps[tuple[Share, Session] | None]:
    """A link and its session."""
    got = yield from row("share_get", workspace_id=workspace_id, id=share_id)
    if got is None:
        return None
    one = Share(*got)
    return one, (yield from found(SessionRef(workspace_id, one.session_id)))


def unshare(ref: SessionRef, share_id: str, now: int) -> Steps[None]:
    session = yield from found(ref)
    gone = yield from value(
        "share_revoke", workspace_id=ref.workspace_id, session_id=session.id, id=share_id, now=now
    )
    if gone is None:
        raise NotFound(
            f"no share {share_id!r} of this session", code="share_not_found", param="share_id"
        )
