"""What the unversioned and the versioned routes do alike; each is one call of the service."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Raw
from starlette.responses import StreamingResponse

from hansard.dialects.pocketpaw.shapes import (
    SESSION,
    FoundList,
    MessageOut,
    SessionList,
    Status,
    document,
    found_out,
    markdown,
    message_out,
)
from hansard.errors import Invalid, NotFound
from hansard.http.call import Call
from hansard.http.streams import stream
from hansard.model import SessionPatch, SessionQuery

MOST = 2**31
MOST_LISTED = 20_000
"""About as many sessions as go into one answer."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


async def listed(call: Call[Any, Any], limit: int) -> SessionList[Raw]:
    query = SessionQuery(sort="-active_at", limit=min(max(limit, 0), MOST_LISTED), with_total=True)
    page = await call.service.sessions.list_as(call.principal, query, SESSION)
    return SessionList(sessions=page.items, total=page.total or 0)


async def searched(call: Call[Any, Any], query: str, limit: int) -> FoundList:
    text = query.strip()
    if not text or limit < 1:
        return FoundList(sessions=[])
    found = await call.service.transcripts.mentions(
        call.principal,
        text,
        min(limit, MOST_LISTED),
        lambda session, message: found_out(session, message, text),
    )
    return FoundList(sessions=found)


async def history(call: Call[Any, Any], name: str, limit: int) -> list[MessageOut]:
    try:
        _, messages = await call.service.transcripts.spoken(
            call.principal, name, min(max(limit, 0), MOST)
        )
    except NotFound:
        return []
    return [message_out(message) for message in messages]


async def exported(call: Call[Any, Any], name: str, form: str) -> StreamingResponse:
    if not name:
        raise Invalid("Missing required parameter: id", param="id", code="missing_id")
    if form not in {"json", "md"}:
        raise Invalid("Format must be 'json' or 'md'", param="format", code="bad_format")
    try:
        session, pieces = await call.service.transcripts.walk(call.principal, name)
    except NotFound as problem:
        raise NotFound(f"Session not found: {name}", code="export_not_found") from problem
    now, count = call.service.clock(), session.message_count
    filename = f"pocketpaw-session-{_UNSAFE.sub('_', name)[:20]}.{form}"
    if form == "md":
        data = markdown(name, count, pieces, now)
        return await stream(call, data, "text/markdown; charset=utf-8", filename)
    return await stream(call, document(name, count, pieces, now), filename=filename)


async def renamed(call: Call[Any, Any], title: str) -> Status:
    await call.service.sessions.update(
        call.principal, call.path["session_id"], SessionPatch(title=title, title_by="user")
    )
    return Status()


async def deleted(call: Call[Any, Any]) -> Status:
    await call.service.sessions.delete(call.principal, call.path["session_id"])
    return Status()


def items(answer: SessionList[Raw]) -> list[Raw]:
    return answer.sessions
