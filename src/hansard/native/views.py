"""``/v1/views``: saved filters of the list."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.decoding import QueryReader
from hansard.http.route import Route
from hansard.model.times import rfc3339
from hansard.model.view import View
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
    ),
    Route("DELETE /v1/views/{view_id}", delete_view, scope="sessions:write", returns=ViewDeleted),
)
