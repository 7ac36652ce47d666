"""ShareGPT's conversations, as training data sets have them.

``{conversations: [{from, value}], system?, tools?}``.

- ``function_call`` is a tool call and ``observation`` its answer; both are paired in order;
- ``tools`` and every other field are metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import (
    Json,
    arguments,
    text_or_none,
    tool_call,
    tool_response,
    words,
)
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import CREATED, MINUTE, first_time
from hansard.interchange.records import Rules, SessionRecord, Unreadable, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Span, Turn, role_of, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("conversations", "from", "value")

_LISTS = ("conversations", "conversation", "messages", "items")
_SPELLED = (("from", "value"), ("role", "content"))
"""Who spoke and what, as a turn spells it."""
_PLACED = {"id", "conversation_id", "title", "model", "system", *_LISTS}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(
        turns and any("from" in turn for turn in turns[1])
        for turns in map(_turns_of, shape.records)
    ):
        return None
    return "no record holds a list of turns with from and value"


def _turns_of(record: object) -> tuple[str, list[Json]] | None:
    if isinstance(record, list):
        return ("", record) if _are_turns(record) else None
    if not isinstance(record, dict):
        return None
    return next(((key, record[key]) for key in _LISTS if _are_turns(record.get(key))), None)


def _are_turns(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and _spelling(turn) is not None for turn in value)
    )


def _spelling(turn: Json) -> tuple[str, str] | None:
    return next((names for names in _SPELLED if all(name in turn for name in names)), None)


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    for position, item in enumerate(values(stream, apart=True)):
        if isinstance(item, Bad):
            yield item
        else:
            yield from guarded(item.number, _session, item, rules, rules.now - position * MINUTE)


def _session(item: Value, rules: Rules, end: int) -> Iterator[SessionRecord]:
    turns_ = _turns_of(item.value)
    if turns_ is None:
        message = "no list of turns with from and value"
        raise Unreadable(message)
    key, listed = turns_
    record: Json = item.value if isinstance(item.value, dict) else {}
    turns = [_turn(turn, number) for number, turn in enumerate(listed)]
    if system := parts_of(record.get("system")):
        turns.insert(0, Turn(role="system", parts=system, key="system"))
    draft = SessionDraft(
        id=own_id(record.get("id") or record.get("conversation_id"), item.value),
        title=text_or_none(record.get("title")),
        channel=rules.channel,
        model=text_or_none(record.get("model")),
        metadata={
            name_: value
            for name_, value in record.items()
            if name_ not in _PLACED or (name_ in _LISTS and name_ != key)
        },
    )
    span = Span(started=first_time(record, CREATED, rules.zone), end=end)
    yield from sessions(item.number, draft, turns, rules, span)


def _turn(turn: Json, number: int) -> Turn:
    speaker, text = (turn[name] for name in _spelling(turn) or _SPELLED[0])
    sender = words(speaker).strip().lower()
    key = turn.get("id")
    rest = {
        name_: value
        for name_, value in turn.items()
        if name_ not in {*(_spelling(turn) or ()), "id"} and value is not None
    }
    if sender == "function_call":
        return Turn(
            role="assistant",
            parts=[_call(text, number)],
            key=key,
            metadata=rest,
            original=turn,
        )
    if role_of(sender) == "tool":
        answer = tool_response(f"call_{number - 1}", text)
        return Turn(role="tool", parts=[answer], key=key, metadata=rest, original=turn)
    return Turn(role=speaker, parts=parts_of(text), key=key, metadata=rest, original=turn)


def _call(value: object, number: int) -> Json:
    """A call is written as JSON: ``{"name": …, "arguments": {…}}``."""
    try:
        call = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        call = None
    if not isinstance(call, dict):
        return tool_call(f"call_{number}", "", words(value))
    return tool_call(
        f"call_{number}", call.get("name"), arguments(call.get("arguments", call.get("parameters")))
    )
