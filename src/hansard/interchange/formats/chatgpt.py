"""ChatGPT's data export: ``conversations.json`` (also split into ``conversations-000.json`` …), an array of trees.

- what is read is the line that the person saw last: from ``current_node`` up to the root; how many
  messages lie on other branches is said in the metadata;
- a message to a tool is a tool call, the tool's answer its response; thoughts are reasoning;
- uploaded and drawn files are kept as references, since the export names but does not contain them;
- empty placeholders (the root, blank system messages) are left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

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
from hansard.interchange.values import Bad, Value, values
from hansard.model import MessageDraft, SessionDraft
from hansard.model.message import Role

name = "chatgpt"

Json = dict[str, Any]

_ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_PLACED = {
    "id",
    "conversation_id",
    "title",
    "create_time",
    "update_time",
    "mapping",
    "current_node",
    "is_archived",
    "default_model_slug",
    "gizmo_id",
}


def sniff(document: Document, shape: Shape) -> bool:
    del document
    return "mapping" in shape.keys


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    for item in values(stream):
        yield item if isinstance(item, Bad) else _read_one(item, rules)


def _read_one(item: Value, rules: Rules) -> SessionRecord | Bad:
    return guarded(item.number, lambda: _session(item, rules))


def _session(item: Value, rules: Rules) -> SessionRecord:
    record = item.value
    if not isinstance(record, dict) or not isinstance(record.get("mapping"), dict):
        message = "no mapping: not a conversation of a ChatGPT export"
        raise Unreadable(message)
    line = _line(record)
    started = moment_of(record.get("create_time"))
    times = filled([moment_of(message.get("create_time")) for message in line], started, rules.now)
    names = client_ids([message.get("id") for message in line])
    messages = [
        _message(message, at, known)
        for message, at, known in zip(_with_parts(line), times, names, strict=True)
    ]
    updated = moment_of(record.get("update_time")) or (times[-1] if times else rules.now)
    return SessionRecord(
        number=item.number,
        draft=SessionDraft(
            id=own_id(record.get("conversation_id") or record.get("id"), record),
            title=_text(record.get("title")),
            title_by="import" if _text(record.get("title")) else None,
            channel=rules.channel or "chatgpt",
            agent=_text(record.get("gizmo_id")),
            model=_text(record.get("default_model_slug")),
            created_at=started if started is not None else times[0] if times else rules.now,
            metadata=_rest(record, len(line)),
        ),
        messages=messages,
        archived_at=updated if record.get("is_archived") is True else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _rest(record: Json, kept: int) -> Json:
    """The export's other fields that say something, and how many messages are on branches that were left."""
    rest = {
        key: value
        for key, value in record.items()
        if key not in _PLACED and value not in (None, [], {}, "")
    }
    nodes = [node for node in record["mapping"].values() if isinstance(node, dict)]
    others = sum(_is_said(node.get("message")) for node in nodes) - kept
    return rest | ({"messages_on_other_branches": others} if others > 0 else {})


def _line(record: Json) -> list[Json]:
    """The messages from the root to ``current_node``, without the placeholders."""
    mapping: dict[str, Any] = record["mapping"]
    at, found = record.get("current_node") or _last_leaf(mapping), []
    seen: set[str] = set()
    while isinstance(at, str) and at not in seen and isinstance(node := mapping.get(at), dict):
        seen.add(at)
        if _is_said(node.get("message")):
            found.append({"id": at, **node["message"]})
        at = node.get("parent")
    return found[::-1]


def _last_leaf(mapping: Json) -> str | None:
    """Where the tree ends when the export does not say: its last node without children."""
    return next(
        (
            key
            for key, node in reversed(mapping.items())
            if isinstance(node, dict) and not node.get("children")
        ),
        None,
    )


def _is_said(message: object) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("content"), dict):
        return False
    return _role(message) != "system" or bool(_parts(message["content"]))


def _role(message: Json) -> str:
    author = message.get("author")
    return str(author.get("role")) if isinstance(author, dict) else "user"


