"""``/v1/sessions/{session_id}/shares``: read-only links to one session."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import UNSET, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Moment
from hansard.http.route import Route
from hansard.model.share import Share
from hansard.model.times import rfc3339


class ShareIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    example: ClassVar[dict[str, Any]] = {"expires_at": "2026-01-31T09:30:00Z"}

    expires_at: Moment


class ShareOut(Struct, frozen=True, kw_only=True):
    """``path`` is there once, when the link is made: put it behind the server's address."""

    id: str
    session_id: str
    created_by: str
    created_at: str
    expires_at: str
    revoked_at: str | None
    path: str | UnsetType = UNSET


class ShareList(Struct, frozen=True, kw_only=True):
    data: list[ShareOut]
    has_more: bool = False
    next_cursor: str | None = None


class ShareEnded(Struct, frozen=True, kw_only=True):
    id: str
    revoked: bool


async def share_session(call: Call[None, ShareIn]) -> ShareOut:
    """Make a read-only link to a session

    The workspace's setting `sharing` must be true. The key needs `sessions:read` as well; the link
    shows no more than it sees, and ends with it.
    """
    name, share = await call.service.shares.create(
        call.principal, call.path["session_id"], expires_at=call.body.expires_at.us
    )
    return share_out(share, f"/s/{name}")


async def list_shares(call: Call[None, None]) -> ShareList:
    """List the links to a session, ended ones included"""
    return ShareList(
        data=[
            share_out(one)
            for one in await call.service.shares.list(call.principal, call.path["session_id"])
        ]
    )


async def revoke_share(call: Call[None, None]) -> ShareEnded:
    """End a link at once"""
    await call.service.shares.revoke(call.principal, call.path["session_id"], call.path["share_id"])
    return ShareEnded(id=call.path["share_id"], revoked=True)


def share_out(share: Share, path: str | None = None) -> ShareOut:
    return ShareOut(
        id=share.id,
        session_id=f"ses_{share.session_id}",
        created_by=share.created_by,
        created_at=rfc3339(share.created_at),
        expires_at=rfc3339(share.expires_at),
        revoked_at=None if share.revoked_at is None else rfc3339(share.revoked_at),
        path=path or UNSET,
    )


SHARES = "/v1/sessions/{session_id}/shares"

routes = (
    Route(
        f"POST {SHARES}",
        share_session,
        scope="sessions:write",
        body=ShareIn,
        returns=ShareOut,
        status=201,
    ),
    Route(f"GET {SHARES}", list_shares, scope="sessions:read", returns=ShareList),
    Route(
        f"DELETE {SHARES}/{{share_id}}", revoke_share, scope="sessions:write", returns=ShareEnded
    ),
)
