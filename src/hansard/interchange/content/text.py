"""Words and tool arguments out of foreign JSON."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

_TEXT_KEYS = ("value", "text", "content")


def kind_of(record: Json, key: str = "type") -> str:
    """A field that names what a record is; empty where it is no text."""
    kind = record.get(key)
    return kind if isinstance(kind, str) else ""


def words(value: object) -> str:
    """The text of a value: itself, the text inside an object, or its JSON; nothing for null."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), None)
        if inner is not None:
            return str(inner)
    return json.dumps(value, ensure_ascii=False)


def joined(value: object) -> str:
    """The texts of a list, a line each, or the text of a single value."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(words, value)))
    return words(value)


def text_part(value: object) -> Json:
    return {"type": "text", "content": words(value)}


def reasoning_part(value: object) -> Json:
    return {"type": "reasoning", "content": joined(value)}


def arguments(value: object) -> object:
    """What a model passed to a tool.

    Text that is a JSON object is decoded, any other stays text.
    """
    if not isinstance(value, str):
        return value
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return decoded if isinstance(decoded, dict) else value


def tool_call(ident: object, name: object, value: object, **more: object) -> Json:
    return {
        "type": "tool_call",
        "id": _ident(ident),
        "name": words(name),
        "arguments": arguments(value),
    } | more


def tool_response(ident: object, response: object, name: object = None, **more: object) -> Json:
    named = {"name": name} if isinstance(name, str) and name else {}
    return {
        "type": "tool_call_response",
        "id": _ident(ident),
        "response": response,
    } | named | more  # fmt: skip


def _ident(value: object) -> str | None:
    return None if value is None or value == "" else words(value)


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
