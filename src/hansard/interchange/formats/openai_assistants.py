"""Messages of OpenAI's Assistants API.

Lists of ``thread.message``, newest first; a thread is a session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import stored
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Turn, sessions
from hansard.interchange.values import Bad, values
from hansard.model import SessionDraft

marks = ("object", "thread_id", "assistant_id", "data")

_KEPT = ("assistant_id", "run_id", "status", "incomplete_details")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_messages(record) for record in shape.records):
        return None
    return "no record has the object 'thread.message'"


def _messages(value: object) -> list[Json]:
    """The thread messages of a value: itself, its elements, or those of its list."""
    if isinstance(value, dict):
        if value.get("object") == "thread.message":
            return [value]
        return _messages(value.get("data", value.get("messages")))
    items = value if isinstance(value, list) else []
    return [
        item for item in items if isinstance(item, dict) and item.get("object") == "thread.message"
    ]


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    threads: dict[str, list[Json]] = defaultdict(list)
    first: dict[str, int] = {}
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not (messages := _messages(item.value)):
            yield Bad(item.number, "no message with the object 'thread.message'")
        else:
            for message in messages:
                key = str(message.get("thread_id") or "")
                first.setdefault(key, item.number)
                threads[key].append(message)
    for key, messages in threads.items():
        yield from guarded(first[key], _session, first[key], key, messages, rules)


def _session(number: int, key: str, messages: list[Json], rules: Rules) -> Iterator[SessionRecord]:
    turns = [_turn(message) for message in messages]
    known = [turn.at for turn in turns if turn.at is not None]
    if known and known[0] > known[-1]:
        turns.reverse()
    agents = (text_or_none(message.get("assistant_id")) for message in messages)
    draft = SessionDraft(
        id=own_id(key or None, messages),
        channel=rules.channel,
        agent=next(filter(None, agents), None),
    )
    yield from sessions(number, draft, turns, rules)


def _turn(message: Json) -> Turn:
    listed = message["attachments"] if isinstance(message.get("attachments"), list) else []
    files = [
        stored(file["file_id"], "document")
        for file in listed
        if isinstance(file, dict) and file.get("file_id")
    ]
    own = message["metadata"] if isinstance(message.get("metadata"), dict) else {}
    return Turn(
        role=message.get("role"),
        parts=[*parts_of(message.get("content")), *files],
        key=message.get("id"),
        at=moment_of(message.get("created_at")),
        metadata={field: message[field] for field in _KEPT if message.get(field) is not None} | own,
        original=message,
    )
