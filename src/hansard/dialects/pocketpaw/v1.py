"""``/api/v1/sessions``: the versioned routes, with limits that are checked."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Raw, Struct
from starlette.responses import StreamingResponse

from hansard.dialects.pocketpaw import verbs
from hansard.dialects.pocketpaw.errors import NO_SESSION
from hansard.dialects.pocketpaw.shapes import (
    EXPORT_FORMATS,
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
from hansard.http.route import Route
from hansard.model import SessionDraft

_HEX = 12


class ListParams(Struct, frozen=True, kw_only=True):
    """How many sessions."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    """The most sessions to return."""


class HistoryParams(Struct, frozen=True, kw_only=True):
    """How much of the history."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    """The most messages to return, counted from the last."""


class SearchParams(Struct, frozen=True, kw_only=True):
    """What to look for, and how many sessions."""

    example: ClassVar[dict[str, str]] = {"q": "docker"}

    q: str = ""
    """What a message must contain, in any case. A blank text finds nothing."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    """The most sessions to return."""


class ExportParams(Struct, frozen=True, kw_only=True):
    """In which form."""

    format: Annotated[str, EXPORT_FORMATS] = "json"
    """`json`, or `md` for Markdown."""


class ShortTitleIn(Struct, frozen=True, kw_only=True):
    """A title to give."""

    example: ClassVar[dict[str, str]] = {"title": "Docker deployment help"}

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    """The title; not blank."""


class CreatedOut(Struct, kw_only=True):
    """A session that was created."""

    example: ClassVar[dict[str, str]] = {"id": "websocket_5966c26f8ad9", "title": UNTITLED}

    id: str
    """`websocket_` and twelve hexadecimal digits."""
    title: str = UNTITLED
    """The title until the first message."""


async def create_session(call: Call[None, None]) -> CreatedOut:
    """Create an empty session"""
    name = f"websocket_{call.service.ids.uuid().replace('-', '')[-_HEX:]}"
    await call.service.sessions.start(call.principal, SessionDraft(id=name, channel="websocket"))
    return CreatedOut(id=name)


async def list_sessions(call: Call[ListParams, None]) -> SessionList[Raw]:
    """List sessions, the most recent activity first"""
    return await verbs.listed(call, call.params.limit)


async def search_sessions(call: Call[SearchParams, None]) -> FoundList:
    """Find the sessions whose messages contain a text, each with one of them"""
    return await verbs.searched(call, call.params.q, call.params.limit)


async def read_history(call: Call[HistoryParams, None]) -> list[MessageOut]:
    """Read the last messages of a session in the order they were written"""
    return await verbs.history(call, call.path["session_id"], call.params.limit)


async def export_session(call: Call[ExportParams, None]) -> StreamingResponse:
    """Download a session as JSON or Markdown"""
    return await verbs.exported(call, call.path["session_id"], call.params.format)


async def rename_session(call: Call[None, ShortTitleIn]) -> Status:
    """Give a session a title that no other replaces"""
    title = call.body.title.strip()
    if not title:
        raise Invalid("title: it is blank", param="title", where="body")
    return await verbs.renamed(call, title)


async def delete_session(call: Call[None, None]) -> Status:
    """Delete a session with everything in it"""
    return await verbs.deleted(call)


SESSIONS_PATH = "/api/v1/sessions"
SESSION_PATH = f"{SESSIONS_PATH}/{{session_id}}"

routes = (
    Route(f"POST {SESSIONS_PATH}", create_session, scope="sessions:write", returns=CreatedOut),
    Route(
        f"GET {SESSIONS_PATH}",
        list_sessions,
        scope="sessions:read",
        params=ListParams,
        returns=SessionList[SessionOut],
        cached=True,
    ),
    Route(
        f"GET {SESSIONS_PATH}/search",
        search_sessions,
        scope="sessions:read",
        params=SearchParams,
        returns=FoundList,
    ),
    Route(
        f"GET {SESSION_PATH}/history",
        read_history,
        scope="sessions:read",
        params=HistoryParams,
        returns=list[MessageOut],
    ),
    Route(
        f"GET {SESSION_PATH}/export",
        export_session,
        scope="sessions:read",
        params=ExportParams,
        returns=ExportOut,
        response_types=MARKDOWN,
        errors=NO_SESSION | {400: "`format` is neither `json` nor `md`."},
    ),
    Route(
        f"POST {SESSION_PATH}/title",
        rename_session,
        scope="sessions:write",
        body=ShortTitleIn,
        returns=Status,
        errors=NO_SESSION,
    ),
    Route(
        f"DELETE {SESSION_PATH}",
        delete_session,
        scope="sessions:delete",
        returns=Status,
        errors=NO_SESSION,
    ),
)
