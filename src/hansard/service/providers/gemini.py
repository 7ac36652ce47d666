"""Gemini's generateContent: ``systemInstruction`` and ``contents``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.service.providers.alternating import alternating, system_texts
from hansard.service.providers.media import MEDIA, answer_parts, label_of, media_of
from hansard.service.providers.names import json_object, tool_name
from hansard.service.providers.text import words_of

if TYPE_CHECKING:
    from hansard.model import Message
    from hansard.model.context import Context
    from hansard.model.parts import Part


def keeps_reasoning(message: Message, part: Part) -> bool:
    """Thoughts of a Gemini model go back while its tool turn is open, if they are signed."""
    is_own = message.model is not None and "gemini" in message.model
    return is_own and part.type == "reasoning" and isinstance(part.signature, str)


def render(context: Context) -> dict[str, Any]:
    """``systemInstruction`` and ``contents``: roles alternate, a user speaks first.

    Answers to function calls carry the name of their function.
    """
    system = [{"text": text} for text in system_texts(context)]
    contents = alternating(context, "model", "parts", _part)
    return ({"systemInstruction": {"parts": system}} if system else {}) | {"contents": contents}


def _part(part: Part, _role: str, names: dict[str | None, str | None]) -> dict[str, Any] | None:
    signature = {"thoughtSignature": part.signature} if isinstance(part.signature, str) else {}
    match part.type:
        case "tool_call":
            call = {"name": tool_name(part.name), "args": json_object(part.arguments)}
            return {"functionCall": call, **signature}
        case "tool_call_response":
            answer = {"name": tool_name(names.get(part.id)), "response": _answer(part)}
            return {"functionResponse": answer}
        case "reasoning":
            return {"text": part.content, "thought": True, **signature}
    if part.type in MEDIA:
        return _media(part) or {"text": label_of(part)}
    words = words_of(part)
    return {"text": words} if words else None


def _answer(part: Part) -> dict[str, Any]:
    """The answer as an object, which holds no images: a word stands for each."""
    pieces = answer_parts(part.response)
    if not any(piece.type in MEDIA for piece in pieces):
        return json_object(part.response, "result")
    texts = (label_of(piece) if piece.type in MEDIA else piece.content for piece in pieces)
    return {"result": "\n".join(texts)}


def _media(part: Part) -> dict[str, Any] | None:
    """Inline data, or a file by its URI; None without a media type, which the API wants."""
    media = media_of(part)
    if media is None or not media.mime_type or media.mime_type.endswith("/*"):
        return None
    if media.data is not None:
        return {"inlineData": {"mimeType": media.mime_type, "data": media.data}}
    return {"fileData": {"mimeType": media.mime_type, "fileUri": media.url}}
