"""``/v1/views``: saved filters; ``/v1/sessions/{session_id}/shares``: read-only links."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import UNSET, Struct, UnsetType

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.decoding import QueryReader
from hansard.http.fields import Moment
from hansard.http.route import Route
from hansard.model.share import Share, View
from hansard.model.times import rfc3339
from hansard.native.sessions import ListParams, filter_of


class ViewParams(ListParams, frozen=True, kw_only=True):
    """A list may be searched too, on the page."""

    q: str = ""


class ViewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``query`` is the query string of ``GET /v1/sessions``, and may have a ``q`` that searches."""

    example: ClassVar[dict[str, Any]] = {
        "name": "Failed today",
        "query": "state=failed&sort=-updated_at",
    }

    name: str
    query: str


class ViewOut(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    query: str
    created_at: str


class ViewList(Struct, frozen=True, kw_only=True):
    data: list[ViewOut]
    has_more: bool = False
    next_cursor: str | None = None


class ViewDeleted(Struct, frozen=True, kw_only=True):
    id: str
    deleted: bool


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


async def list_views(call: Call[None, None]) -> ViewList:
    """List the saved views of the workspace"""
    return ViewList(data=[view_out(one) for one in await call.service.views.list(call.principal)])


async def save_view(call: Call[None, ViewIn]) -> ViewOut:
    """Save a filter under a name that no other view has"""
    given = call.body.query.removeprefix("?")
    try:
        filter_of(_reader.read(given.encode()))
    except Invalid as problem:
        raise Invalid(f"query: {problem.message}", param="query", code=problem.code) from problem
    return view_out(await call.service.views.save(call.principal, call.body.name, given))


async def delete_view(call: Call[None, None]) -> ViewDeleted:
    """Delete a saved view"""
    await call.service.views.delete(call.principal, call.path["view_id"])
    return ViewDeleted(id=call.path["view_id"], deleted=True)


async def share_session(call: Call[None, ShareIn]) -> ShareOut:
    """Make a read-only link to a session; the workspace's setting ``sharing`` must be true"""
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


def view_out(view: View) -> ViewOut:
    return ViewOut(
        id=view.id, name=view.name, query=view.query, created_at=rfc3339(view.created_at)
    )


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


_reader = QueryReader(ViewParams, strict=True, escapes=True)
SHARES = "/v1/sessions/{session_id}/shares"

routes = (
    Route("GET /v1/views", list_views, scope="sessions:read", returns=ViewList),
    Route(
        "POST /v1/views",
        save_view,
        scope="sessions:write",
        body=ViewIn,
        returns=ViewOut,
        status=201,
    ),
    Route("DELETE /v1/views/{view_id}", delete_view, scope="sessions:write", returns=ViewDeleted),
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
