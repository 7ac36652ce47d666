"""Anthropic's Messages API: ``system`` and ``messages``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.model.tool_calls import has_failed
from hansard.service.providers.alternating import alternating, system_texts
from hansard.service.providers.media import MEDIA, answer_parts, label_of, media_of
from hansard.service.providers.names import json_object, plain_id, tool_name
from hansard.service.providers.text import words_of

if TYPE_CHECKING:
    from hansard.model import Message
    from hansard.model.context import Context
    from hansard.model.parts import Part

_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def keeps_reasoning(message: Message, part: Part) -> bool:
    """Reasoning of a Claude model goes back while its tool turn is open, if it is signed."""
    is_own = message.model is None or "claude" in message.model
    signed = part.signature if part.type == "reasoning" else part.data
    return is_own and isinstance(signed, str) and bool(signed)


def render(context: Context) -> dict[str, Any]:
    """``system`` and ``messages``: roles alternate, a user speaks first.

    Answers to tool calls come first in their message.
    """
    system = "\n\n".join(system_texts(context))
    messages = alternating(context, "assistant", "content", _block)
    if messages and messages[-1]["role"] == "assistant":
        _strip_end(messages[-1]["content"][-1])
    return ({"system": system} if system else {}) | {"messages": messages}


def _strip_end(block: dict[str, Any]) -> None:
    """A final assistant message must not end with white space."""
    if block["type"] == "text":
        block["text"] = block["text"].rstrip()


def _block(part: Part, role: str, _names: dict[str | None, str | None]) -> dict[str, Any] | None:
    match part.type:
        case "tool_call":
            arguments = json_object(part.arguments)
            name = tool_name(part.name)
            return {"type": "tool_use", "id": plain_id(part.id), "name": name, "input": arguments}
        case "tool_call_response":
            return _answer(part)
        case "reasoning":
            return {"type": "thinking", "thinking": part.content, "signature": part.signature}
        case "redacted_thinking":
            return {"type": "redacted_thinking", "data": part.data}
    if part.type in MEDIA:
        image = _image(part) if role == "user" else None
        return image or {"type": "text", "text": label_of(part)}
    words = words_of(part)
    return {"type": "text", "text": words} if words else None


def _answer(part: Part) -> dict[str, Any]:
    """A tool's answer: plain text, or blocks where it holds images."""
    pieces = answer_parts(part.response)
    content: str | list[dict[str, Any]]
    if any(piece.type in MEDIA for piece in pieces):
        content = [block for piece in pieces if (block := _block(piece, "user", {})) is not None]
    else:
        content = "\n".join(piece.content for piece in pieces)
    answer = {"type": "tool_result", "tool_use_id": plain_id(part.id), "content": content}
    return answer | ({"is_error": True} if has_failed(part) else {})


def _image(part: Part) -> dict[str, Any] | None:
    """An image block; None for what the API does not take as one."""
    media = media_of(part)
    if media is None or not media.is_image:
        return None
    if media.data is not None and media.mime_type in _IMAGES:
        source = {"type": "base64", "media_type": media.mime_type, "data": media.data}
        return {"type": "image", "source": source}
    if media.url is not None and media.url.startswith(("http://", "https://")):
        return {"type": "image", "source": {"type": "url", "url": media.url}}
    return None