def _with_parts(line: list[Json]) -> Iterator[tuple[Json, list[Json]]]:
    """Each message with its parts; a tool's answer carries the id of the call before it."""
    call: str | None = None
    for message in line:
        parts = _parts(message["content"])
        recipient = message.get("recipient")
        if _role(message) == "tool":
            parts = [_response(message, call, parts)]
        elif _role(message) == "assistant" and isinstance(recipient, str) and recipient != "all":
            call = str(message["id"])
            parts = [_call(call, recipient, parts)]
        yield message, parts or [{"type": "text", "content": ""}]


def _call(call: str, recipient: str, parts: list[Json]) -> Json:
    asked = "\n".join(part["content"] for part in parts if isinstance(part.get("content"), str))
    try:
        decoded = json.loads(asked)
    except (ValueError, RecursionError):
        decoded = None
    return {
        "type": "tool_call",
        "id": call,
        "name": recipient,
        "arguments": decoded if isinstance(decoded, dict) else asked,
    }


def _response(message: Json, call: str | None, parts: list[Json]) -> Json:
    texts = [part["content"] for part in parts if part["type"] == "text"]
    response: object = "\n".join(texts) if len(texts) == len(parts) else parts
    named = message["author"].get("name")
    return {"type": "tool_call_response", "id": call, "response": response} | (
        {"name": named} if isinstance(named, str) else {}
    )


def _message(said: tuple[Json, list[Json]], at: int, known_as: str) -> MessageDraft:
    message, items = said
    role = _ROLES.get(_role(message))
    if role is None:
        text = f"message {known_as} is by {_role(message)!r}, expected one of {', '.join(_ROLES)}"
        raise Unreadable(text)
    metadata = message["metadata"] if isinstance(message.get("metadata"), dict) else {}
    parts, words = encoded(items, f"message {known_as}")
    return MessageDraft(
        role="system" if metadata.get("is_user_system_message") is True else role,
        parts=parts,
        text=words,
        client_id=known_as,
        model=_text(metadata.get("model_slug")),
        created_at=at,
        metadata=raw_json(metadata, f"message {known_as}"),
    )


def _parts(content: Json) -> list[Json]:
    convert = _CONTENT.get(str(content.get("content_type")), _unknown)
    return [part for part in convert(content) if part.get("content") != ""]


def _spoken(content: Json) -> list[Json]:
    return [_piece(piece) for piece in content.get("parts") or [] if piece]


def _piece(piece: object) -> Json:
    if isinstance(piece, str):
        return {"type": "text", "content": piece}
    if not isinstance(piece, dict):
        return {"type": "text", "content": json.dumps(piece)}
    kind = str(piece.get("content_type") or "unknown")
    if kind == "audio_transcription":
        return {"type": "text", "content": str(piece.get("text") or "")}
    if isinstance(piece.get("asset_pointer"), str):
        return {
            "type": "file",
            "modality": kind.partition("_")[0],
            "file_id": piece["asset_pointer"],
        }
    return {**piece, "type": kind}


def _plain(content: Json) -> list[Json]:
    return [{"type": "text", "content": str(content.get("text") or content.get("result") or "")}]


def _thoughts(content: Json) -> list[Json]:
    thoughts = [thought for thought in content.get("thoughts") or [] if isinstance(thought, dict)]
    return [
        {
            "type": "reasoning",
            "content": "\n".join(filter(None, (thought.get("summary"), thought.get("content")))),
        }
        for thought in thoughts
    ]


def _recap(content: Json) -> list[Json]:
    return [{"type": "reasoning", "content": str(content.get("content") or "")}]


def _instructions(content: Json) -> list[Json]:
    return [
        {"type": "text", "content": str(content[key])}
        for key in ("user_profile", "user_instructions")
        if content.get(key)
    ]


def _unknown(content: Json) -> list[Json]:
    return [{**content, "type": str(content.get("content_type") or "unknown")}]


_CONTENT: dict[str, Callable[[Json], list[Json]]] = {
    "text": _spoken,
    "multimodal_text": _spoken,
    "code": _plain,
    "execution_output": _plain,
    "tether_quote": _plain,
    "tether_browsing_display": _plain,
    "thoughts": _thoughts,
    "reasoning_recap": _recap,
    "user_editable_context": _instructions,
}
