"""What every export needs of a session: its living messages with their parts, and its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from hansard.model import Message, Session
from hansard.model.transfer import Snapshot

Json = dict[str, Any]


def living(snapshot: Snapshot) -> Iterator[tuple[Message, list[Json]]]:
    """The messages that are not deleted, each with its parts as they were written."""
    for kept in snapshot.messages:
        if kept.deleted_at is None:
            yield kept.message, msgspec.json.decode(kept.message.parts)


def text_of(parts: list[Json]) -> str:
    """The text parts, a line each."""
    return "\n".join(str(part.get("content") or "") for part in parts if part["type"] == "text")


def as_text(value: object) -> str:
    """A text as it is, any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_answer(part: Json) -> bool:
    return bool(part["type"] == "tool_call_response")


def title_of(session: Session) -> str:
    return session.title or session.name
