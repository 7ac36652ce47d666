"""Items of OpenAI's Responses API as messages that people can read, with the item beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hansard.adapters.drafts import data_of, with_item
from hansard.adapters.json_texts import decoded
from hansard.client import Message, NewMessage

FORMAT = "openai.item"
"""The format of OpenAI's Conversations API too, so that it shows the same items."""
_ROLES = {"user", "assistant", "system", "developer"}


def draft(item: Mapping[str, Any]) -> NewMessage:
    """The message that stands for an item."""
    parts = _parts(item) or [{"type": "text", "content": ""}]
    return with_item({"role": _role(item), "parts": parts}, FORMAT, item)


def item_of(message: Message) -> dict[str, Any] | None:
    """The item of a message; of another API's message its text, None where it has no text."""
    item: dict[str, Any] | None = data_of(message, FORMAT)
    if item is not None:
        return item
    role = message.role if message.role in _ROLES else "assistant"
    return {"role": role, "content": message.text} if message.text else None


def _role(item: Mapping[str, Any]) -> str:
    if str(item.get("type", "")).endswith("_output"):
        return "tool"
    role = item.get("role")
    return role if role in _ROLES else "assistant"


def _parts(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    kind = str(item.get("type") or "message")
    if kind == "message":
        return _texts("text", item.get("content"))
    if kind == "reasoning":
        return _texts("reasoning", item.get("summary")) or _texts("reasoning", item.get("content"))
    call = str(item.get("call_id") or item.get("id") or "")
    if kind.endswith("_output"):
        output = item.get("output", item.get("tools"))
        failed = {"is_error": True} if item.get("status") in {"failed", "incomplete"} else {}
        return [{"type": "tool_call_response", "id": call, "response": output, **failed}]
    name, passed = str(item.get("name") or kind), item.get("arguments", item.get("input"))
    return [{"type": "tool_call", "id": call, "name": name, "arguments": decoded(passed)}]


def _texts(type: str, content: object) -> list[dict[str, Any]]:
    """A part for each text of a content, which is a text or a list of blocks."""
    blocks = content if isinstance(content, list) else [content]
    return [
        {"type": type, "content": text}
        for block in blocks
        if isinstance(text := _text(block), str) and text
    ]


def _text(block: object) -> object:
    if isinstance(block, Mapping):
        return block.get("text") or block.get("refusal") or f"[{block.get('type')}]"
    return block
