"""Messages of LangChain and states of LangGraph.

Dumps of a list, ``{messages}``, or ``{values: {messages}}``.

- ``{type: human, content}``, ``{type, data}`` and ``{lc: 1, id, kwargs}`` are read alike;
- a state's thread is the session; of several states of one thread each adds what it has more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from hansard.interchange.content.langchain import as_message
from hansard.interchange.content.text import Json
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.message_lists import session, turn_of
from hansard.interchange.moments import MINUTE
from hansard.interchange.records import Rules, SessionRecord, Unreadable, read_with_loose
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Turn
from hansard.interchange.values import Bad, Value, values

marks = ("type", "data", "lc", "kwargs", "additional_kwargs", "values")

_STATES = ("values", "channel_values", "state", "data", "input", "output")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(as_message(record) or _listed(record) for record in shape.records):
        return None
    return "no message has a type such as human or ai, and no record holds such messages"


def _listed(record: object) -> tuple[Json, list[Any]] | None:
    """The record and its messages, where it holds some."""
    if isinstance(record, list):
        record = {"messages": record[0] if record and isinstance(record[0], list) else record}
    if not isinstance(record, dict):
        return None
    for inner in (record, *(record.get(key) for key in _STATES)):
        messages = inner.get("messages") if isinstance(inner, dict) else None
        if isinstance(messages, list) and messages and as_message(messages[0]):
            return record, messages
    return None


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_with_loose(
        values(stream, apart=True), lambda value: bool(as_message(value)), partial(_session, rules)
    )


def _session(rules: Rules, item: Value, position: int) -> Iterator[SessionRecord]:
    listed = _listed(item.value)
    if listed is None:
        message = "no list of LangChain's messages"
        raise Unreadable(message)
    record, messages = listed
    kept = {key: value for key, value in record.items() if key not in (*_STATES, "messages")}
    named = {"id": ident} if (ident := _thread(record)) else {}
    whole = {**kept, **named, "messages": messages}
    yield from session(item.number, whole, rules, rules.now - position * MINUTE, _turn)


def _thread(record: Json) -> str | None:
    """The id of the thread, wherever a state says it."""
    for key in ("config", "metadata", "checkpoint"):
        inner = record[key] if isinstance(record.get(key), dict) else {}
        inner = inner["configurable"] if isinstance(inner.get("configurable"), dict) else inner
        if isinstance(inner.get("thread_id"), str):
            return str(inner["thread_id"])
    return record["thread_id"] if isinstance(record.get("thread_id"), str) else None


def _turn(item: Json, rules: Rules) -> Turn:
    return turn_of(as_message(item) or item, rules)
