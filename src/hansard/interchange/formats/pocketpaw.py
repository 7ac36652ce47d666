"""PocketPaw's session files: ``memory/sessions/{safe key}.json``.

Each is an array of ``{id, role, content, timestamp, metadata}``.

- the file's name is the session's id; its channel is the longest known one that the name begins
  with, since the name has lost the colon that stood between the two;
- ``_index.json`` beside it is a cache that can be rebuilt: only a person's own title is taken from
  it, by its neighbours;
- names that begin with ``_``, ``*_compaction.json`` and files that hold no list are not sessions;
- times are local to the machine that wrote them unless they carry an offset;
- the product's own JSON export of one session, ``{export_version, session_id, messages}``, is read
  too, also several;
- other programs write the same keys: only a file of PocketPaw's name, in its folder, or its export
  is taken for its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from hansard.ids import file_safe
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, Unreadable, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Turn, sessions
from hansard.interchange.values import Bad, Value, is_array, values
from hansard.model import SessionDraft

marks = ("role", "content", "timestamp", "metadata", "export_version", "session_id")

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
_FIELDS = {"id", "role", "content", "timestamp", "metadata"}
_FOLDER = re.compile(r"memory[/\\]sessions[/\\]|\.pocketpaw[/\\]")


def sniff(document: Document, shape: Shape) -> str | None:
    if _is_beside(document):
        return "files with this name lie beside the sessions"
    if shape.lacks("export_version", "session_id") is None:
        return None
    return _of_memory(document, shape)


def _of_memory(document: Document, shape: Shape) -> str | None:
    """Why it is no file of the memory."""
    if not shape.is_array or not shape.objects:
        return "no export_version, and no array of messages"
    if any(
        not _FIELDS - {"id"} <= record.keys() <= _FIELDS
        for record in shape.objects[:-1] or shape.objects
    ):
        return "its messages do not have exactly id, role, content, timestamp and metadata"
    if channel_of(document.stem) is None and not _FOLDER.search(document.name):
        return "neither the file's name begins with a channel, nor does it lie in memory/sessions"
    return None


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    if _is_beside(document):
        return
    items = []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif isinstance(item.value, dict) and isinstance(item.value.get("messages"), list):
            key = str(item.value.get("session_id") or document.stem)
            whole = Value(item.number, item.value["messages"])
            yield from guarded(item.number, _session, document, whole, key, rules)
        elif is_array(stream):
            items.append(item.value)
    if items:
        yield from guarded(1, _session, document, Value(1, items), document.stem, rules)


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


def _session(document: Document, item: Value, key: str, rules: Rules) -> Iterator[SessionRecord]:
    name_ = file_safe(key)
    user_title = _user_title(document, key)
    zone = rules.zone or datetime.now().astimezone().tzinfo
    draft = SessionDraft(
        id=own_id(name_, item.value),
        title=user_title,
        title_by="user" if user_title else None,
        channel=channel_of(name_) or rules.channel,
    )
    turns = [_turn(entry, index, zone) for index, entry in enumerate(item.value)]
    for record in sessions(item.number, draft, turns, rules):
        yield msgspec.structs.replace(record, file_safe=True)


def _turn(entry: Any, index: int, zone: Any) -> Turn:  # noqa: ANN401 - any JSON
    if not isinstance(entry, dict):
        message = f"message {index + 1} is not an object"
        raise Unreadable(message)
    content = entry.get("content")
    text = (
        content
        if isinstance(content, str)
        else ""
        if content is None
        else json.dumps(content, ensure_ascii=False)
    )
    rest = {key: value for key, value in entry.items() if key not in _FIELDS}
    own = entry.get("metadata")
    return Turn(
        role=entry.get("role") or "user",
        parts=[{"type": "text", "content": text}] if text else [],
        key=entry.get("id"),
        at=moment_of(entry.get("timestamp"), zone),
        metadata=rest | own if isinstance(own, dict) else rest,
        original=entry,
    )
