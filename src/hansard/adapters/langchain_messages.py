"""LangChain's messages as messages that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from hansard.client import NewMessage, UsageFields

_ROLES = {"human": "user", "system": "system", "tool": "tool", "function": "tool"}
_REASONING = {"reasoning", "thinking"}


def draft(message: BaseMessage) -> NewMessage:
    """A message with the role, the parts, the model and the usage of LangChain's."""
    drafted: NewMessage = {"role": _role(message), "parts": _parts(message)}
    if isinstance(message, AIMessage) and message.usage_metadata is not None:
        drafted["usage"] = _usage(message.usage_metadata)
    model = message.response_metadata.get("model_name")
    if isinstance(model, str) and model.isprintable():
        drafted["model"] = model[:256]
    return drafted


def _role(message: BaseMessage) -> str:
    role = getattr(message, "role", None)
    if message.type == "chat" and role in {"user", "assistant", "system", "developer"}:
        return str(role)
    return _ROLES.get(message.type.removesuffix("MessageChunk").lower(), "assistant")


def _parts(message: BaseMessage) -> list[dict[str, Any]]:
    if isinstance(message, ToolMessage):
        response = {"type": "tool_call_response", "id": message.tool_call_id}
        failed = {"is_error": True} if message.status == "error" else {}
        return [{**response, "response": _readable(message), **failed}]
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    parts = [
        *_texts(message.content),
        *({"type": "tool_call", "id": each["id"] or "", "name": each["name"],
           "arguments": each["args"]} for each in calls),
    ]  # fmt: skip
    return parts or [{"type": "text", "content": ""}]


def _readable(message: BaseMessage) -> str:
    return "\n".join(part["content"] for part in _texts(message.content))


def _texts(content: object) -> list[dict[str, Any]]:
    """The texts and the reasoning of a content; of anything else what it is."""
    blocks = content if isinstance(content, list) else [content]
    return [part for block in blocks if (part := _part(block)) is not None]


def _part(block: object) -> dict[str, Any] | None:
    if not isinstance(block, Mapping):
        return {"type": "text", "content": str(block)} if block else None
    kind = str(block.get("type"))
    if kind in {"tool_use", "tool_call", "function_call", "input_json_delta"}:
        return None  # it stands in tool_calls, too
    text = block.get("text") or block.get(kind) or ""
    if kind in _REASONING:
        return {"type": "reasoning", "content": str(text)}
    return {"type": "text", "content": text if kind == "text" else f"[{kind}]"}


def _usage(usage: Mapping[str, Any]) -> UsageFields:
    inputs = usage.get("input_token_details") or {}
    outputs = usage.get("output_token_details") or {}
    return {
        "input_tokens": usage.get("input_tokens") or 0,
        "output_tokens": usage.get("output_tokens") or 0,
        "cache_read_tokens": inputs.get("cache_read") or 0,
        "cache_write_tokens": inputs.get("cache_creation") or 0,
        "reasoning_tokens": outputs.get("reasoning") or 0,
    }
