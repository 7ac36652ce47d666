"""``/api/sessions``: list, recent, search, rename, delete."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Raw, Struct

from hansard.dialects.pocketpaw import verbs
from hansard.dialects.pocketpaw.errors import NO_SESSION
from hansard.dialects.pocketpaw.shapes import FoundList, SessionList, SessionOut, Status
from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import Route


class ListParams(Struct, frozen=True, kw_only=True):
    """How many sessions."""

    limit: int = 50
    """The most sessions to return, without a maximum; 0 or less gives none."""


class SearchParams(Struct, frozen=True, kw_only=True):
    """What to look for, and how many sessions."""

    example: ClassVar[dict[str, str]] = {"q": "docker"}

    q: str = ""
    """What a message must contain, in any case. A blank text finds nothing."""
    limit: int = 20
    """The most sessions to return; 0 or less gives none."""


class TitleIn(Struct, frozen=True, kw_only=True):
    """A title to give."""

    example: ClassVar[dict[str, str]] = {"title": "Docker deployment help"}

    title: Any = None
    """The title: a text that is not blank, at most 500 characters."""


async def list_sessions(call: Call[ListParams, None]) -> SessionList[Raw]:
    """List sessions, the most recent activity first"""
    return await verbs.listed(call, call.params.limit)


async def search_sessions(call: Call[SearchParams, None]) -> FoundList:
    """Find the sessions whose messages contain a text, each with one of them"""
    return await verbs.searched(call, call.params.q, call.params.limit)


async def rename_session(call: Call[None, TitleIn]) -> Status:
    """Give a session a title that no other replaces"""
    title = call.body.title.strip() if isinstance(call.body.title, str) else ""
    if not title:
        raise Invalid("Title is required", param="title", code="title_required")
    return await verbs.renamed(call, title)


async def delete_session(call: Call[None, None]) -> Status:
    """Delete a session with everything in it"""
    return await verbs.deleted(call)


SESSION_PATH = "/api/sessions/{session_id}"
_TITLE_ERRORS = NO_SESSION | {400: "The title is missing or blank."}

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
    *(
        Route(
            f"{method} {SESSION_PATH}/title",
            rename_session,
            scope="sessions:write",
            body=TitleIn,
            returns=Status,
            errors=_TITLE_ERRORS,
        )
        for method in ("POST", "PUT")
    ),
    Route(
        f"DELETE {SESSION_PATH}",
        delete_session,
        scope="sessions:delete",
        returns=Status,
        errors=NO_SESSION,
    ),
)
