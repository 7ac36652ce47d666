"""pydantic-ai's messages as messages that people can read, with the entry beside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic_ai.conversation_store import ConversationEntry
from pydantic_ai.messages import ModelMessagesTypeAdapter

from hansard.adapters.json_texts import decoded
from hansard.client import Message, NewMessage, UsageFields

FORMAT = "pydantic-ai.entry"
_ROLES = {
    "user-prompt": "user",
    "retry-prompt": "user",
    "retry-feedback": "user",
    "system-prompt": "system",
}
_FAILED = {"failed", "retried"}


def draft(entry: ConversationEntry) -> NewMessage:
    """The message that stands for an entry, under the entry's id."""
    [message] = json.loads(ModelMessagesTypeAdapter.dump_json([entry.message]))
    data = {"parent_id": entry.parent_id, "message": message}
    role, parts = _response(message) if message["kind"] == "response" else _request(message)
    drafted: NewMessage = {"role": role, "parts": parts or [{"type": "text", "content": ""}]}
    drafted |= {"client_id": entry.id, "item": {"format": FORMAT, "data": data}}
    if usage := message.get("usage"):
        drafted["usage"] = _usage(usage)
    if model := message.get("model_name"):
        drafted["model"] = model[:256]
    return drafted


def entry_of(message: Message) -> ConversationEntry | None:
    """The entry that a message stands for; None for a message of another API."""
    if message.item is None or message.item.format != FORMAT or message.client_id is None:
        return None
    data = message.item.data
    [read] = ModelMessagesTypeAdapter.validate_json(json.dumps([data["message"]]))
    return ConversationEntry(id=message.client_id, parent_id=data["parent_id"], message=read)


def _response(message: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    return "assistant", [part for each in message["parts"] for part in _answered(each)]


def _answered(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    kind = part["part_kind"]
    if kind.endswith("tool-call"):
        call = {"type": "tool_call", "id": part["tool_call_id"], "name": part["tool_name"]}
        return [call | {"arguments": decoded(part["args"])}]
    if kind.endswith("tool-return"):
        return [_returned(part)]
    return _texts("reasoning" if kind == "thinking" else "text", part.get("content"), kind)


def _request(message: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """What the tools answered and the user said; a system prompt only where it is alone."""
    parts: dict[str, list[dict[str, Any]]] = {"tool": [], "user": [], "system": []}
    for part in message["parts"]:
        role = "tool" if part.get("tool_name") else _ROLES.get(part["part_kind"])
        if role == "tool":
            parts[role].append(_returned(part))
        elif role is not None:
            parts[role] += _texts("text", part["content"], part["part_kind"])
    role = next((each for each in ("user", "tool", "system") if parts[each]), "user")
    return role, parts["system"] if role == "system" else parts["tool"] + parts["user"]


def _returned(part: Mapping[str, Any]) -> dict[str, Any]:
    response = {"type": "tool_call_response", "id": part["tool_call_id"]}
    is_failed = part["part_kind"] == "retry-prompt" or part.get("outcome") in _FAILED
    return response | {"response": part["content"]} | ({"is_error": True} if is_failed else {})


def _texts(type: str, content: object, kind: str) -> list[dict[str, Any]]:
    """A part for each text of a content; of anything else what it is."""
    blocks = content if isinstance(content, list) else [content]
    texts = [each if isinstance(each, str) else _named(each, kind) for each in blocks]
    return [{"type": type, "content": text} for text in texts if text]


def _named(block: object, kind: str) -> str:
    if not isinstance(block, Mapping):
        return f"[{kind}]"
    text = block.get("content") or block.get("msg")
    return text if isinstance(text, str) else f"[{block.get('kind', kind)}]"


def _usage(usage: Mapping[str, Any]) -> UsageFields:
    return {
        "input_tokens": usage.get("input_tokens") or 0,
        "output_tokens": usage.get("output_tokens") or 0,
        "cache_read_tokens": usage.get("cache_read_tokens") or 0,
        "cache_write_tokens": usage.get("cache_write_tokens") or 0,
        "reasoning_tokens": usage.get("output_reasoning_tokens") or 0,
    }
