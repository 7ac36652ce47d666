"""The messages of a Strands agent's snapshots, as the transcript that people read and search."""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from hansard.client import NewMessage, UsageFields

_SESSION = re.compile(r"(?:(.*?/))?session/([^/]+)/")
_LATEST = re.compile(r".*/scopes/agent/[^/]+/snapshots/snapshot_latest\.json")
_AT_ONCE, _SESSIONS = 100, 1000
Sent = dict[str, str]
"""A hash of the content of each message, by its id."""


def session_of(key: str) -> str | None:
    """The session that a key of the session managers is about; None for any other key."""
    match = _SESSION.match(key)
    return (match[1] or "") + match[2] if match else None


def is_latest(key: str) -> bool:
    """Whether the key is that of an agent's latest snapshot."""
    return _LATEST.fullmatch(key) is not None


class Transcript:
    """Which messages of the last sessions were appended already.

    It only spares appending them again: a session takes a message of a known ``client_id`` once.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[str, Sent] = OrderedDict()

    def lacking(self, session: str, data: bytes) -> list[NewMessage]:
        """What to append for a snapshot: at most the last 100 messages that were not sent."""
        sent = self._sent.get(session, {})
        new = [(id, each) for id, each in _messages(data).items() if id not in sent]
        return [{**_draft(each), "client_id": id} for id, each in new[-_AT_ONCE:]]

    def redacted(self, session: str, data: bytes) -> dict[str, NewMessage]:
        """The last message of a snapshot, where it was sent with another content."""
        last = [*_messages(data).items()][-1:]
        sent = self._sent.get(session, {})
        return {id: _draft(each) for id, each in last if sent.get(id, _hash(each)) != _hash(each)}

    def has(self, session: str, data: bytes) -> None:
        """Note that the session has the messages of a snapshot."""
        self._sent[session] = {id: _hash(each) for id, each in _messages(data).items()}
        self._sent.move_to_end(session)
        while len(self._sent) > _SESSIONS:
            self._sent.popitem(last=False)

    def forget(self, session: str) -> None:
        self._sent.pop(session, None)


def _messages(data: bytes) -> dict[str, Mapping[str, Any]]:
    """The messages of a snapshot that have an id; none where it is no snapshot."""
    try:
        messages = json.loads(data)["data"]["messages"]
        return {each["tracking_id"]: each for each in messages if each.get("tracking_id")}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _hash(message: Mapping[str, Any]) -> str:
    text = json.dumps(message.get("content"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _draft(message: Mapping[str, Any]) -> NewMessage:
    parts = [part for each in message["content"] if (part := _part(each)) is not None]
    has_answers = bool(parts) and all(each["type"] == "tool_call_response" for each in parts)
    drafted: NewMessage = {
        "role": "tool" if has_answers else message["role"],
        "parts": parts or [{"type": "text", "content": ""}],
    }
    if usage := (message.get("metadata") or {}).get("usage"):
        drafted["usage"] = _usage(usage)
    return drafted


def _part(block: Mapping[str, Any]) -> dict[str, Any] | None:
    if "text" in block:
        return {"type": "text", "content": block["text"]}
    if call := block.get("toolUse"):
        named = {"id": call["toolUseId"], "name": call["name"], "arguments": call["input"]}
        return {"type": "tool_call", **named}
    if answer := block.get("toolResult"):
        response = [each.get("text", each.get("json", each)) for each in answer["content"]]
        whole = response[0] if len(response) == 1 else response
        response_part = {"type": "tool_call_response", "id": answer["toolUseId"], "response": whole}
        return response_part | ({"is_error": True} if answer.get("status") == "error" else {})
    if reasoning := block.get("reasoningContent"):
        text = (reasoning.get("reasoningText") or {}).get("text", "")
        return {"type": "reasoning", "content": text}
    kind = next(iter(block), None)
    return None if kind in {None, "cachePoint"} else {"type": "text", "content": f"[{kind}]"}


def _usage(usage: Mapping[str, Any]) -> UsageFields:
    """The tokens of a call; the input of some providers lacks cached ones, the total has them."""
    output, total = usage.get("outputTokens") or 0, usage.get("totalTokens") or 0
    return {
        "input_tokens": max(usage.get("inputTokens") or 0, total - output),
        "output_tokens": output,
        "cache_read_tokens": usage.get("cacheReadInputTokens") or 0,
        "cache_write_tokens": usage.get("cacheWriteInputTokens") or 0,
    }
