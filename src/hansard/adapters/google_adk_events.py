"""Events of Google's ADK as messages that people can read, with the event beside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from google.adk.events.event import Event

from hansard.adapters.drafts import readable
from hansard.client import Message, NewMessage, UsageFields

FORMAT = "adk.event"
_REASONING = "reasoning"


def draft(event: Event) -> NewMessage:
    """The message that stands for an event."""
    parts = [part for each in _content(event) if (part := _part(each)) is not None]
    drafted: NewMessage = {
        "role": _role(event, parts),
        "parts": parts or [{"type": "text", "content": _effect(event)}],
        "created_at": datetime.fromtimestamp(event.timestamp, UTC),
        "metadata": {"author": event.author, "invocation_id": event.invocation_id},
        "item": {"format": FORMAT, "data": stored(event)},
    }
    drafted = readable(drafted)
    if event.usage_metadata is not None:
        drafted["usage"] = _usage(event.usage_metadata)
    if event.model_version and event.model_version.isprintable():
        drafted["model"] = event.model_version[:256]
    return drafted


def stored(event: Event) -> dict[str, Any]:
    """An event as JSON; values of its state that JSON lacks are replaced by their text.

    So are halves of surrogate pairs, by ``?``: ADK reads none.
    """
    dumped = event.model_dump(mode="json", by_alias=True, exclude_none=True)
    text = json.dumps(dumped, ensure_ascii=False).encode("utf-8", "replace")
    whole: dict[str, Any] = json.loads(text)
    return whole


def events_of(messages: Iterable[Message]) -> list[Event]:
    """The events of messages; one that another API has appended is an event with its text."""
    return [_event(message) for message in messages]


def delivery(session: str, drafted: NewMessage) -> str:
    """A key that is the same whenever the same event is appended to the same session."""
    text = json.dumps([session, drafted["item"]["data"]], sort_keys=True)
    return "adk-" + hashlib.sha256(text.encode()).hexdigest()


def _event(message: Message) -> Event:
    if message.item is not None and message.item.format == FORMAT:
        return Event.model_validate(message.item.data)
    role = "user" if message.role == "user" else "model"
    return Event.model_validate(
        {
            "id": message.id,
            "author": role,
            "content": {"role": role, "parts": [{"text": message.text}]},
            "timestamp": message.created_at.timestamp() if message.created_at else 0.0,
        }
    )


def _content(event: Event) -> Iterable[Any]:
    return (event.content.parts if event.content else None) or ()


def _role(event: Event, parts: list[dict[str, Any]]) -> str:
    if parts and all(part["type"] == "tool_call_response" for part in parts):
        return "tool"
    if event.author == "user":
        return "user"
    return "assistant" if parts or event.error_code else "system"


def _part(part: Any) -> dict[str, Any] | None:  # noqa: ANN401 - a Part of Google's types
    if (call := part.function_call) is not None:
        named = {"id": call.id or "", "name": call.name or ""}
        return {"type": "tool_call", **named, "arguments": call.args or {}}
    if (answer := part.function_response) is not None:
        response = {"type": "tool_call_response", "id": answer.id or ""}
        return {**response, "response": _answered(answer)}
    if part.text is not None:
        return {"type": _REASONING if part.thought else "text", "content": part.text}
    if (code := part.executable_code) is not None:
        return {"type": "text", "content": f"```\n{code.code}\n```"}
    if (result := part.code_execution_result) is not None:
        return {"type": "text", "content": result.output or f"[{result.outcome}]"}
    blob = part.inline_data or part.file_data
    return {"type": "text", "content": f"[{blob.mime_type or 'file'}]"} if blob else None


def _answered(answer: Any) -> object:  # noqa: ANN401 - a FunctionResponse of Google's types
    """What a tool answered; ADK puts what is no object under ``result``."""
    dumped = answer.model_dump(mode="json", include={"response"})["response"]
    if isinstance(dumped, dict) and dumped.keys() == {"result"}:
        return dumped["result"]
    return dumped


def _effect(event: Event) -> str:
    """What an event without content does."""
    if event.error_code:
        return f"[error {event.error_code}] {event.error_message or ''}".rstrip()
    if event.output is not None:
        return str(stored(event)["output"])
    if event.actions.transfer_to_agent:
        return f"[transfer to {event.actions.transfer_to_agent}]"
    if event.actions.state_delta:
        return f"[state: {', '.join(event.actions.state_delta)}]"
    does = [name.replace("_", " ") for name, value in event.actions if value]
    return f"[{', '.join(does)}]" if does else ""


def _usage(usage: Any) -> UsageFields:  # noqa: ANN401 - the usage of Google's types
    thoughts = usage.thoughts_token_count or 0
    return {
        "input_tokens": (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
        "output_tokens": (usage.candidates_token_count or 0) + thoughts,
        "cache_read_tokens": usage.cached_content_token_count or 0,
        "reasoning_tokens": thoughts,
    }
