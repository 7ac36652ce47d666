"""``/api/sessions``: list, recent, search, rename, delete."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Raw, Struct

from hansard.dialects.pocketpaw import verbs
from hansard.dialects.pocketpaw.shapes import FoundList, SessionList, SessionOut, Status
from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import Route


class ListParams(Struct, frozen=True, kw_only=True):
    limit: Annotated[
        int,
        Meta(description="the most sessions to return; without a maximum, 0 or less gives none"),
    ] = 50


class SearchParams(Struct, frozen=True, kw_only=True):
    q: Annotated[
        str, Meta(description="what a message must contain, in any case; blank finds nothing")
    ] = ""
    limit: Annotated[int, Meta(description="the most sessions to return")] = 20


class TitleIn(Struct, frozen=True, kw_only=True):
    example: ClassVar[dict[str, str]] = {"title": "Docker deployment help"}

    title: Any = None


async def list_sessions(call: Call[ListParams, None]) -> SessionList[Raw]:
    """List sessions, the most recent activity first"""
    return await verbs.listed(call, call.params.limit)


async def search_sessions(call: Call[SearchParams, None]) -> FoundList:
    """Find the sessions in which a text was said, one hit each"""
    return await verbs.found(call, call.params.q, call.params.limit)


async def rename_session(call: Call[None, TitleIn]) -> Status:
    """Give a session a title that stays"""
    title = call.body.title.strip() if isinstance(call.body.title, str) else ""
    if not title:
        raise Invalid("Title is required", param="title", code="title_required")
    return await verbs.renamed(call, title)


async def delete_session(call: Call[None, None]) -> Status:
    """Delete a session with everything in it"""
    return await verbs.deleted(call)


ONE = "/api/sessions/{session_id}"

routes = (
    Route(
        "GET /api/sessions",
        list_sessions,
        scope="sessions:read",
        params=ListParams,
        returns=SessionList[SessionOut],
        cached=True,
    ),
    Route(
        "GET /api/sessions/recent",
        list_sessions,
        scope="sessions:read",
        params=ListParams,
        returns=SessionList[SessionOut],
        cached=True,
    ),
    Route(
        "GET /api/sessions/search",
        search_sessions,
        scope="sessions:read",
        params=SearchParams,
        returns=FoundList,
    ),
    Route(
        f"POST {ONE}/title", rename_session, scope="sessions:write", body=TitleIn, returns=Status
    ),
    Route(f"PUT {ONE}/title", rename_session, scope="sessions:write", body=TitleIn, returns=Status),
    Route(f"DELETE {ONE}", delete_session, scope="sessions:delete", returns=Status),
)
