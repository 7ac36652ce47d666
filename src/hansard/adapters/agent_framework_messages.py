"""Messages of Microsoft's Agent Framework as messages that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_framework import Message as FrameworkMessage

from hansard.adapters.drafts import data_of, with_item
from hansard.adapters.json_texts import decoded
from hansard.client import Message, NewMessage, UsageFields

FORMAT = "agent-framework.message"
_ROLES = {"user", "assistant", "system", "tool"}


def draft(message: FrameworkMessage) -> NewMessage:
    """The message that stands for one of the framework's, which is kept beside."""
    data = message.to_dict()
    parts = [part for each in data["contents"] if (part := _part(each)) is not None]
    role = message.role if message.role in _ROLES else "assistant"
    return with_item(
        {"role": role, "parts": parts or [{"type": "text", "content": ""}]}, FORMAT, data
    )


def message_of(message: Message) -> FrameworkMessage:
    """The framework's message that was stored; of another API's message its text."""
    if (data := data_of(message, FORMAT)) is not None:
        return FrameworkMessage.from_dict(data)
    return FrameworkMessage(message.role, [message.text], message_id=message.id)


def usage_of(details: Mapping[str, Any]) -> UsageFields:
    """The tokens of a run."""
    return {
        "input_tokens": details.get("input_token_count") or 0,
        "output_tokens": details.get("output_token_count") or 0,
        "cache_read_tokens": details.get("cache_read_input_token_count") or 0,
        "cache_write_tokens": details.get("cache_creation_input_token_count") or 0,
        "reasoning_tokens": details.get("reasoning_output_token_count") or 0,
    }


def _part(content: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = content["type"]
    if kind == "usage":
        return None
    if kind in {"text", "text_reasoning"}:
        type = "text" if kind == "text" else "reasoning"
        return {"type": type, "content": content.get("text") or ""}
    id = str(content.get("call_id") or content.get("id") or "")
    if kind.endswith("_call"):
        name = str(_first(content, "name", "tool_name") or kind)
        arguments = decoded(_first(content, "arguments", "inputs", "commands", "actions"))
        return {"type": "tool_call", "id": id, "name": name, "arguments": arguments}
    if kind.endswith("_result"):
        response = _first(content, "result", "output", "outputs", "exception")
        failed = {"is_error": True} if content.get("exception") is not None else {}
        return {"type": "tool_call_response", "id": id, "response": decoded(response), **failed}
    return {"type": "text", "content": str(content.get("message") or f"[{kind}]")}


def _first(content: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401 - any JSON
    """The first of the fields that a content has."""
    return next((content[name] for name in names if content.get(name) is not None), None)
