"""Entries of Claude Code's transcripts as messages that people can read, with the entry beside."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from hansard.client import ItemFields, Message, NewMessage, UsageFields

Entry = Mapping[str, Any]
Batch = list[tuple[Entry, NewMessage]]
"""Entries to append at once, each with its message."""

FORMAT = "claude.entry"
_BATCH, _BATCH_BYTES = 100, 3 << 20
_SESSIONS, _ID = 1000, 256
_TITLES = ("customTitle", "aiTitle")
_REASONING = {"thinking", "redacted_thinking"}
_TOKENS = {
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
}


class Drafts:
    """Messages for the entries of many sessions.

    Claude Code repeats the usage of an answer on each of its entries. Its tokens are counted once:
    a message has those that the answer's other entries were not given.
    """

    def __init__(self) -> None:
        self._usages: OrderedDict[str, tuple[str, dict[str, UsageFields]]] = OrderedDict()

    def batches(self, session: str, entries: Iterable[Entry]) -> list[Batch]:
        """What to append together: up to 100 messages, those of the same ``uuid`` only once."""
        batches: list[Batch] = []
        seen, size = set[str](), _BATCH_BYTES
        for entry in entries:
            drafted = self._draft(session, entry)
            if (client_id := drafted.get("client_id")) in seen:
                continue
            length = len(json.dumps(entry))
            if size + length > _BATCH_BYTES or len(batches[-1]) == _BATCH:
                batches.append([])
                size = 0
            batches[-1].append((entry, drafted))
            size += length
            if client_id is not None:
                seen.add(client_id)
        return batches

    def _draft(self, session: str, entry: Entry) -> NewMessage:
        content = entry.get("message")
        message: Entry = content if isinstance(content, Mapping) else {}
        parts = _parts(entry, message)
        drafted: NewMessage = {"role": _role(entry, parts), "parts": parts, "item": _item(entry)}
        if _is_id(entry.get("uuid")):
            drafted["client_id"] = entry["uuid"]
        if (at := _time(entry.get("timestamp"))) is not None:
            drafted["created_at"] = at
        model = message.get("model")
        if isinstance(model, str) and model.isprintable() and not model.startswith("<"):
            drafted["model"] = model[:_ID]
        if isinstance(usage := message.get("usage"), Mapping):
            answer, own = str(message.get("id")), str(entry.get("uuid"))
            drafted["usage"] = self._rest(session, answer, own, _usage(usage))
        return drafted

    def _rest(self, session: str, answer: str, own: str, usage: dict[str, int]) -> UsageFields:
        """The tokens of an answer that its other entries were not given."""
        known, usages = self._usages.get(session, ("", {}))
        usages = usages if known == answer else {}
        others: Any = [each for uuid, each in usages.items() if uuid != own]
        rest: Any = {
            name: max(0, count - sum(each[name] for each in others))
            for name, count in usage.items()
        }
        self._usages[session] = answer, {**usages, own: rest}
        self._usages.move_to_end(session)
        while len(self._usages) > _SESSIONS:
            self._usages.popitem(last=False)
        return cast("UsageFields", rest)


def entry_of(message: Message) -> dict[str, Any] | None:
    """The entry of a message, None for one that another API has appended."""
    if message.item is None or message.item.format != FORMAT:
        return None
    packed = message.item.base64
    entry: dict[str, Any] = message.item.data if packed is None else json.loads(packed)
    return entry


def has_title(entries: Iterable[Entry]) -> bool:
    """Whether one of the entries gives the session a title."""
    return any(entry.get(name) for entry in entries for name in _TITLES)


def title_of(summary: Mapping[str, Any]) -> str | None:
    """The title of a session whose summary this is: the user's own, else Claude's."""
    title = summary.get("custom_title") or summary.get("ai_title")
    return _clean(str(title)) if title else None


def _role(entry: Entry, parts: list[dict[str, Any]]) -> str:
    kind = entry.get("type")
    if kind not in {"user", "assistant"} or entry.get("isMeta") is True:
        return "system"
    is_answer = all(part["type"] == "tool_call_response" for part in parts)
    return "tool" if kind == "user" and is_answer else str(kind)


def _parts(entry: Entry, message: Entry) -> list[dict[str, Any]]:
    content = message.get("content", entry.get("content"))
    if content is None and not message:
        return [_text(_meaning(entry))]
    blocks = content if isinstance(content, list) else [content]
    return [_part(block) for block in blocks if block is not None] or [_text("")]


def _meaning(entry: Entry) -> str:
    """What an entry without a message does, in short."""
    kind = str(entry.get("type"))
    value = next((entry[name] for name in (*_TITLES, "summary", "tag") if entry.get(name)), None)
    return f"[{kind}]" if value is None else f"[{kind}] {value}"


def _part(block: object) -> dict[str, Any]:
    if not isinstance(block, Mapping):
        return _text(str(block))
    kind = str(block.get("type"))
    if kind.endswith("tool_use"):
        named = {"id": str(block.get("id") or ""), "name": _clean(str(block.get("name") or kind))}
        return {"type": "tool_call", **named, "arguments": _cleaned(block.get("input"))}
    if kind.endswith("tool_result"):
        response = {"type": "tool_call_response", "id": str(block.get("tool_use_id") or "")}
        failed = {"is_error": True} if block.get("is_error") is True else {}
        return {**response, "response": _answer(block.get("content")), **failed}
    if kind in _REASONING:
        return _text(str(block.get("thinking") or ""), "reasoning")
    text = block.get("text")
    return _text(text if isinstance(text, str) else f"[{kind}]")


def _answer(content: object) -> object:
    """What a tool answered: its texts, a line each, where it answered with blocks."""
    if not isinstance(content, list):
        return _cleaned(content)
    return "\n".join(str(part.get("content") or "") for part in map(_part, content))


def _text(text: str, kind: str = "text") -> dict[str, Any]:
    return {"type": kind, "content": _clean(text)}


def _clean(text: str) -> str:
    """A text with ``?`` for halves of surrogate pairs, which no parts can hold."""
    return text.encode("utf-8", "replace").decode()


def _cleaned(value: object) -> object:
    """Any JSON, with its texts clean."""
    return json.loads(_clean(json.dumps(value, ensure_ascii=False)))


def _item(entry: Entry) -> ItemFields:
    """The entry as it is; as bytes of ASCII where JSON in UTF-8 could not hold it."""
    if _clean(json.dumps(entry, ensure_ascii=False)) == json.dumps(entry, ensure_ascii=False):
        return {"format": FORMAT, "data": entry}
    return {"format": FORMAT, "base64": json.dumps(entry).encode()}


def _is_id(uuid: object) -> bool:
    return isinstance(uuid, str) and 0 < len(uuid) <= _ID and uuid.isprintable() and "/" not in uuid


def _time(timestamp: object) -> datetime | None:
    """The time of an entry; None where it has none, or one that is still to come."""
    try:
        at = datetime.fromisoformat(str(timestamp))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at if at <= datetime.now(UTC) else None


def _usage(usage: Entry) -> dict[str, int]:
    counts = {ours: _count(usage.get(theirs)) for ours, theirs in _TOKENS.items()}
    cached = counts["cache_read_tokens"] + counts["cache_write_tokens"]
    counts["input_tokens"] = _count(usage.get("input_tokens")) + cached
    return counts


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
