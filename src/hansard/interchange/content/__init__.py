"""Content of foreign messages, read into parts.

All formats share one table of block types.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from hansard.interchange.content import ai_sdk, anthropic, google, openai, responses
from hansard.interchange.content.text import Json, kind_of, tool_call

Reader = Callable[[Json], Json | list[Json]]

KNOWN = {"text", "reasoning", "tool_call", "tool_call_response", "uri", "blob", "file"}
"""The types of parts that the store gives a meaning to."""


def parts_of(content: object) -> list[Json]:
    """The parts of a message's content: text, a block, or a list of these.

    Nothing where it is empty.

    A block of an unknown type stays whole, under its own type.
    """
    if content is None or content == "":
        return []
    items = content if isinstance(content, list) else [content]
    parts: list[Json] = []
    for item in items:
        read = _block(item)
        parts += read if isinstance(read, list) else [read]
    return parts


def _block(item: object) -> Json | list[Json]:
    if item is None or item == "":
        return []
    if isinstance(item, str):
        return {"type": "text", "content": item}
    if not isinstance(item, dict):
        return {"type": "text", "content": json.dumps(item, ensure_ascii=False)}
    if kind := kind_of(item):
        return _typed(kind, item)
    key = next((key for key in google.KEYS if item.get(key) is not None), None)
    return google.KEYS[key](item) if key else {**item, "type": "unknown"}


def _typed(kind: str, item: Json) -> Json | list[Json]:
    reader = _TYPES.get(kind)
    if reader is not None:
        return reader(item)
    if kind.startswith("tool-") and "toolCallId" in item:
        return ai_sdk.tool_parts(item)
    return item


def _own(item: Json) -> Json:
    return item


_RETRY_PROMPT = "Fix the errors and try again."


def _own_response(item: Json) -> Json:
    """Our own ``tool_call_response`` has a ``response``, pydantic-ai's a ``result``.

    A retry prompt of pydantic-ai is known by its last words alone.
    """
    if "result" in item and "response" not in item:
        rest = {key: value for key, value in item.items() if key != "result"}
        failed = {"is_error": True} if str(item["result"]).endswith(_RETRY_PROMPT) else {}
        return {**rest, "response": item["result"], **failed}
    return item


def _own_call(item: Json) -> Json:
    """Our own ``tool_call`` has ``arguments``, LangChain's has ``args``."""
    if "args" in item and "arguments" not in item:
        return tool_call(item.get("id"), item.get("name"), item["args"])
    return item


_TYPES: dict[str, Reader] = {
    **anthropic.BLOCKS,
    **openai.CONTENT,
    **responses.ITEMS,
    **ai_sdk.PARTS,
    "tool_call": _own_call,
    "tool_call_response": _own_response,
    "uri": _own,
    "blob": _own,
}
