"""``/api/memory/session``: histories and exports as the dashboard asks for them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from hansard.dialects.pocketpaw import verbs
from hansard.dialects.pocketpaw.shapes import MARKDOWN, ExportOut, MessageOut, SessionOut
from hansard.http.call import Call
from hansard.http.route import Reply, Route


class LegacyParams(Struct, frozen=True, kw_only=True):
    limit: int = 20


class HistoryParams(Struct, frozen=True, kw_only=True):
    id: Annotated[
        str, Meta(description="the session; one that is not there has an empty history")
    ] = ""
    limit: Annotated[
        int, Meta(description="the most messages to return, counted from the last")
    ] = 50


class ExportParams(Struct, frozen=True, kw_only=True):
    id: str = ""
    format: Annotated[str, Meta(description="json or md")] = "json"


async def list_sessions(call: Call[LegacyParams, None]) -> list[Raw]:
    """List sessions as a bare array, as the dashboard's first version did"""
    return verbs.items(await verbs.listed(call, call.params.limit))


async def read_history(call: Call[HistoryParams, None]) -> list[MessageOut]:
    """Read the last messages of a session in the order they were said"""
    return await verbs.history(call, call.params.id, call.params.limit) if call.params.id else []


async def export_session(call: Call[ExportParams, None]) -> Reply:
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
    ),
)
