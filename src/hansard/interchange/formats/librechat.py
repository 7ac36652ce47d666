"""LibreChat's export of a conversation.

``{conversationId, title, messages}``, nested by ``children`` or flat.

- messages are a tree by ``parentMessageId``: the newest leaf ends the session, the rest are
  branches;
- ``content`` has text, thoughts (``think``) and tool calls with their output; ``text`` is read
  where it is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import attached
from hansard.interchange.content.text import (
    Json,
    kind_of,
    reasoning_part,
    text_or_none,
    tool_call,
    tool_response,
    words,
)
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_each
from hansard.interchange.streams import Stream
from hansard.interchange.trees import Tree
from hansard.interchange.turns import Span, Turn, lines, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("conversationId", "endpoint", "options", "recursive", "exportAt", "messages")

_PLACED = {
    "conversationId",
    "title",
    "messages",
    "createdAt",
    "updatedAt",
    "user",
    "tags",
    "exportAt",
    "recursive",
    "branches",
}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    for record in shape.objects:
        messages = record.get("messages")
        if isinstance(messages, list) and any(_is_message(message) for message in messages[:3]):
            return None
    return "no record holds messages with a messageId or isCreatedByUser"


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and bool({"messageId", "isCreatedByUser"} & value.keys())


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_each(values(stream, apart=True), lambda item: _session(item, rules))


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record = item.value
    if not isinstance(record, dict) or not isinstance(record.get("messages"), list):
        message = "no messages: not a conversation of LibreChat"
        raise Unreadable(message)
    messages = dict(_flat(record["messages"]))
    options = record["options"] if isinstance(record.get("options"), dict) else {}
    turns = {key: _turn(message) for key, (message, _) in messages.items()}
    parents = {key: parent for key, (_, parent) in messages.items()}
    line, branches = Tree(parents, lambda _: True, lambda key: float(turns[key].at or 0)).split(
        None
    )
    draft = SessionDraft(
        id=own_id(record.get("conversationId"), record),
        title=text_or_none(record.get("title")),
        channel=rules.channel or "librechat",
        user_id=text_or_none(record.get("user")),
        model=text_or_none(options.get("model")) or text_or_none(record.get("model")),
        tags=[tag for tag in record.get("tags") or [] if isinstance(tag, str)],
        metadata={
            key: value
            for key, value in record.items()
            if key not in _PLACED and value not in (None, "", [], {})
        },
    )
    started, updated = (moment_of(record.get(key)) for key in ("createdAt", "updatedAt"))
    whole = lines(turns, line, branches)
    yield from sessions(item.number, draft, whole, rules, Span(started=started, updated=updated))


def _flat(messages: list[object]) -> Iterator[tuple[str, tuple[Json, str | None]]]:
    """Every message under its id, with its parent's.

    Children lie inside their parents or beside them.
    """
    waiting: list[tuple[object, str | None]] = [(message, None) for message in reversed(messages)]
    position = 0
    while waiting:
        message, above = waiting.pop()
        if not isinstance(message, dict):
            continue
        key = str(message.get("messageId") or message.get("id") or f"import:{position}")
        position += 1
        parent = message.get("parentMessageId")
        yield key, (message, parent if isinstance(parent, str) else above)
        children = message["children"] if isinstance(message.get("children"), list) else []
        waiting += [(child, key) for child in reversed(children)]


def _turn(message: Json) -> Turn:
    content = message["content"] if isinstance(message.get("content"), list) else []
    parts = [part for block in content for part in _block(block)] or parts_of(message.get("text"))
    listed = message["files"] if isinstance(message.get("files"), list) else []
    files = [
        attached(file.get("filename"), file.get("type"))
        for file in listed
        if isinstance(file, dict)
    ]
    by_user = message.get("isCreatedByUser")
    role = message.get("sender") if by_user is None else "user" if by_user else "assistant"
    return Turn(
        role=role,
        parts=[*parts, *files],
        key=message.get("messageId"),
        at=moment_of(message.get("createdAt")),
        model=None if by_user else message.get("model"),
        output_tokens=0 if by_user else message.get("tokenCount"),
        metadata={
            key: message[key]
            for key in ("sender", "error", "unfinished", "endpoint")
            if message.get(key)
        },
        original={key: value for key, value in message.items() if key != "children"},
    )


def _block(block: object) -> list[Json]:
    if not isinstance(block, dict):
        return parts_of(block)
    kind = kind_of(block)
    if kind == "think":
        return [reasoning_part(block.get("think"))]
    if kind == "tool_call" and isinstance(block.get("tool_call"), dict):
        call = block["tool_call"]
        request = tool_call(call.get("id"), call.get("name"), call.get("args"))
        return (
            [request, tool_response(call.get("id"), call["output"], call.get("name"))]
            if call.get("output") is not None
            else [request]
        )
    return parts_of(words(block.get("error"))) if kind == "error" else parts_of([block])
