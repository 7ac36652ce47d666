"""Parts of a message, with the OpenTelemetry GenAI names; unknown types and fields pass through untouched."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Invalid
from hansard.model.decode_errors import parted, plain


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of the known part types; which are set depends on ``type``.

    ``text`` and ``reasoning`` have ``content``; ``tool_call`` has ``id``, ``name`` and ``arguments``;
    ``tool_call_response`` has ``id`` and ``response``; ``uri`` has ``uri``; ``blob`` has base64 ``content``;
    ``file`` has ``file_id``; the last three have ``modality`` and ``mime_type``. ``refusal`` has
    ``refusal``. ``signature`` is the provider's proof of its own reasoning or call, and ``data``
    what it keeps unreadable (``redacted_thinking``).
    """

    type: str
    content: Any = None
    id: str | None = None
    name: str | None = None
    arguments: Any = None
    response: Any = None
    uri: str | None = None
    file_id: str | None = None
    modality: str | None = None
    mime_type: str | None = None
    refusal: Any = None
    signature: Any = None
    data: Any = None


_decode = msgspec.json.Decoder(list[Part]).decode
_STRINGS = {
    "text": "content",
    "reasoning": "content",
    "tool_call": "name",
    "uri": "uri",
    "blob": "content",
    "file": "file_id",
}


def decode(parts: Raw) -> list[Part]:
    """The parts that a stored message has."""
    return _decode(parts)


def check(parts: Raw, where: str) -> list[Part]:
    """The parts of an incoming message; Invalid says which one is wrong and how."""
    try:
        decoded = _decode(parts)
    except msgspec.ValidationError as problem:
        text, place = parted(problem)
        param = where + (place if place.startswith("[") or not place else f".{place}")
        raise Invalid(f"{param}: {plain(text)}", param=param) from problem
    if not decoded:
        raise Invalid(f"{where} is empty: a message has at least one part", param=where)
    for index, part in enumerate(decoded):
        field = _STRINGS.get(part.type)
        if field and not isinstance(getattr(part, field), str):
            param = f"{where}[{index}].{field}"
            raise Invalid(f"{param} must be a string in a part of type {part.type!r}", param=param)
    return decoded


def text_of(parts: list[Part]) -> str:
    """What the message says in words: its text parts, a line each; never reasoning, never tool calls."""
    return "\n".join(
        part.content for part in parts if part.type == "text" and isinstance(part.content, str)
    )


def text_part(content: str) -> Raw:
    """The parts of a plain text message."""
    return Raw(msgspec.json.encode([{"type": "text", "content": content}]))


def has_tools(parts: list[Part]) -> bool:
    return any(part.type in {"tool_call", "tool_call_response"} for part in parts)
