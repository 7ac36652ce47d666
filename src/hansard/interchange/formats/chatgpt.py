"""ChatGPT's data export: ``conversations.json``, an array of trees.

It may be split into ``conversations-000.json`` and so on.

- the session is the line that the person saw last: from ``current_node`` up to the root, or from
  the newest leaf where that is not there; what lies beside it are branches;
- a message to a tool is a tool call, the tool's answer its response; thoughts are reasoning;
- uploaded and drawn files are kept as references, since the export names but does not contain them;
- what the person did not see (instructions, memories) is a system message;
- empty placeholders (the root, blank system messages) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hansard.interchange.content.text import (
    Json,
    arguments,
    text_or_none,
    tool_call,
    tool_response,
)
from hansard.interchange.documents import Document
from hansard.interchange.formats.chatgpt_content import (
    attachments,
    content_parts,
    drawings,
    without_marks,
)
from hansard.interchange.formats.shape import Shape
from hansard.interchange.large_values import Packed
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_each
from hansard.interchange.streams import Stream
from hansard.interchange.trees import Branch, Tree
from hansard.interchange.turns import Lines, Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("mapping", "current_node", "conversation_id", "create_time", "default_model_slug")

_PLACED = {
    "id", "conversation_id", "title", "create_time", "update_time", "mapping", "current_node",
    "is_archived", "default_model_slug", "gizmo_id",
}  # fmt: skip


_CONTEXT = ("user_editable_context", "model_editable_context")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(isinstance(record.get("mapping"), dict) for record in shape.objects):
        return None
    return shape.lacks("mapping") or "mapping is not an object"


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_each(
        values(stream, apart=True, packed="mapping"), lambda item: _session(item, rules)
    )


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record = item.value
    if not isinstance(record, dict) or not isinstance(record.get("mapping"), dict | Packed):
        message = "no mapping: not a conversation of a ChatGPT export"
        raise Unreadable(message)
    line, branches = _split(record["mapping"], record.get("current_node"))
    started, updated = (moment_of(record.get(key)) for key in ("create_time", "update_time"))
    archived = (updated or rules.now) if record.get("is_archived") is True else None
    draft = SessionDraft(
        id=own_id(record.get("conversation_id") or record.get("id"), record),
        title=text_or_none(record.get("title")),
        channel=rules.channel or "chatgpt",
        agent=text_or_none(record.get("gizmo_id")),
        model=text_or_none(record.get("default_model_slug")),
        metadata={
            key: value
            for key, value in record.items()
            if key not in _PLACED and value not in (None, [], {}, "")
        },
    )
    span = Span(started=started, updated=updated, archived_at=archived)
    whole = _lines(record["mapping"], line, branches)
    yield from sessions(item.number, draft, whole, rules, span)


def _split(mapping: Json | Packed, current: object) -> tuple[list[str], list[Branch]]:
    """The messages of the current line, and the branches."""
    parents = {
        key: parent if isinstance(parent := node.get("parent"), str) else None
        for key, node in mapping.items()
        if isinstance(node, dict)
    }
    path = _path(parents, current)
    if len(path) == len(parents):
        return [key for key in path if _holds(mapping[key])], []
    tree = Tree(
        parents, lambda key: _holds(mapping[key]), lambda key: _time(mapping[key].get("message"))
    )
    return tree.split(current)


def _path(parents: dict[str, str | None], current: object) -> list[str]:
    """From the root to the current node."""
    path: dict[str, None] = {}
    while isinstance(current, str) and current in parents and current not in path:
        path[current] = None
        current = parents[current]
    return list(path)[::-1]


def _time(message: object) -> float:
    return float(moment_of(message.get("create_time")) or 0) if isinstance(message, dict) else 0.0


def _holds(node: Json) -> bool:
    """Whether a node has a message.

    Placeholders are the root and empty system messages.
    """
    message = node.get("message")
    if not isinstance(message, dict):
        return False
    return _role(message) != "system" or bool(content_parts(message.get("content")))


def _role(message: Json) -> str:
    author = message.get("author")
    return str(author.get("role")) if isinstance(author, dict) else "user"


def _lines(mapping: Json | Packed, line: list[str], branches: Sequence[Branch]) -> Lines:
    """The turns of the line and of the branches.

    A tool's answer carries the id of the call above it.
    """
    calls: dict[str | None, str | None] = {None: None}

    def turns(keys: list[str], after: str | None) -> Iterator[Turn]:
        call = calls.get(after)
        for key in keys:
            message = mapping.pop(key)["message"]  # a long conversation lies in memory once
            role = _role(message)
            is_call = role == "assistant" and (message.get("recipient") or "all") != "all"
            call = key if is_call else call
            calls[key] = call
            yield _turn(key, message, role, call, is_call=is_call)

    return Lines(
        turns=turns(line, None),
        branches=[
            (turns(branch.keys, branch.after), branch.after, branch.parent) for branch in branches
        ],
    )


def _turn(key: str, message: Json, role: str, call: str | None, *, is_call: bool) -> Turn:
    metadata: Json = message["metadata"] if isinstance(message.get("metadata"), dict) else {}
    content = message.get("content")
    parts = content_parts(content)
    if is_call and isinstance(message["recipient"], str):
        parts = [_call(key, message["recipient"], parts)]
    elif role == "tool":
        answer = _response(message, call, without_marks(parts, metadata))
        parts = [answer, *drawings(metadata)]
    else:
        parts = without_marks([*parts, *attachments(metadata, parts)], metadata)
        if _is_hidden(content, metadata):
            role = "system"
    return Turn(
        role=role,
        parts=parts,
        key=key,
        at=moment_of(message.get("create_time")),
        model=metadata.get("model_slug"),
        metadata=metadata,
        original=message,
    )


def _is_hidden(content: object, metadata: Json) -> bool:
    """Whether the user did not see a message.

    Custom instructions and the model's memory are hidden.
    """
    return (
        metadata.get("is_user_system_message") is True
        or metadata.get("is_visually_hidden_from_conversation") is True
        or (isinstance(content, dict) and content.get("content_type") in _CONTEXT)
    )


def _call(call: str, recipient: str, parts: list[Json]) -> Json:
    texts = [part["content"] for part in parts if isinstance(part.get("content"), str)]
    return tool_call(call, recipient, arguments("\n".join(texts)))


def _response(message: Json, call: str | None, parts: list[Json]) -> Json:
    """The answer of a tool; pages that it has read keep their addresses beside the text."""
    pages = [part for part in parts if part.get("modality") == "source"]
    rest = [part for part in parts if part.get("modality") != "source"]
    texts = [part["content"] for part in rest if part["type"] == "text"]
    response: object = "\n".join(texts) if len(texts) == len(rest) else rest
    content = message["content"] if isinstance(message.get("content"), dict) else {}
    failed = {"is_error": True} if content.get("content_type") == "system_error" else {}
    kept = ("uri", "name", "domain")
    sources = [{key: page[key] for key in kept if key in page} for page in pages]
    cited = {"sources": sources} if sources else {}
    return tool_response(call, response, message["author"].get("name"), **failed, **cited)
