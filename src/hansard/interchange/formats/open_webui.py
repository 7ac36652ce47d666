"""Open WebUI's "export chats": an array of chats whose ``history`` is a tree of messages.

- the session is the line from ``currentId`` up by ``parentId``; what lies beside it are branches;
- ``output`` are items of the Responses API, paired by ``call_id``; older content has reasoning and
  tool calls inside ``<details>`` elements, which become parts;
- an archived chat is archived; tags are tags.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import attached, by_address
from hansard.interchange.content.sources import source
from hansard.interchange.content.text import Json, arguments, text_or_none, tool_call, tool_response
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_each
from hansard.interchange.response_items import turns_of_items
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.trees import Tree
from hansard.interchange.turns import Lines, Span, Turn, lines, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("chat", "history", "models", "folder_id", "pinned")

_PLACED = {"id", "title", "chat", "created_at", "updated_at", "archived", "meta", "user_id"}
_DETAILS = re.compile(
    r"<details\b([^>]*)>\s*(?:<summary>.*?</summary>)?(.*?)</details>\s*", re.DOTALL
)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_history(record) is not None for record in shape.records):
        return None
    return "no record has a chat with a history of messages"


def _history(record: object) -> Json | None:
    chat = record.get("chat", record) if isinstance(record, dict) else None
    history = chat.get("history") if isinstance(chat, dict) else None
    return (
        history if isinstance(history, dict) and isinstance(history.get("messages"), dict) else None
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_each(values(stream, apart=True), lambda item: _session(item, rules))


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record, history = item.value, _history(item.value)
    if history is None:
        message = "no chat with a history: not a chat of an Open WebUI export"
        raise Unreadable(message)
    chat: Json = record.get("chat", record)
    meta = record["meta"] if isinstance(record.get("meta"), dict) else {}
    models = chat["models"] if isinstance(chat.get("models"), list) else []
    started, updated = (
        moment_of(record.get(key, chat.get("timestamp"))) for key in ("created_at", "updated_at")
    )
    archived = (updated or rules.now) if record.get("archived") is True else None
    draft = SessionDraft(
        id=own_id(record.get("id") or chat.get("id"), record),
        title=text_or_none(record.get("title")) or text_or_none(chat.get("title")),
        channel=rules.channel or "open-webui",
        user_id=text_or_none(record.get("user_id")),
        model=next((model for model in models if isinstance(model, str) and model), None),
        tags=[tag for tag in meta.get("tags") or chat.get("tags") or [] if isinstance(tag, str)],
        metadata={
            key: value
            for key, value in record.items()
            if key not in _PLACED and value not in (None, [], {}, "", False)
        },
    )
    span = Span(started=started, updated=updated, archived_at=archived)
    yield from sessions(item.number, draft, _lines(history), rules, span)


def _lines(history: Json) -> Lines:
    messages = {key: value for key, value in history["messages"].items() if isinstance(value, dict)}
    turns = {key: _turn(key, message) for key, message in messages.items()}
    parents = {
        key: value if isinstance(value := message.get("parentId"), str) else None
        for key, message in messages.items()
    }
    line, branches = Tree(parents, lambda _: True, lambda key: float(turns[key].at or 0)).split(
        history.get("currentId")
    )
    return lines(turns, line, branches)


def _turn(key: str, message: Json) -> Turn:
    usage = message["usage"] if isinstance(message.get("usage"), dict) else {}
    parts = _output(message) or _content(message.get("content"))
    return Turn(
        role=message.get("role"),
        parts=[*parts, *_files(message), *_sources(message)],
        key=key,
        at=moment_of(message.get("timestamp")),
        model=message.get("model"),
        input_tokens=usage.get(
            "prompt_tokens", usage.get("input_tokens", usage.get("prompt_eval_count"))
        ),
        output_tokens=usage.get(
            "completion_tokens", usage.get("output_tokens", usage.get("eval_count"))
        ),
        **details_of(usage),
        metadata={
            field: message[field]
            for field in ("modelName", "error", "annotation")
            if message.get(field)
        },
        original=message,
    )


def _output(message: Json) -> list[Json]:
    output = message.get("output")
    turns = turns_of_items(output) if isinstance(output, list) else []
    return [part for turn in turns for part in turn.parts]


def _content(content: object) -> list[Json]:
    """Text, with the reasoning and the tool calls that stand in it as ``<details>``."""
    if not isinstance(content, str) or "<details" not in content:
        return parts_of(content)
    parts: list[Json] = []
    at = 0
    for match in _DETAILS.finditer(content):
        read = _details(dict(_ATTRIBUTE.findall(match[1])), match[2])
        if read:
            parts += [*parts_of(content[at : match.start()].strip()), *read]
            at = match.end()
    return [*parts, *parts_of(content[at:].strip())]


def _details(attributes: dict[str, str], body: str) -> list[Json]:
    if attributes.get("type") == "reasoning":
        text = re.sub(r"^> ?", "", html.unescape(body.strip()), flags=re.MULTILINE)
        return [{"type": "reasoning", "content": text}]
    if attributes.get("type") != "tool_calls":
        return []
    ident, tool = attributes.get("id"), attributes.get("name")
    call = tool_call(ident, tool, arguments(_unquoted(attributes.get("arguments", ""))))
    if "result" not in attributes:
        return [call]
    return [call, tool_response(ident, _unquoted(attributes["result"]), tool)]


def _unquoted(value: str) -> str:
    """An attribute is HTML, and inside it JSON that may be quoted once more."""
    text = html.unescape(value)
    try:
        inner = json.loads(text)
    except ValueError:
        return text
    return inner if isinstance(inner, str) else text


def _files(message: Json) -> list[Json]:
    files = message["files"] if isinstance(message.get("files"), list) else []
    parts: list[Json] = []
    for file in files:
        if not isinstance(file, dict):
            continue
        inner: dict[str, Any] = file["file"] if isinstance(file.get("file"), dict) else file
        url = file.get("url")
        if file.get("type") == "image" and isinstance(url, str):
            parts.append(by_address(url, "image"))
        else:
            name_ = file.get("name") or inner.get("filename") or url
            parts.append(attached(name_, file.get("content_type"), id=file.get("id")))
    return parts


def _sources(message: Json) -> list[Json]:
    """The pages of a search on the web."""
    listed = message["sources"] if isinstance(message.get("sources"), list) else []
    pages: dict[str, Json] = {}
    for item in listed:
        metadata = item.get("metadata") if isinstance(item, dict) else None
        for page in metadata if isinstance(metadata, list) else []:
            url = page.get("source") if isinstance(page, dict) else None
            if isinstance(url, str) and url.startswith(("http://", "https://")):
                pages.setdefault(url, source(url, page.get("title") or page.get("name")))
    return list(pages.values())
