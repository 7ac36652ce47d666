"""``/api/v1/sessions``: the versioned routes, with limits that are checked."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Raw, Struct

from hansard.dialects.pocketpaw import verbs
from hansard.dialects.pocketpaw.shapes import (
    MARKDOWN,
    UNTITLED,
    ExportOut,
    FoundList,
    MessageOut,
    SessionList,
    SessionOut,
    Status,
)
from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import Reply, Route
from hansard.model import SessionDraft

_HEX = 12


class ListParams(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class SearchParams(Struct, frozen=True, kw_only=True):
    q: str = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 20


class ExportParams(Struct, frozen=True, kw_only=True):
    format: str = "json"


class ShortTitleIn(Struct, frozen=True, kw_only=True):
    example: ClassVar[dict[str, str]] = {"title": "Docker deployment help"}

    title: Annotated[str, Meta(min_length=1, max_length=200)]


class CreatedOut(Struct, kw_only=True):
    id: str
    title: str = UNTITLED


async def create_session(call: Call[None, None]) -> CreatedOut:
    """Create an empty session"""
    name = f"websocket_{call.service.ids.uuid().replace('-', '')[-_HEX:]}"
    await call.service.sessions.start(call.principal, SessionDraft(id=name, channel="websocket"))
    return CreatedOut(id=name)


async def list_sessions(call: Call[ListParams, None]) -> SessionList[Raw]:
    """List sessions, the most recent activity first"""
    return await verbs.listed(call, call.params.limit)


async def search_sessions(call: Call[SearchParams, None]) -> FoundList:
    """Find the sessions in which a text was said, one hit each"""
    return await verbs.found(call, call.params.q, call.params.limit)


async def read_history(call: Call[ListParams, None]) -> list[MessageOut]:
    """Read the last messages of a session in the order they were said"""
    return await verbs.history(call, call.path["session_id"], call.params.limit)


async def export_session(call: Call[ExportParams, None]) -> Reply:
    """Download a session as JSON or Markdown"""
    return await verbs.exported(call, call.path["session_id"], call.params.format)


async def rename_session(call: Call[None, ShortTitleIn]) -> Status:
    """Give a session a title that stays"""
    title = call.body.title.strip()
    if not title:
        raise Invalid("title: it is blank", param="title", where="body")
    return await verbs.renamed(call, title)


async def delete_session(call: Call[None, None]) -> Status:
    """Delete a session with everything in it"""
    return await verbs.deleted(call)


ALL, ONE = "/api/v1/sessions", "/api/v1/sessions/{session_id}"

routes = (
    Route(f"POST {ALL}", create_session, scope="sessions:write", returns=CreatedOut),
    Route(
        f"GET {ALL}",
        list_sessions,
        scope="sessions:read",
        params=ListParams,
        returns=SessionList[SessionOut],
        cached=True,
    ),
    Route(
        f"GET {ALL}/search",
        search_sessions,
        scope="sessions:read",
        params=SearchParams,
        returns=FoundList,
    ),
    Route(
        f"GET {ONE}/history",
        read_history,
        scope="sessions:read",
        params=ListParams,
        returns=list[MessageOut],
    ),
    Route(
        f"GET {ONE}/export",
        export_session,
        scope="sessions:read",
        params=ExportParams,
        returns=ExportOut,
        response_types=MARKDOWN,
    ),
    Route(
        f"POST {ONE}/title",
        rename_session,
        scope="sessions:write",
        body=ShortTitleIn,
        returns=Status,
    ),
    Route(f"DELETE {ONE}", delete_session, scope="sessions:delete", returns=Status),
)
