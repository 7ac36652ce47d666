"""Messages of LangChain in their three spellings, as Chat Completions would have them."""

from __future__ import annotations

from hansard.interchange.content.text import Json

ROLES = {
    "human": "user",
    "humanmessage": "user",
    "humanmessagechunk": "user",
    "ai": "assistant",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "system": "system",
    "systemmessage": "system",
    "systemmessagechunk": "system",
    "tool": "tool",
    "toolmessage": "tool",
    "toolmessagechunk": "tool",
    "function": "tool",
    "functionmessage": "tool",
    "chat": "chat",
    "chatmessage": "chat",
}
_PLACED = {"type", "role", "additional_kwargs", "response_metadata", "usage_metadata", "example",
           "invalid_tool_calls", "tool_call_chunks"}  # fmt: skip


def as_message(value: object) -> Json | None:
    """The message with ``role``, ``content``, ``tool_calls`` and ``usage``.

    None when it is none of LangChain's.

    The spellings are ``{type, content, …}``, ``{type, data: {…}}`` and ``{lc: 1, id: […,
    "HumanMessage"], kwargs: {…}}``.
    """
    if not isinstance(value, dict):
        return None
    if value.get("lc") == 1 and isinstance(value.get("kwargs"), dict):
        path = value.get("id")
        kind = str(path[-1]) if isinstance(path, list) and path else ""
        return _message(kind, value["kwargs"])
    kind = str(value.get("type") or "")
    if kind.lower() not in ROLES or "role" in value:
        return None
    inner = value["data"] if isinstance(value.get("data"), dict) else value
    return _message(kind, inner) if "content" in inner else None


def _message(kind: str, inner: Json) -> Json | None:
    role = ROLES.get(kind.lower())
    if role is None:
        return None
    extra = inner["additional_kwargs"] if isinstance(inner.get("additional_kwargs"), dict) else {}
    about = inner["response_metadata"] if isinstance(inner.get("response_metadata"), dict) else {}
    model = about.get("model_name") or about.get("model")
    usage = inner.get("usage_metadata") or about.get("token_usage")
    message = {
        key: item
        for key, item in inner.items()
        if key not in _PLACED and item not in (None, [], {})
    }
    calls = inner.get("tool_calls") or extra.get("tool_calls")
    known = {"tool_calls": calls, "function_call": extra.get("function_call"), "model": model,
        "usage": usage,
             "reasoning_content": extra.get("reasoning_content")}  # fmt: skip
    return (
        {"content": inner.get("content")}
        | message
        | {"role": inner.get("role", "user") if role == "chat" else role}
        | {key: item for key, item in known.items() if item}
    )
