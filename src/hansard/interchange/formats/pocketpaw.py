"""PocketPaw's session files: ``memory/sessions/{safe key}.json``, each an array of ``{id, role, content, timestamp, metadata}``.

- the file's name is the session's id; its channel is the longest known one that the name begins with,
  since the name has lost the colon that stood between the two;
- ``_index.json`` beside it is a cache that can be rebuilt: only a person's own title is taken from it, by its neighbours;
- names that begin with ``_``, ``*_compaction.json`` and files that hold no list are not sessions;
- times are local to the machine that wrote them unless they carry an offset;
- the product's own JSON export of one session, ``{export_version, session_id, messages}``, is read too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hansard.ids import file_safe
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.records import (
    Rules,
    SessionRecord,
    Unreadable,
    client_ids,
    encoded,
    filled,
    guarded,
    moment_of,
    own_id,
    raw_json,
)
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad, Value, is_array, values
from hansard.model import MessageDraft, SessionDraft
from hansard.model.message import Role

name = "pocketpaw"

CHANNELS = (
    "google_chat",
    "enterprise",
    "websocket",
    "telegram",
    "whatsapp",
    "discord",
    "webhook",
    "matrix",
    "signal",
    "system",
    "agent",
    "slack",
    "teams",
    "a2a",
    "cli",
)
_ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "tool": "tool",
}
_FIELDS = {"id", "role", "content", "timestamp", "metadata"}


def sniff(document: Document, shape: Shape) -> bool:
    if document.stem == "_index":
        return not document.chosen and not shape.is_array
    return not _is_beside(document) and (
        {"role", "content", "timestamp", "metadata"} <= shape.keys
        or {"export_version", "session_id"} <= shape.keys
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    if _is_beside(document):
        return
    key, items = document.stem, []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif isinstance(item.value, dict) and isinstance(item.value.get("messages"), list):
            key, items = str(item.value.get("session_id") or key), item.value["messages"]
        elif is_array(stream):
            items.append(item.value)
    if items:
        item, name = Value(1, items), file_safe(key)
        yield guarded(1, lambda: _session(item, name, _user_title(document, key), rules))


def channel_of(key: str) -> str | None:
    """The longest known channel that the safe key begins with."""
    return next((channel for channel in CHANNELS if key.startswith(f"{channel}_")), None)


def _is_beside(document: Document) -> bool:
    return document.stem.startswith("_") or document.stem.endswith("_compaction")


def _user_title(document: Document, key: str) -> str | None:
    """The title that a person gave, from the index; the index may be absent or broken."""
    try:
        entry = json.loads(document.beside("_index.json") or b"{}")[key]
        title = entry["user_title"]
    except (ValueError, LookupError, TypeError):
        return None
    return title if isinstance(title, str) and title.strip() else None


def _session(item: Value, key: str, user_title: str | None, rules: Rules) -> SessionRecord:
    entries = [_entry(entry, index) for index, entry in enumerate(item.value)]
    zone = rules.zone or datetime.now().astimezone().tzinfo
    times = filled([moment_of(entry.get("timestamp"), zone) for entry in entries], None, rules.now)
    names = client_ids([entry.get("id") for entry in entries])
    messages = [
        _message(entry, index, at, known)
        for index, (entry, at, known) in enumerate(zip(entries, times, names, strict=True))
    ]
    return SessionRecord(
        number=item.number,
        draft=SessionDraft(
            id=own_id(key, item.value),
            title=user_title,
            title_by="user" if user_title else None,
            channel=channel_of(key) or rules.channel,
            created_at=times[0],
        ),
        messages=messages,
    )


def _entry(entry: object, index: int) -> dict[str, Any]:
    if not isinstance(entry, dict):
        message = f"message {index + 1} is not an object"
        raise Unreadable(message)
    return entry


def _message(entry: dict[str, Any], index: int, at: int, known_as: str) -> MessageDraft:
    where = f"messages[{index}]"
    role = _ROLES.get(str(entry.get("role") or "user"))
    if role is None:
        message = f"{where}.role is {entry.get('role')!r}, expected one of {', '.join(_ROLES)}"
        raise Unreadable(message)
    content = entry.get("content")
    said = (
        content
        if isinstance(content, str)
        else ""
        if content is None
        else json.dumps(content, ensure_ascii=False)
    )
    parts, text = encoded([{"type": "text", "content": said}], where)
    rest = {key: value for key, value in entry.items() if key not in _FIELDS}
    own = entry.get("metadata")
    return MessageDraft(
        role=role,
        parts=parts,
        text=text,
        client_id=known_as,
        created_at=at,
        metadata=raw_json(rest | own if isinstance(own, dict) else rest, where),
    )
