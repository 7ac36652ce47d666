"""Claude.ai's data export.

``conversations.json`` is an array of conversations with ``chat_messages``.

- content blocks become parts; ``text`` repeats them and is read only where they say nothing; an
  attachment's text is kept with its name, a file by its name;
- tool calls without ids are paired with their results in order;
- messages with ``parent_message_uuid`` make a tree: the newest leaf ends the session, the rest are
  branches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import attached
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Companion, Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_each
from hansard.interchange.streams import Stream
from hansard.interchange.trees import Tree
from hansard.interchange.turns import Lines, Span, Turn, lines, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("chat_messages", "uuid", "account", "name", "updated_at")

_PLACED = {"uuid", "name", "chat_messages", "created_at", "updated_at", "model", "account"}
_ROOT = "00000000-0000-4000-8000-000000000000"


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(isinstance(record.get("chat_messages"), list) for record in shape.objects):
        return None
    if shape.lacks("uuid", "full_name") is None or shape.lacks("uuid", "is_private") is None:
        return Companion(
            "it is the list of users or projects of a Claude.ai export, which holds no conversation"
        )
    return "no record has chat_messages"


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_each(values(stream, apart=True), lambda item: _session(item, rules))


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record = item.value
    if not isinstance(record, dict) or not isinstance(record.get("chat_messages"), list):
        message = "no chat_messages: not a conversation of a Claude.ai export"
        raise Unreadable(message)
    messages = [message for message in record["chat_messages"] if isinstance(message, dict)]
    draft = SessionDraft(
        id=own_id(record.get("uuid"), record),
        title=text_or_none(record.get("name")),
        channel=rules.channel or "claude-ai",
        model=text_or_none(record.get("model")),
        metadata={
            key: value
            for key, value in record.items()
            if key not in _PLACED and value not in (None, "", [], {})
        },
    )
    started, updated = (
        moment_of(record.get(key), rules.zone) for key in ("created_at", "updated_at")
    )
    yield from sessions(
        item.number, draft, _lines(messages, rules), rules, Span(started=started, updated=updated)
    )


def _lines(messages: list[Json], rules: Rules) -> Lines | list[Turn]:
    turns = [_turn(message, rules) for message in messages]
    keys = [str(message.get("uuid") or f"import:{index}") for index, message in enumerate(messages)]
    above = [message.get("parent_message_uuid") for message in messages]
    if len(set(keys)) < len(keys) or not any(
        isinstance(parent, str) and parent in keys for parent in above
    ):
        return turns
    by_key = dict(zip(keys, turns, strict=True))
    parents = {
        key: parent if isinstance(parent, str) and parent != _ROOT else None
        for key, parent in zip(keys, above, strict=True)
    }
    line, branches = Tree(parents, lambda _: True, lambda key: float(by_key[key].at or 0)).split(
        None
    )
    return lines(by_key, line, branches)


def _turn(message: Json, rules: Rules) -> Turn:
    parts = _paired(parts_of(message.get("content")))
    if not any(part.get("content") or part["type"] != "text" for part in parts):
        parts = parts_of(message.get("text"))
    return Turn(
        role=message.get("sender") or message.get("role"),
        parts=[*parts, *_files(message)],
        key=message.get("uuid"),
        at=moment_of(message.get("created_at"), rules.zone),
        model=message.get("model"),
        original=message,
    )


def _paired(parts: list[Json]) -> list[Json]:
    """Calls and results without ids get the number of their pair."""
    waiting: list[str] = []
    paired = []
    for position, part in enumerate(parts):
        if part["type"] == "tool_call":
            ident = part["id"] or f"call_{position}"
            waiting.append(ident)
            paired.append(part | {"id": ident})
        elif part["type"] == "tool_call_response":
            ident = part["id"] or (waiting[0] if waiting else None)
            if ident in waiting:
                waiting.remove(ident)
            paired.append(part | {"id": ident})
        else:
            paired.append(part)
    return paired


def _files(message: Json) -> list[Json]:
    """Attachments with their extracted text, and files, of which the export has only the name."""
    files: list[Json] = []
    for file in _listed(message, "attachments"):
        part = attached(file.get("file_name"), file.get("file_type"), size=file.get("file_size"))
        files.append(
            part | {"extracted_content": file["extracted_content"]}
            if file.get("extracted_content")
            else part
        )
    for file in [*_listed(message, "files"), *_listed(message, "files_v2")]:
        part = attached(file.get("file_name"), file.get("file_kind"))
        if all(part["file_id"] != other["file_id"] for other in files):
            files.append(part)
    return files


def _listed(message: Json, key: str) -> list[dict[str, Any]]:
    listed = message.get(key)
    return [file for file in listed if isinstance(file, dict)] if isinstance(listed, list) else []
