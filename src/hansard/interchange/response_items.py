"""Items of OpenAI's Responses and Conversations APIs as turns.

Codex and Open WebUI keep the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from hansard.interchange.content import parts_of
from hansard.interchange.content.responses import ITEMS
from hansard.interchange.content.text import Json, kind_of
from hansard.interchange.moments import CREATED, first_time
from hansard.interchange.turns import Turn

_OUTPUT = "_output"
_REST = {
    "id",
    "type",
    "role",
    "content",
    "status",
    "call_id",
    "name",
    "arguments",
    "input",
    "output",
    "summary",
    "encrypted_content",
    "object",
    "model",
    "usage",
}


def is_item(value: object) -> bool:
    """Whether a value is an item: a message with typed content, reasoning, a call or an output."""
    if not isinstance(value, dict):
        return False
    kind = kind_of(value)
    return kind in ITEMS or (kind == "message" and "role" in value)


def turns_of_items(items: Iterable[object]) -> list[Turn]:
    return [turn_of_item(item) for item in items if isinstance(item, dict)]


def turn_of_item(item: Json, at: int | None = None) -> Turn:
    """One item; an unknown one stays whole, as the assistant's."""
    kind = str(item.get("type") or "message")
    parts = parts_of(item.get("content")) if kind == "message" else parts_of(item)
    role = item.get("role") or ("tool" if kind.endswith(_OUTPUT) else "assistant")
    return Turn(
        role=role,
        parts=parts,
        key=item.get("id"),
        at=at if at is not None else first_time(item, CREATED),
        model=item.get("model"),
        metadata={
            key: value
            for key, value in item.items()
            if key not in _REST and value is not None and not _is_time(key, item)
        }
        if kind == "message"
        else {},
        original=item,
    )


def _is_time(key: str, item: Json) -> bool:
    return key in CREATED and first_time(item, (key,)) is not None
