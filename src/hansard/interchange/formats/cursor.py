"""Cursor's conversations.

The transcripts of its agent (``.jsonl``), the composers in the editor's ``state.vscdb``, and the
chats of its command line (``store.db``).

- a transcript's lines are ``{role, message: {content}}`` with text and tool calls; its file's name
  is the session's id;
- of the editor's database only the keys of composers and bubbles are read, since it holds
  credentials as well;
- what the user typed stands in ``<user_query>``; what Cursor put around it is in the metadata, and
  a message of such context alone is a system message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import (
    Json,
    arguments,
    kind_of,
    reasoning_part,
    text_or_none,
    text_part,
    tool_call,
    tool_response,
)
from hansard.interchange.cursor_chats import is_chat, messages_of, meta_of
from hansard.interchange.databases import CLOSED, Database
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Companion, Shape
from hansard.interchange.moments import CREATED, first_time, moment_of
from hansard.interchange.records import (
    Rules,
    SessionRecord,
    Unreadable,
    content_key,
    guarded,
    own_id,
)
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, values
from hansard.model import SessionDraft

marks = ("role", "message", "content")

_TABLE, _COMPOSER = "cursorDiskKV", "composerData:"
_ROLES = {1: "user", 2: "assistant"}
_LOST = {"isLost": True}
_TYPED = re.compile(r"<user_query>\s*(.*?)\s*</user_query>", re.DOTALL)
_CONTEXT = re.compile(r"\s*<user_info>")
_ENDED = {"error", "cancelled", "rejected"}


def sniff(document: Document, shape: Shape) -> str | None:
    if document.is_database:
        with document.database() as database:
            return _lacking(database)
    if any(_is_line(record) for record in shape.objects):
        return None
    return "no line has a role and a message with content, and it is not a database of Cursor"


def _lacking(database: Database | None) -> str | None:
    """Why a database is not one of Cursor with a conversation in it."""
    if database is None:
        return CLOSED
    if is_chat(database):
        return None if meta_of(database) else Companion("no message of the chat was sent yet")
    if not database.has_table(_TABLE):
        return f"the database has no table {_TABLE}, and none called blobs and meta"
    return None if database.keys(_TABLE, _COMPOSER) else Companion("no conversation is in it")


def _is_line(record: Json) -> bool:
    message = record.get("message")
    return (
        isinstance(record.get("role"), str)
        and isinstance(message, dict)
        and "content" in message
        and not record.keys() & {"type", "uuid", "sessionId"}
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    if document.is_database:
        try:
            with document.database() as database:
                if database is None:
                    yield Bad(0, CLOSED)
                elif is_chat(database):
                    yield from guarded(1, _chat, document, database, rules)
                else:
                    yield from _composers(database, rules)
        except Unreadable as problem:
            yield Bad(0, str(problem))
        return
    lines: list[Json] = []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not a line of Cursor: no object")
        elif _is_line(item.value):
            lines.append(item.value)
        else:
            yield Bad(item.number, "not a line of Cursor: no role and message with content")
    if lines:
        yield from guarded(1, _transcript, document, lines, rules)


def _transcript(document: Document, lines: list[Json], rules: Rules) -> Iterator[SessionRecord]:
    turns = [
        _as_typed(
            role=line["role"],
            parts=parts_of(line["message"].get("content")),
            key=content_key([number, line]),
            at=first_time(line, CREATED, rules.zone),
            original=line,
        )
        for number, line in enumerate(lines)
    ]
    ident = document.stem if document.size is not None else None
    draft = SessionDraft(id=own_id(ident, lines), channel=rules.channel or "cursor", agent="cursor")
    yield from sessions(1, draft, turns, rules)


def _chat(document: Document, database: Database, rules: Rules) -> Iterator[SessionRecord]:
    meta = meta_of(database)
    assert document.path is not None, "a database has a path"  # noqa: S101 - an invariant of the caller
    draft = SessionDraft(
        id=own_id(meta.get("agentId") or document.path.parent.name, meta),
        title=text_or_none(meta.get("name")),
        channel=rules.channel or "cursor",
        agent="cursor",
        model=text_or_none(meta.get("lastUsedModel")),
    )
    turns = [
        _as_typed(
            role=message["role"], parts=parts_of(message.get("content")), key=key, original=message
        )
        for key, message in messages_of(database, meta)
    ]
    yield from sessions(1, draft, turns, rules, Span(started=moment_of(meta.get("createdAt"))))


def _as_typed(*, role: object, parts: list[Json], **more: Any) -> Turn:  # noqa: ANN401 - the fields of a turn
    """A turn of the user with what was typed, the rest in its metadata; any other as it is."""
    texts = [str(part["content"]) for part in parts if part["type"] == "text"]
    whole = "\n".join(texts)
    if role != "user" or not (typed := _TYPED.findall(whole)):
        is_context = role == "user" and len(texts) == len(parts) and _CONTEXT.match(whole)
        return Turn(role="system" if is_context else role, parts=parts, **more)
    context = _TYPED.sub("", whole).strip()
    return Turn(
        role=role,
        parts=[*map(text_part, typed), *(part for part in parts if part["type"] != "text")],
        metadata={"context": context} if context else {},
        **more,
    )


def _composers(database: Database, rules: Rules) -> Iterator[SessionRecord | Bad]:
    keys = database.keys(_TABLE, _COMPOSER)
    for number, key in enumerate(keys, 1):
        composer = _decoded(database.value(_TABLE, "value", key=key))
        if composer is None:
            yield Bad(number, f"{key} is not a JSON object")
            continue
        bubbles = _bubbles(database, key.partition(":")[2], composer)
        if bubbles:
            yield from guarded(number, _composer, number, key, composer, bubbles, rules)


def _decoded(text: bytes | None) -> Json | None:
    try:
        value = json.loads((text or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _bubbles(database: Database, ident: str, composer: Json) -> list[Json]:
    """The bubbles of a composer in its order.

    Older ones are inside it, newer ones under keys of their own; one that is not there is lost.
    """
    inside = composer.get("conversation")
    if isinstance(inside, list) and inside:
        return [bubble for bubble in inside if isinstance(bubble, dict)]
    headers = composer.get("fullConversationHeadersOnly")
    bubbles: list[Json] = []
    for header in headers if isinstance(headers, list) else []:
        key = header.get("bubbleId") if isinstance(header, dict) else None
        name = f"bubbleId:{ident}:{key}"
        if key:
            bubble = _decoded(database.value(_TABLE, "value", key=name))
            kind = {"bubbleId": key, "type": header.get("type")}
            bubbles.append(kind | (_LOST if bubble is None else bubble))
    return bubbles


def _composer(
    number: int, key: str, composer: Json, bubbles: list[Json], rules: Rules
) -> Iterator[SessionRecord]:
    model = composer["modelConfig"] if isinstance(composer.get("modelConfig"), dict) else {}
    draft = SessionDraft(
        id=own_id(composer.get("composerId") or key.partition(":")[2], None),
        title=text_or_none(composer.get("name")),
        channel=rules.channel or "cursor",
        agent="cursor",
        model=text_or_none(model.get("modelName")),
    )
    started, updated = (moment_of(composer.get(field)) for field in ("createdAt", "lastUpdatedAt"))
    turns = [_turn(bubble) for bubble in bubbles if _says(bubble)]
    yield from sessions(number, draft, turns, rules, Span(started=started, updated=updated))


def _says(bubble: Json) -> bool:
    return any(bubble.get(field) for field in ("text", "toolFormerData", "thinking", "isLost"))


def _turn(bubble: Json) -> Turn:
    tokens = bubble["tokenCount"] if isinstance(bubble.get("tokenCount"), dict) else {}
    kind = bubble.get("type")
    thinking = bubble.get("thinking")
    return Turn(
        role=_ROLES.get(kind, kind) if isinstance(kind, int) else kind,
        parts=[
            *([reasoning_part(thinking)] if thinking else []),
            *parts_of([{"type": "cursor_bubble"}] if "isLost" in bubble else bubble.get("text")),
            *_tool(bubble.get("toolFormerData")),
        ],
        key=bubble.get("bubbleId"),
        at=first_time(bubble, CREATED),
        input_tokens=tokens.get("inputTokens"),
        output_tokens=tokens.get("outputTokens"),
        original={field: bubble.get(field) for field in ("bubbleId", "type", "text")},
    )


def _tool(tool: Any) -> list[Json]:  # noqa: ANN401 - any JSON
    if not isinstance(tool, dict):
        return []
    ident, tool_name = tool.get("toolCallId"), tool.get("name")
    call = tool_call(ident, tool_name, arguments(tool.get("rawArgs", tool.get("params"))))
    if tool.get("result") is None and kind_of(tool, "status") not in _ENDED:
        return [call]
    failed = {"is_error": True} if kind_of(tool, "status") in _ENDED else {}
    return [call, tool_response(ident, arguments(tool.get("result")), tool_name) | failed]
