"""Cursor's conversations.

The transcripts of its agent (``.jsonl``), and the composers in the editor's ``state.vscdb``.

- a transcript's lines are ``{role, message: {content}}`` with text and tool calls; its file's name
  is the session's id;
- of the database only the keys of composers and bubbles are read, since it holds credentials as
  well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import (
    Json,
    arguments,
    kind_of,
    reasoning_part,
    text_or_none,
    tool_call,
    tool_response,
)
from hansard.interchange.databases import Database
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
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

_TABLE = "cursorDiskKV"
_ROLES = {1: "user", 2: "assistant"}
_ENDED = {"error", "cancelled", "rejected"}


def sniff(document: Document, shape: Shape) -> str | None:
    if document.is_database:
        with document.database() as database:
            if database is None or not database.has_table(_TABLE):
                return f"the database has no table {_TABLE}"
        return None
    if any(_is_line(record) for record in shape.objects):
        return None
    return "no line has a role and a message with content, and it is not a database of Cursor"


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
                if database is not None:
                    yield from _composers(database, rules)
        except Unreadable as problem:
            yield Bad(0, str(problem))
        return
    lines: list[Json] = []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif isinstance(item.value, dict) and _is_line(item.value):
            lines.append(item.value)
    if lines:
        yield from guarded(1, _transcript, document, lines, rules)


def _transcript(document: Document, lines: list[Json], rules: Rules) -> Iterator[SessionRecord]:
    turns = [
        Turn(
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


def _composers(database: Database, rules: Rules) -> Iterator[SessionRecord | Bad]:
    keys = database.keys(_TABLE, "composerData:")
    for number, key in enumerate(keys, 1):
        composer = _decoded(database.value(_TABLE, key))
        if composer is None:
            yield Bad(number, f"{key} is not a JSON object")
            continue
        bubbles = _bubbles(database, key.partition(":")[2], composer)
        if bubbles:
            yield from guarded(number, _composer, number, key, composer, bubbles, rules)


def _decoded(text: str | None) -> Json | None:
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _bubbles(database: Database, ident: str, composer: Json) -> list[Json]:
    """The bubbles of a composer in its order.

    Older ones are inside it, newer ones under keys of their own.
    """
    inside = composer.get("conversation")
    if isinstance(inside, list) and inside:
        return [bubble for bubble in inside if isinstance(bubble, dict)]
    headers = composer.get("fullConversationHeadersOnly")
    bubbles: list[Json] = []
    for header in headers if isinstance(headers, list) else []:
        key = header.get("bubbleId") if isinstance(header, dict) else None
        bubble = _decoded(database.value(_TABLE, f"bubbleId:{ident}:{key}")) if key else None
        if bubble is not None:
            bubbles.append({"bubbleId": key, "type": header.get("type")} | bubble)
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
    return bool(bubble.get("text") or bubble.get("toolFormerData") or bubble.get("thinking"))


def _turn(bubble: Json) -> Turn:
    tokens = bubble["tokenCount"] if isinstance(bubble.get("tokenCount"), dict) else {}
    kind = bubble.get("type")
    thinking = bubble.get("thinking")
    return Turn(
        role=_ROLES.get(kind, kind) if isinstance(kind, int) else kind,
        parts=[
            *([reasoning_part(thinking)] if thinking else []),
            *parts_of(bubble.get("text")),
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
