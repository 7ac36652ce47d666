"""Contents of messages, in the formats of assistant-ui's runtimes.

What came in through this API is kept byte for byte as the message's item, and shown as it came. A
message of another API is shown in the formats of which the shape is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Invalid
from hansard.interchange.message_lists import message_parts
from hansard.interchange.turns import role_of
from hansard.model import Message, MessageDraft, parts
from hansard.model.item import Item
from hansard.model.parts import Part
from hansard.model.usage import SUMS

FORMAT = "assistant-ui"
"""The format of the items."""
AUI, AI_SDK = "aui/v0", "ai-sdk/v6"
Json = dict[str, Any]
_KEPT = ("sender", "sender_id", "model", "run_id", "metadata", *SUMS)
_encode = msgspec.json.Encoder().encode


class Stored(Struct, frozen=True, kw_only=True):
    """What came in: the content with its format, and its place in the tree of the thread."""

    format: str
    parent_id: str | None
    height: int
    content: Raw


_decode_stored = msgspec.json.Decoder(Stored).decode
_decode = msgspec.json.Decoder().decode


def stored_of(item: Item | None) -> Stored | None:
    """What came in through this API; None for a message of another one."""
    if item is None or item.format != FORMAT:
        return None
    return _decode_stored(item.data)


def draft_of(stored: Stored, before: Message | None = None, **fields: str | None) -> MessageDraft:
    """The message for a content; one that replaces another keeps what the content does not say."""
    content = _decode(stored.content)
    if not isinstance(content, dict):
        raise Invalid("content must be an object", param="content")
    role = role_of(content.get("role")) or (before.known_role if before else "assistant")
    try:
        pieces = message_parts(content, tool=role == "tool")
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        pieces = []  # it is kept as the item in any case
    written = Raw(_encode(pieces or [{"type": "text", "content": ""}]))
    kept: Json = {name: getattr(before, name) for name in _KEPT} if before else {}
    return MessageDraft(
        role=role,
        parts=written,
        text=parts.check(written, "content"),
        item=Item(FORMAT, "json", _encode(stored)),
        **kept | fields,
    )


def content_of(message: Message, wanted: str) -> Json | None:
    """The content of a message of another API; None where the format is not known."""
    if wanted not in _SHOWN:
        return None
    field, show = _SHOWN[wanted]
    role = message.known_role
    pieces = [show(part) for part in parts.decode(message.parts)]
    return {"role": "assistant" if role == "tool" else role, field: pieces}


def _aui(part: Part) -> Json:
    if part.type == "tool_call":
        return _aui_call(part) | {"argsText": _text(part.arguments)}
    if part.type == "tool_call_response":
        failed = {"isError": True} if part.is_error is True else {}
        return _aui_call(part) | {"argsText": "{}", "result": part.response} | failed
    return _words(part)


def _aui_call(part: Part) -> Json:
    return {"type": "tool-call", "toolCallId": part.id or "", "toolName": part.name or "tool"}


def _ai_sdk(part: Part) -> Json:
    call = {"type": "dynamic-tool", "toolCallId": part.id or "", "toolName": part.name or "tool"}
    if part.type == "tool_call":
        return call | {"state": "input-available", "input": part.arguments}
    if part.type == "tool_call_response" and part.is_error is True:
        return call | {"state": "output-error", "input": {}, "errorText": _text(part.response)}
    if part.type == "tool_call_response":
        return call | {"state": "output-available", "input": {}, "output": part.response}
    return _words(part)


def _words(part: Part) -> Json:
    """Text, reasoning, or what stands for something else."""
    if part.type in {"text", "reasoning"}:
        return {"type": part.type, "text": _text(part.content)}
    if part.type == "uri" and part.uri:
        return {"type": "text", "text": part.uri}
    return {"type": "text", "text": f"[{part.type}]"}


def _text(value: object) -> str:
    return value if isinstance(value, str) else _encode(value).decode()


_SHOWN: dict[str, tuple[str, Callable[[Part], Json]]] = {
    AUI: ("content", _aui),
    AI_SDK: ("parts", _ai_sdk),
}
