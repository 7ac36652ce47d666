"""Lists of messages in OpenAI's format, one session a line.

A line is ``{id, title, model, messages: [{role, content, tool_calls}]}``.

- text alone is a string, anything else a list of pieces; what the format does not know stays as it
  is;
- each answer of a tool is a message of its own; deleted messages and runs are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hansard.interchange.exports.messages import Json, as_text, is_answer, living
from hansard.model import Message
from hansard.model.times import rfc3339
from hansard.model.transfer import Snapshot

_SESSION = ("title", "model", "channel", "agent", "app", "user_id")
_ENCODINGS = {"audio/mpeg": "mp3", "audio/wav": "wav"}


def write(snapshot: Snapshot) -> bytes:
    """The session's line, with its end."""
    session = snapshot.session
    named = {field: value for field in _SESSION if (value := getattr(session, field)) is not None}
    line = {
        "id": session.name,
        **named,
        "created_at": rfc3339(session.created_at),
        "messages": [
            item for message, parts in living(snapshot) for item in _messages(message, parts)
        ],
    }
    return msgspec.json.encode(line) + b"\n"


def _messages(message: Message, parts: list[Json]) -> Iterator[Json]:
    """The message, and one for each answer of a tool in it."""
    rest = [part for part in parts if not is_answer(part)]
    about = {"id": message.client_id or message.id, "created_at": rfc3339(message.created_at)}
    if rest or len(rest) == len(parts):
        yield about | _spoken(message, rest)
    for part in parts:
        if is_answer(part):
            named = {"name": part["name"]} if part.get("name") else {}
            answer = {"tool_call_id": part.get("id"), "content": as_text(part.get("response"))}
            yield about | {"role": "tool"} | named | answer


def _spoken(message: Message, parts: list[Json]) -> Json:
    reasoning = "\n".join(as_text(part["content"]) for part in parts if part["type"] == "reasoning")
    calls = [_call(part) for part in parts if part["type"] == "tool_call"]
    pieces = [part for part in parts if part["type"] not in {"reasoning", "tool_call"}]
    plain = all(part["type"] == "text" for part in pieces)
    content: Any = (
        "\n".join(part["content"] for part in pieces) if plain else list(map(_piece, pieces))
    )
    spoken: Json = {"role": message.role, "content": content if pieces or not calls else None}
    optional = {
        "reasoning_content": reasoning,
        "tool_calls": calls,
        "model": message.model,
        "usage": _usage(message),
    }
    return spoken | {key: value for key, value in optional.items() if value}


def _usage(message: Message) -> Json:
    if not (message.input_tokens or message.output_tokens):
        return {}
    return {"prompt_tokens": message.input_tokens, "completion_tokens": message.output_tokens}


def _call(part: Json) -> Json:
    function = {"name": part["name"], "arguments": as_text(part.get("arguments"))}
    return {"id": part.get("id"), "type": "function", "function": function}


def _piece(part: Json) -> Json:
    match part:
        case {"type": "text"}:
            return {"type": "text", "text": part["content"]}
        case {"type": "uri", "modality": "image"}:
            return {"type": "image_url", "image_url": {"url": part["uri"]}}
        case {"type": "blob", "modality": "image"}:
            address = f"data:{part.get('mime_type') or 'image/png'};base64,{part['content']}"
            return {"type": "image_url", "image_url": {"url": address}}
        case {"type": "blob", "modality": "audio"}:
            encoding = _ENCODINGS.get(str(part.get("mime_type")), "wav")
            return {
                "type": "input_audio",
                "input_audio": {"data": part["content"], "format": encoding},
            }
        case {"type": "file"}:
            return {"type": "file", "file": {"file_id": part["file_id"]}}
    return part
