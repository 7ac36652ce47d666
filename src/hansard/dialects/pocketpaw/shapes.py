"""PocketPaw's shapes, and how ours become them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from hansard.http.fields import Time
from hansard.ids import safe_form
from hansard.model import Message, Session, parts
from hansard.model.times import rfc3339
from hansard.service.render_cache import Projection

T = TypeVar("T")
UNTITLED, TITLE, PREVIEW, MATCH = "New Chat", 80, 120, 200
MARKDOWN = ("text/markdown",)


class SessionOut(Struct, kw_only=True):
    """What the document promises, and from ``created`` on what the dashboard reads."""

    id: str
    title: str
    created_at: Time
    updated_at: Time
    message_count: int
    channel: str
    created: Time
    last_activity: Time
    preview: str


class SessionList(Struct, Generic[T], kw_only=True):
    """``total`` counts all sessions, not those of this answer."""

    sessions: list[T]
    total: int


class FoundOut(Struct, kw_only=True):
    id: str
    title: str
    channel: str
    match: str
    match_role: str
    last_activity: Time


class FoundList(Struct, kw_only=True):
    sessions: list[FoundOut]


class MessageOut(Struct, kw_only=True):
    role: str
    content: str
    timestamp: Time


class Status(Struct, kw_only=True):
    status: str = "ok"


def session_out(session: Session) -> SessionOut:
    created, active = rfc3339(session.created_at), rfc3339(session.active_at)
    return SessionOut(
        id=name_of(session),
        title=title_of(session),
        created_at=created,
        updated_at=active,
        message_count=session.message_count,
        channel=session.channel or "unknown",
        created=created,
        last_activity=active,
        preview=(session.last_preview or "")[:PREVIEW],
    )


def name_of(session: Session) -> str:
    """The session's id as a file could bear it."""
    return safe_form(session.own_id) if session.own_id else f"websocket_{session.id}"


def title_of(session: Session) -> str:
    """The given title, else the first thing that the user said."""
    if session.title_by in {None, "auto"}:
        return (session.preview or "").strip()[:TITLE] or UNTITLED
    return session.title or UNTITLED


def message_out(message: Message) -> MessageOut:
    return MessageOut(
        role=message.role,
        content=parts.text_of(parts.decode(message.parts)),
        timestamp=rfc3339(message.created_at),
    )


def found_out(session: Session, message: Message, query: str) -> FoundOut:
    return FoundOut(
        id=name_of(session),
        title=title_of(session),
        channel=session.channel or "unknown",
        match=excerpt(parts.text_of(parts.decode(message.parts)), query),
        match_role=message.role,
        last_activity=rfc3339(session.active_at),
    )


def excerpt(text: str, query: str) -> str:
    """At most 200 characters of the text with the hit in the middle, as far as its ends allow."""
    at = max(text.casefold().find(query.casefold()), 0)
    if not text.isascii():  # there one letter may become two, such as ß
        at = bisect_right(list(accumulate(len(letter.casefold()) for letter in text)), at)
    begin = max(0, min(at + len(query) // 2 - MATCH // 2, len(text) - MATCH))
    return text[begin : begin + MATCH]


class EntryOut(Struct, kw_only=True):
    id: str
    role: str
    content: str
    timestamp: Time
    metadata: dict[str, Any]


class ExportOut(Struct, kw_only=True):
    export_version: str
    exported_at: Time
    session_id: str
    message_count: int
    messages: list[EntryOut]


def export_out(name: str, messages: list[Message], now: int) -> ExportOut:
    return ExportOut(
        export_version="1.0",
        exported_at=rfc3339(now),
        session_id=name,
        message_count=len(messages),
        messages=[entry_out(message) for message in messages],
    )


def entry_out(message: Message) -> EntryOut:
    """The words, and in the metadata what is more than words."""
    pieces = parts.decode(message.parts)
    metadata: dict[str, Any] = msgspec.json.decode(message.metadata)
    if any(piece.type != "text" for piece in pieces):
        metadata["parts"] = message.parts
    return EntryOut(
        id=message.client_id or message.id,
        role=message.role,
        content=parts.text_of(pieces),
        timestamp=rfc3339(message.created_at),
        metadata=metadata,
    )


def markdown(name: str, messages: list[Message], now: int) -> str:
    lines = [
        "# Conversation Export",
        f"**Session**: `{name}` | **Messages**: {len(messages)} | **Exported**: {rfc3339(now)[:16].replace('T', ' ')}",
        "",
        "---",
    ]
    for message in messages:
        said = entry_out(message)
        lines += [
            "",
            f"**{said.role.capitalize()}** ({said.timestamp[11:16]}):",
            said.content,
            "",
            "---",
        ]
    return "\n".join(lines)


SESSION = Projection("pocketpaw.session", session_out)
