"""``/api/memory/session``: histories and exports as the dashboard asks for them."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Raw, Struct
from starlette.responses import StreamingResponse

from hansard.dialects.pocketpaw import verbs
from hansard.dialects.pocketpaw.errors import NO_SESSION
from hansard.dialects.pocketpaw.shapes import (
    EXPORT_FORMATS,
    MARKDOWN,
    ExportOut,
    MessageOut,
    SessionOut,
)
from hansard.http.call import Call
from hansard.http.route import Route


class LegacyParams(Struct, frozen=True, kw_only=True):
    """How many sessions."""

    limit: int = 20
    """The most sessions to return; 0 or less gives none."""


class HistoryParams(Struct, frozen=True, kw_only=True):
    """Whose history, and how much of it."""

    example: ClassVar[dict[str, str]] = {"id": "websocket_5966c26f8ad9"}

    id: str = ""
    """The session, by any of its ids. One that is not there has an empty history."""
    limit: int = 50
    """The most messages to return, counted from the last; 0 or less gives none."""


class ExportParams(Struct, frozen=True, kw_only=True):
    """Which session, and in which form."""

    example: ClassVar[dict[str, str]] = {"id": "websocket_5966c26f8ad9"}

    id: str = ""
    """The session, by any of its ids. Refused with 400 when it is missing."""
    format: Annotated[str, EXPORT_FORMATS] = "json"
    """`json`, or `md` for Markdown."""


async def list_sessions(call: Call[LegacyParams, None]) -> list[Raw]:
    """List sessions as a bare array, as the dashboard's first version did"""
    return verbs.items(await verbs.listed(call, call.params.limit))


async def read_history(call: Call[HistoryParams, None]) -> list[MessageOut]:
    """Read the last messages of a session in the order they were written"""
    return await verbs.history(call, call.params.id, call.params.limit) if call.params.id else []


async def export_session(call: Call[ExportParams, None]) -> StreamingResponse:
    """Download a session as JSON or Markdown"""
    return await verbs.exported(call, call.params.id, call.params.format)


routes = (
    Route(
        "GET /api/memory/sessions",
        list_sessions,
        scope="sessions:read",
        params=LegacyParams,
        returns=list[SessionOut],
        cached=True,
    ),
    Route(
        "GET /api/memory/session",
        read_history,
        scope="sessions:read",
        params=HistoryParams,
        returns=list[MessageOut],
    ),
    Route(
        "GET /api/memory/session/export",
        export_session,
        scope="sessions:read",
        params=ExportParams,
        returns=ExportOut,
        response_types=MARKDOWN,
        errors=NO_SESSION | {400: "`id` is missing, or `format` is neither `json` nor `md`."},
    ),
)
