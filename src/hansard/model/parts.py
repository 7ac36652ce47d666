"""Parts of a message, with the OpenTelemetry GenAI names.

Unknown types and fields pass through untouched.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Invalid
from hansard.model.decode_errors import parted, plain


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of a message; which fields it has depends on ``type``.

    Parts of other types, and other fields, are kept as they come.
    """

    example: ClassVar[dict[str, Any]] = {"type": "text", "content": "Where is my order?"}

    type: str
    """`text`, `reasoning`, `tool_call`, `tool_call_response`, `uri`, `blob`, `file`, `refusal`,
    `redacted_thinking`, or another."""
    content: Any = None
    """The text of a `text` or `reasoning` part; the base64 of a `blob`."""
    id: str | None = None
    """Which call a `tool_call` is, or a `tool_call_response` answers."""
    name: str | None = None
    """The tool that a `tool_call` calls."""
    arguments: Any = None
    """What a `tool_call` gives the tool: any JSON."""
    response: Any = None
    """What the tool answered, in a `tool_call_response`: any JSON."""
    is_error: Any = None
    """True in a `tool_call_response` whose call failed. It counts as failed as well when it has a
    `status` such as `error`, when the `response` is an object with `error`, `is_error`, such a
    `status` or `ok` false, and when it is a text that begins with `Error` or its like."""
    status: Any = None
    """How the call went, in a `tool_call_response`, where the program that made it says so."""
    uri: str | None = None
    """Where the content of a `uri` part is."""
    file_id: str | None = None
    """The provider's id of a `file`."""
    modality: str | None = None
    """What a `uri`, `blob` or `file` is: `image`, `audio`, `video` or another."""
    mime_type: str | None = None
    """The media type of a `uri`, `blob` or `file`, such as `image/png`."""
    refusal: Any = None
    """Why the model refused, in a `refusal`."""
    signature: Any = None
    """The provider's proof of its own reasoning or call, in a `reasoning` or `tool_call`."""
    data: Any = None
    """What the provider keeps unreadable, in a `redacted_thinking`."""


class _Outline(Struct, frozen=True):
    """A part without what is inside: reading it costs the same however much that is."""

    type: str
    content: Raw = Raw(b"null")
    id: str | None = None
    name: str | None = None
    uri: str | None = None
    file_id: str | None = None
    modality: str | None = None
    mime_type: str | None = None

    def has_text(self, field: str) -> bool:
        value = getattr(self, field)
        return _is_text(value) if field == "content" else value is not None


_decode = msgspec.json.Decoder(list[Part]).decode
_decode_outlines = msgspec.json.Decoder(list[_Outline]).decode
_decode_text = msgspec.json.Decoder(str).decode
_QUOTE = ord('"')
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


def check(parts: Raw, where: str) -> str:
    """The text of an incoming message's parts; Invalid says which part is wrong and how."""
    try:
        outlines = _decode_outlines(parts)
    except msgspec.ValidationError as problem:
        text, path = parted(problem)
        param = where + (path if path.startswith("[") or not path else f".{path}")
        raise Invalid(f"{param}: {plain(text)}", param=param) from problem
    if not outlines:
        raise Invalid(f"{where} is empty: a message has at least one part", param=where)
    for index, part in enumerate(outlines):
        field = _STRINGS.get(part.type)
        if field and not part.has_text(field):
            param = f"{where}[{index}].{field}"
            raise Invalid(f"{param} must be a string in a part of type {part.type!r}", param=param)
    return _text(outlines)


def text(parts: Raw) -> str:
    """The text parts of a stored message, a line each; without reasoning and tool calls."""
    return _text(_decode_outlines(parts))


def text_of(parts: list[Part]) -> str:
    """The text of parts that are decoded already."""
    return "\n".join(
        part.content for part in parts if part.type == "text" and isinstance(part.content, str)
    )


def text_part(content: str) -> Raw:
    """The parts of a plain text message."""
    return Raw(msgspec.json.encode([{"type": "text", "content": content}]))


def _text(outlines: list[_Outline]) -> str:
    return "\n".join(
        _decode_text(part.content)
        for part in outlines
        if part.type == "text" and _is_text(part.content)
    )


def _is_text(value: Raw) -> bool:
    return memoryview(value)[0] == _QUOTE
