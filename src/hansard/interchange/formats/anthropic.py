"""Lists of messages of Anthropic's Messages API.

They are bare, or in records with ``system`` and ``model``.

- blocks become parts: ``thinking``, ``tool_use``, ``tool_result``, ``image``, ``document``;
- a message that holds nothing but tool results is the tool's; ``system`` is the first message.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content.text import Json, kind_of
from hansard.interchange.documents import Document
from hansard.interchange.formats import openai
from hansard.interchange.formats.shape import Shape
from hansard.interchange.message_lists import lists_of, unwrapped
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad

marks = ("messages", "system", "stop_reason", "content")

_BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    messages = [message for record in shape.records for message in _messages(record)]
    if any(_is_telling(message) for message in messages):
        return None
    return (
        "no message holds a block such as tool_use, tool_result, thinking or an image with a source"
    )


def _messages(record: object) -> list[Json]:
    if isinstance(record, dict) and "role" in record and "content" in record:
        return [record]
    return [
        message
        for inner in unwrapped(record)
        if (lists := lists_of(inner))
        for message in lists.line
        if "role" in message
    ]


def _is_telling(message: Json) -> bool:
    content = message.get("content")
    blocks = (
        [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    )
    return any(
        kind_of(block) in _BLOCKS or (block.get("type") == "image" and "source" in block)
        for block in blocks
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    yield from openai.read(document, stream, rules)
