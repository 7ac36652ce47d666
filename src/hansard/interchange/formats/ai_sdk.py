"""Messages of the Vercel AI SDK.

UI messages are ``{id, role, parts}``; before version 5 they had ``toolInvocations``.

- ``tool-NAME`` and ``dynamic-tool`` are a call with its output or its error; reasoning, files and
  sources are read;
- data parts stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hansard.interchange.content.ai_sdk import PARTS
from hansard.interchange.content.text import Json, kind_of
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.message_lists import lists_of, session, turn_of, unwrapped
from hansard.interchange.moments import MINUTE
from hansard.interchange.records import Rules, SessionRecord, guarded
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Turn
from hansard.interchange.values import Bad, Loose, Value, values

marks = ("messages", "role", "parts", "toolInvocations")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_is_ui(message) for record in shape.records for message in _messages(record)):
        return None
    return "no message has parts with a type, or toolInvocations"


def _messages(record: object) -> list[Any]:
    if isinstance(record, dict) and isinstance(record.get("role"), str):
        return [record]
    return [
        message
        for inner in unwrapped(record)
        if (lists := lists_of(inner))
        for message in lists.line
    ]


def _is_ui(message: Json) -> bool:
    if not isinstance(message.get("role"), str) or "info" in message:
        return False
    parts, content = message.get("parts"), message.get("content")
    if isinstance(parts, list) and parts:
        return all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in parts)
    blocks = content if isinstance(content, list) else []
    return isinstance(message.get("toolInvocations"), list) or any(
        isinstance(block, dict) and kind_of(block) in PARTS for block in blocks
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    loose = Loose()
    position = 0
    for item in values(stream, apart=True):
        if isinstance(item, Bad):
            yield item
        elif isinstance(item.value, dict) and isinstance(item.value.get("role"), str):
            yield from loose.keep(item)
        else:
            for record in unwrapped(item.value):
                yield from _read_one(Value(item.number, record), rules, position)
                position += 1
    for item in loose.sessions():
        yield from _read_one(item, rules, position)
        position += 1


def _read_one(item: Value, rules: Rules, position: int) -> list[SessionRecord | Bad]:
    end = rules.now - position * MINUTE
    return guarded(item.number, session, item.number, item.value, rules, end, _turn)


def _turn(item: Json, rules: Rules) -> Turn:
    """The parts say all; ``content`` repeats them where both are there."""
    message = dict(item)
    if isinstance(message.get("parts"), list) and message["parts"]:
        message["content"] = message["parts"]
        message.pop("toolInvocations", None)
    elif isinstance(message.get("toolInvocations"), list):
        text = [{"type": "text", "text": message["content"]}] if message.get("content") else []
        calls = [
            {"type": "tool-invocation", "toolInvocation": invocation}
            for invocation in message.pop("toolInvocations")
        ]
        message["content"] = [*calls, *text]
    message.pop("parts", None)
    return turn_of(message, rules)
