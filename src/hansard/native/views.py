"""``/v1/views``: saved filters of the list."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.decoding import QueryReader
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model.times import rfc3339
from hansard.model.view import View
from hansard.native.errors import NOT_FOR_NARROWED
from hansard.native.filters import ListParams, filter_of
from hansard.native.schemas import Deleted, HasMore, Json, NextCursor


class ViewParams(ListParams, frozen=True, kw_only=True):
    """The parameters of a list that the page may also search."""

    q: str = ""


class ViewOut(Struct, frozen=True, kw_only=True):
    """A saved filter."""

    example: ClassVar[Json] = {
        "id": "view_0190163d-8694-739b-aea5-966c26f8ad91",
        "name": "Failed today",
        "query": "state=failed&sort=-updated_at",
        "created_at": "2026-01-31T09:30:00Z",
    }

    id: str
    """`view_` and a UUID. Set by the server."""
    name: str
    """Its name, which no other view of the workspace has; 1–100 characters."""
    query: str
    """The query string of `GET /v1/sessions`; it may also have the `q` of a search."""
    created_at: Time
    """When it was saved."""


class ViewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter to save."""

    described_by: ClassVar[type[Struct]] = ViewOut
    example: ClassVar[Json] = {
        "name": "Failed today",
        "query": "state=failed&sort=-updated_at",
    }

    name: str
    query: str


class ViewList(Struct, frozen=True, kw_only=True):
    """All saved filters of the workspace, on one page."""

    data: list[ViewOut]
    """The filters, the oldest first; none for a key limited to one end user or application."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class ViewDeleted(Struct, frozen=True, kw_only=True):
    """What was deleted."""

    id: str
    """The view."""
    deleted: Deleted


async def list_views(call: Call[None, None]) -> ViewList:
    """List the saved filters of the workspace"""
    return ViewList(data=[view_out(view) for view in await call.service.views.list(call.principal)])


async def save_view(call: Call[None, ViewIn]) -> ViewOut:
    """Save a filter under a name that no other has"""
    query = call.body.query.removeprefix("?")
    try:
        filter_of(_reader.read(query.encode()))
    except Invalid as problem:
        raise Invalid(f"query: {problem.message}", param="query", code=problem.code) from problem
    return view_out(await call.service.views.save(call.principal, call.body.name, query))


async def delete_view(call: Call[None, None]) -> ViewDeleted:
    """Delete a saved filter"""
    await call.service.views.delete(call.principal, call.path["view_id"])
    return ViewDeleted(id=call.path["view_id"], deleted=True)


def view_out(view: View) -> ViewOut:
    return ViewOut(
        id=view.id, name=view.name, query=view.query, created_at=rfc3339(view.created_at)
    )


_reader = QueryReader(ViewParams, strict=True, escapes=True)

routes = (
    Route("GET /v1/views", list_views, scope="sessions:read", returns=ViewList),
    Route(
        "POST /v1/views",
        save_view,
        scope="sessions:write",
        body=ViewIn,
        returns=ViewOut,
        status=201,
        errors=NOT_FOR_NARROWED | {409: "`view_exists`: there is a view of this name already."},
    ),
    Route(
        "DELETE /v1/views/{view_id}",
        delete_view,
        scope="sessions:write",
        returns=ViewDeleted,
        errors=NOT_FOR_NARROWED | {404: "`view_not_found`: no view of the workspace has this id."},
    ),
)
