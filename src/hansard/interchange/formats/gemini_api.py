"""Contents of Google's generateContent, bare or in records.

``{systemInstruction, contents: [{role, parts}]}``.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import CREATED, first_time
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_with_loose
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("contents", "systemInstruction", "generationConfig", "parts", "role")

_LISTS = ("contents", "history", "messages")
_SYSTEM = ("systemInstruction", "system_instruction")
_PLACED = {"id", "model", *_LISTS, *_SYSTEM}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    candidates = [record.get(key) for record in shape.objects for key in _LISTS]
    candidates += [record for record in shape.records if isinstance(record, list)]
    if any(_are_contents(candidate) for candidate in (*candidates, shape.objects)):
        return None
    return "no list of contents whose parts have no type"


def _are_contents(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(_is_content(candidate) for candidate in value[:3])
    )


def _is_content(value: object) -> bool:
    """``{role, parts}`` where the parts bear their type as their key."""
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("parts"), list)
        or "content" in value
    ):
        return False
    return all(isinstance(part, dict) and "type" not in part for part in value["parts"])


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_with_loose(
        values(stream, apart=True), _is_content, lambda item, _: _session(item, rules)
    )


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record: Json = item.value if isinstance(item.value, dict) else {"contents": item.value}
    contents = next((record[key] for key in _LISTS if isinstance(record.get(key), list)), None)
    if contents is None:
        message = "no list of contents"
        raise Unreadable(message)
    turns = [_turn(content, rules) for content in contents if isinstance(content, dict)]
    instruction = next((record[key] for key in _SYSTEM if record.get(key)), None)
    inner = instruction.get("parts", instruction) if isinstance(instruction, dict) else instruction
    if system := parts_of(inner):
        turns.insert(0, Turn(role="system", parts=system, key="system"))
    draft = SessionDraft(
        id=own_id(record.get("id"), item.value),
        channel=rules.channel,
        model=text_or_none(record.get("model")),
        metadata={
            key: value for key, value in record.items() if key not in _PLACED and value is not None
        },
    )
    yield from sessions(
        item.number, draft, turns, rules, Span(started=first_time(record, CREATED, rules.zone))
    )


def _turn(content: Json, rules: Rules) -> Turn:
    return Turn(
        role=content.get("role") or "user",
        parts=parts_of(content.get("parts")),
        key=content.get("id"),
        at=first_time(content, CREATED, rules.zone),
        original=content,
    )
