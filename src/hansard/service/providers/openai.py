"""OpenAI's Chat Completions: ``messages``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hansard.service.providers.media import MEDIA, answer_parts, label_of, media_of
from hansard.service.providers.names import json_object, shortened, tool_name
from hansard.service.providers.text import PLACEHOLDER, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hansard.model import Message
    from hansard.model.context import Context, Turn
    from hansard.model.parts import Part

_ID_LENGTH = 40
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/*"})


def keeps_reasoning(_message: Message, _part: Part) -> bool:
    """Chat Completions accepts no reasoning."""
    return False


def render(context: Context) -> dict[str, Any]:
    """The ``messages``: each assistant message with tool calls is followed by their results.

    A placeholder stands for a transcript of which no message can be sent.
    """
    front = [{"role": "user", "content": PLACEHOLDER}] if context.placeholder else []
    turns = (*context.system, *context.turns)
    return {"messages": front + [message for turn in turns for message in _messages(turn)]}


def _messages(turn: Turn) -> Iterable[dict[str, Any]]:
    answers = [part for part in turn.parts if part.type == "tool_call_response"]
    if answers:
        yield from map(_answer, answers)
        return
    role = "developer" if turn.message.role == "developer" else turn.message.known_role
    role = "user" if role == "tool" else role
    calls = [_call(part) for part in turn.parts if part.type == "tool_call"]
    blocks = [block for part in turn.parts if (block := _block(part, role)) is not None]
    text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
    if calls:
        yield {"role": "assistant", "content": text or None, "tool_calls": calls}
    elif any(block["type"] != "text" for block in blocks):
        yield {"role": role, "content": blocks}
    elif text:
        yield {"role": role, "content": text}


def _call(part: Part) -> dict[str, Any]:
    """The call; its arguments are JSON text, unchanged where the caller sent an object."""
    arguments = part.arguments
    parsed = json_object(arguments)
    is_object = isinstance(arguments, str) and arguments.lstrip().startswith("{")
    unchanged = is_object and set(parsed) != {"value"}
    return {
        "id": shortened(part.id or "call", _ID_LENGTH),
        "type": "function",
        "function": {
            "name": tool_name(part.name),
            "arguments": arguments if unchanged else msgspec.json.encode(parsed).decode(),
        },
    }


def _answer(part: Part) -> dict[str, Any]:
    """A tool's answer as text; a label replaces each image."""
    pieces = answer_parts(part.response)
    content = "\n".join(
        label_of(piece) if piece.type in MEDIA else piece.content for piece in pieces
    )
    return {
        "role": "tool",
        "tool_call_id": shortened(part.id or "call", _ID_LENGTH),
        "content": content,
    }


def _block(part: Part, role: str) -> dict[str, Any] | None:
    if part.type not in MEDIA:
        words = words_of(part)
        return {"type": "text", "text": words} if words else None
    media = media_of(part)
    if role == "user" and media is not None and media.mime_type in _IMAGES:
        url = media.url if media.data is None else media.data_uri
        if url is not None and url.startswith(("http://", "https://", "data:")):
            return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "text", "text": label_of(part)}
