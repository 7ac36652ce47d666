"""``/v1/sessions/{session_id}/shares``: read-only links to one session."""

from __future__ import annotations

from typing import ClassVar

from msgspec import UNSET, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model.share import Hidden, Share
from hansard.model.times import Moment, rfc3339, rfc3339_or_none
from hansard.native.errors import NO_SESSION
from hansard.native.schemas import HasMore, Json, NextCursor, SessionUid
from hansard.native.sessions import SESSION_PATH


class ShareIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link to make."""

    example: ClassVar[Json] = {"expires_at": "2026-01-31T09:30:00Z", "hides": ["user", "cost"]}

    expires_at: Moment
    """When the link ends; at most 366 days ahead."""
    hides: list[Hidden] = []
    """What the link leaves out: the end user's id, the models, tokens and cost, what tools were
    given and answered, pictures. Texts stay as they are."""


class ShareOut(Struct, frozen=True, kw_only=True):
    """A read-only link to a session. Whoever has it reads the session without a key."""

    example: ClassVar[Json] = {
        "id": "5b1e8c0f7a2d4e93",
        "session_id": "ses_0190163d-8694-739b-aea5-966c26f8ad91",
        "created_by": "7fK2mQ9x",
        "created_at": "2026-01-30T09:30:00Z",
        "expires_at": "2026-01-31T09:30:00Z",
        "revoked_at": None,
        "hides": ["cost", "user"],
        "path": "/s/k3v9x0.5b1e8c0f7a2d4e93.Zp0…",
    }

    id: str
    """Names the link, but does not open it. Set by the server."""
    session_id: SessionUid
    created_by: str
    """The id of the key that made it."""
    created_at: Time
    """When it was made."""
    expires_at: Time
    """When it ends by itself."""
    revoked_at: Time | None
    """When somebody ended it; null otherwise."""
    hides: list[Hidden]
    """What it leaves out."""
    path: str | UnsetType = UNSET
    """The link, as a path on the server's host. Shown once, when the link is made."""


class ShareList(Struct, frozen=True, kw_only=True):
    """All links to a session, on one page."""

    data: list[ShareOut]
    """The links, those that have ended included."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class ShareEnded(Struct, frozen=True, kw_only=True):
    """What was ended."""

    id: str
    """The link."""
    revoked: bool
    """Always true."""


async def share_session(call: Call[None, ShareIn]) -> ShareOut:
    """Make a read-only link to a session

    The workspace's setting ``sharing`` must be true. The key needs ``sessions:read`` as well; the
    link shows no more than it sees, and ends with it.
    """
    name, share = await call.service.shares.create(
        call.principal,
        call.path["session_id"],
        expires_at=int(call.body.expires_at),
        hides=call.body.hides,
    )
    return share_out(share, call.address(f"/s/{name}"))


async def list_shares(call: Call[None, None]) -> ShareList:
    """List the links to a session, those that have ended included"""
    shares = await call.service.shares.list(call.principal, call.path["session_id"])
    return ShareList(data=[share_out(share) for share in shares])


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
        revoked_at=rfc3339_or_none(share.revoked_at),
        hides=share.hidden,
        path=path or UNSET,
    )


SHARES_PATH = f"{SESSION_PATH}/shares"

routes = (
    Route(
        f"POST {SHARES_PATH}",
        share_session,
        scope="sessions:write",
        body=ShareIn,
        returns=ShareOut,
        status=201,
        errors=NO_SESSION | {403: "`sharing_off`: the workspace's setting `sharing` is off."},
    ),
    Route(
        f"GET {SHARES_PATH}",
        list_shares,
        scope="sessions:read",
        returns=ShareList,
        errors=NO_SESSION,
    ),
    Route(
        f"DELETE {SHARES_PATH}/{{share_id}}",
        revoke_share,
        scope="sessions:write",
        returns=ShareEnded,
        errors={404: "`session_not_found`, `share_not_found`: no such session, or no such link."},
    ),
)
