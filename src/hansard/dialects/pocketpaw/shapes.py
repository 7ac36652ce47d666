"""PocketPaw's shapes, and how sessions and messages become them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator
from itertools import accumulate
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from hansard.http.fields import Time
from hansard.http.streams import filled
from hansard.ids import file_safe
from hansard.model import Message, Session, parts
from hansard.model.times import rfc3339
from hansard.service.render_cache import Projection

T = TypeVar("T")
UNTITLED, TITLE, PREVIEW, MATCH = "New Chat", 80, 120, 200
MARKDOWN = ("text/markdown",)
EXPORT_FORMATS = Meta(extra_json_schema={"enum": ["json", "md"]})


class SessionOut(Struct, kw_only=True):
    """A session: the fields of the document, and those that the dashboard reads."""

    example: ClassVar[dict[str, Any]] = {
        "id": "telegram_12345",
        "title": "Docker deployment help",
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:30:41Z",
        "message_count": 4,
        "channel": "telegram",
        "created": "2026-01-31T09:30:00Z",
        "last_activity": "2026-01-31T09:30:41Z",
        "preview": "Try `docker compose up`.",
    }

    id: str
    """The client's own id with `_` for `:` and `/`, else `websocket_` and a UUID."""
    title: str
    """The title that was given, else the first user message, at most 80 characters, else `New
    Chat`."""
    created_at: Time
    """When it began."""
    updated_at: Time
    """When its last message was written, else when it began."""
    message_count: int
    """How many messages it has."""
    channel: str
    """Where it came from, in lower case; `unknown` when that is not known."""
    created: Time
    """The same as `created_at`."""
    last_activity: Time
    """The same as `updated_at`."""
    preview: str
    """The start of the last message that has text; at most 120 characters."""


class SessionList(Struct, Generic[T], kw_only=True):
    """Some sessions, and how many there are."""

    sessions: list[T]
    """The sessions, the most recent activity first."""
    total: int
    """How many sessions there are in all."""


class FoundOut(Struct, kw_only=True):
    """A session that has a message with the text."""

    described_by: ClassVar[type[Struct]] = SessionOut
    example: ClassVar[dict[str, Any]] = {"match": "Try `docker compose up`.", "match_role": "user"}

    id: str
    title: str
    channel: str
    match: str
    """At most 200 characters of the message, with the text in the middle."""
    match_role: str
    """Whose message it is: `user` or `assistant`."""
    last_activity: Time
    """When its last message was written."""


class FoundList(Struct, kw_only=True):
    """The sessions that have a message with the text."""

    sessions: list[FoundOut]
    """The sessions, the most recent activity first."""


class MessageOut(Struct, kw_only=True):
    """A message that has text."""

    example: ClassVar[dict[str, Any]] = {
        "role": "user",
        "content": "How do I deploy with Docker?",
        "timestamp": "2026-01-31T09:30:00Z",
    }

    role: str
    """Whose message it is: `system`, `user` or `assistant`."""
    content: str
    """The text."""
    timestamp: Time
    """When it was written."""


class Status(Struct, kw_only=True):
    """That it was done."""

    status: str = "ok"
    """Always `ok`."""


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
    return file_safe(session.own_id) if session.own_id else f"websocket_{session.id}"


def title_of(session: Session) -> str:
    """The title that was given, else the first user message."""
    if session.title_by in {None, "auto"}:
        return (session.preview or "").strip()[:TITLE] or UNTITLED
    return session.title or UNTITLED


def message_out(message: Message) -> MessageOut:
    return MessageOut(
        role=message.known_role,
        content=parts.text(message.parts),
        timestamp=rfc3339(message.created_at),
    )


def found_out(session: Session, message: Message, query: str) -> FoundOut:
    return FoundOut(
        id=name_of(session),
        title=title_of(session),
        channel=session.channel or "unknown",
        match=excerpt(parts.text(message.parts), query),
        match_role=message.known_role,
        last_activity=rfc3339(session.active_at),
    )


def excerpt(text: str, query: str) -> str:
    """At most 200 characters of the text, with the query in the middle as far as its ends allow."""
    at = max(text.casefold().find(query.casefold()), 0)
    if not text.isascii():  # a letter may become two when it is folded, such as ß
        at = bisect_right(list(accumulate(len(letter.casefold()) for letter in text)), at)
    begin = max(0, min(at + len(query) // 2 - MATCH // 2, len(text) - MATCH))
    return text[begin : begin + MATCH]


class EntryOut(Struct, kw_only=True):
    """A message of an export."""

    described_by: ClassVar[type[Struct]] = MessageOut
    example: ClassVar[dict[str, Any]] = {
        "id": "msg_0190163d-8694-739b-aea5-966c00000001",
        "metadata": {},
    }

    id: str
    """The client's own id of the message, else ours."""
    role: str
    """Whose message it is: `system`, `user`, `assistant` or `tool`."""
    content: str
    """The text; empty for a message without."""
    timestamp: Time
    metadata: dict[str, Any]
    """The application's own JSON object; with `parts` where the message is more than text."""


class ExportOut(Struct, kw_only=True):
    """A whole session."""

    example: ClassVar[dict[str, Any]] = {
        "export_version": "1.0",
        "exported_at": "2026-01-31T10:00:00Z",
        "session_id": "telegram_12345",
        "message_count": 4,
    }

    export_version: str
    """Always `1.0`."""
    exported_at: Time
    """The time of the request."""
    session_id: str
    """The session, as the request named it."""
    message_count: int
    """How many messages it has."""
    messages: list[EntryOut]
    """All its messages, in order."""


async def document(
    name: str, count: int, pieces: AsyncIterator[list[Message]], now: int
) -> AsyncIterator[bytes]:
    """The export as indented JSON, some messages at a time."""
    out = ExportOut(
        export_version="1.0",
        exported_at=rfc3339(now),
        session_id=name,
        message_count=count,
        messages=[],
    )
    head = msgspec.json.format(msgspec.json.encode(out), indent=2).removesuffix(b"]\n}")
    entries = ([entry_out(message) for message in piece] async for piece in pieces)
    async for data in filled(head, entries, _indented):
        yield data
    yield b"\n  ]\n}" if count else b"]\n}"


def _indented(entry: object) -> bytes:
    text = msgspec.json.format(msgspec.json.encode(entry), indent=2)
    return b"\n    " + text.replace(b"\n", b"\n    ")


def entry_out(message: Message) -> EntryOut:
    """The text, and in the metadata what is more than text."""
    pieces = parts.decode(message.parts)
    metadata: dict[str, Any] = msgspec.json.decode(message.metadata)
    if any(piece.type != "text" for piece in pieces):
        metadata["parts"] = message.parts
    return EntryOut(
        id=message.client_id or message.id,
        role=message.known_role,
        content=parts.text_of(pieces),
        timestamp=rfc3339(message.created_at),
        metadata=metadata,
    )


async def markdown(
    name: str, count: int, pieces: AsyncIterator[list[Message]], now: int
) -> AsyncIterator[bytes]:
    exported = rfc3339(now)[:16].replace("T", " ")
    about = f"**Session**: `{name}` | **Messages**: {count} | **Exported**: {exported}"
    yield f"# Conversation Export\n{about}\n\n---".encode()
    async for messages in pieces:
        for entry in map(entry_out, messages):
            heading = f"**{entry.role.capitalize()}** ({entry.timestamp[11:16]}):"
            yield f"\n\n{heading}\n{entry.content}\n\n---".encode()


SESSION = Projection("pocketpaw.session", session_out)
