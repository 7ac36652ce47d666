"""Gemini CLI's sessions: ``~/.gemini/tmp/*/chats/session-*.json``, and since 0.39 ``.jsonl``.

- the lines are a header, messages, ``{"$set": …}`` for the header and ``{"$rewindTo": id}``; a
  message with the id of an earlier one replaces it; what was rewound is a branch;
- thoughts are reasoning; a tool call and its result lie in the same message; ``info``, ``error``
  and ``warning`` are system messages;
- a sub-agent's file lies below ``chats/<parent>/`` and is a session of its own below that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from hansard.interchange.content import parts_of
from hansard.interchange.content.google import response_of
from hansard.interchange.content.text import Json, kind_of, text_or_none, tool_call, tool_response
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Companion, Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, counted, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import Lines, Span, Turn, sessions
from hansard.interchange.values import Bad, values
from hansard.model import SessionDraft

marks = ("sessionId", "projectHash", "startTime", "lastUpdated", "messages")

shaping = (b'"startTime"',)

_ROLES = {"user": "user", "gemini": "assistant", "qwen": "assistant", "model": "assistant"}
_TYPES = {*_ROLES, "info", "error", "warning"}
_PARENT = re.compile(r"[/\\]chats[/\\]([^/\\]+)[/\\][^/\\]+$")
_PLACED = {"sessionId", "startTime", "lastUpdated", "messages", "summary"}


class _Chat(Struct):
    header: Json = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    rewound: list[tuple[str | None, list[Json]]] = field(default_factory=list)


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    for record in shape.objects:
        if {"sessionId", "startTime"} <= record.keys() and "uuid" not in record:
            return None
        if "sessionId" in record and any(_is_message(message) for message in _listed(record)):
            return None
    if any({"messageId", "sessionId", "message"} <= record.keys() for record in shape.objects):
        return Companion("it is Gemini CLI's log of prompts, which holds no answers")
    return "no header has a sessionId and a startTime"


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and kind_of(value) in _TYPES and "content" in value


def _listed(record: Json) -> list[object]:
    return record["messages"] if isinstance(record.get("messages"), list) else []


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    chats: list[_Chat] = []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not a line of Gemini CLI: no object")
        else:
            if not chats or ("sessionId" in item.value and kind_of(item.value) not in _TYPES):
                chats.append(_Chat())
            _take(chats[-1], item.value)
    for chat in chats:
        if chat.messages or chat.rewound:
            yield from guarded(1, _session, document, chat, rules)


def tail(before: list[Json], new: list[Json]) -> list[Json] | None:
    """New messages below their header."""
    headers = [line for line in before if "sessionId" in line and kind_of(line) not in _TYPES]
    is_plain = all(kind_of(line) in _TYPES for line in new)
    return [headers[0], *new] if is_plain and len(headers) == 1 else None


def _take(chat: _Chat, line: Json) -> None:
    changes = line.get("$set")
    if isinstance(changes, dict):
        chat.header |= changes
        _add(chat, _listed(changes))
    elif "$rewindTo" in line:
        _rewind(chat, line["$rewindTo"])
    elif kind_of(line) in _TYPES:
        _add(chat, [line])
    else:
        chat.header |= {key: value for key, value in line.items() if key != "messages"}
        _add(chat, _listed(line))


def _add(chat: _Chat, messages: list[object]) -> None:
    for message in messages:
        if isinstance(message, dict):
            chat.messages[str(message.get("id") or f"import:{len(chat.messages)}")] = message


def _rewind(chat: _Chat, to: object) -> None:
    """Take back a message and all that follows it."""
    keys = list(chat.messages)
    if not isinstance(to, str) or to not in chat.messages:
        return
    position = keys.index(to)
    taken = [chat.messages.pop(key) for key in keys[position:]]
    chat.rewound.append((keys[position - 1] if position else None, taken))


def _session(document: Document, chat: _Chat, rules: Rules) -> Iterator[SessionRecord]:
    header = chat.header
    above = _PARENT.search(document.name)
    is_agent = header.get("kind") == "subagent" or (
        above is not None and above[1] != header.get("sessionId")
    )
    started, updated = (moment_of(header.get(key)) for key in ("startTime", "lastUpdated"))
    draft = SessionDraft(
        id=own_id(header.get("sessionId") or document.stem, None),
        title=text_or_none(header.get("summary")),
        kind="task" if is_agent else "session",
        parent=above[1] if above and is_agent else None,
        channel=rules.channel or "gemini-cli",
        agent="gemini-cli",
        metadata={
            key: value for key, value in header.items() if key not in _PLACED and value is not None
        },
    )
    branches = [
        ([_turn(message) for message in taken], after, None) for after, taken in chat.rewound
    ]
    whole = Lines(turns=[_turn(message) for message in chat.messages.values()], branches=branches)
    yield from sessions(1, draft, whole, rules, Span(started=started, updated=updated))


def _turn(message: Json) -> Turn:
    tokens = message["tokens"] if isinstance(message.get("tokens"), dict) else {}
    kind = str(message.get("type"))
    calls = message["toolCalls"] if isinstance(message.get("toolCalls"), list) else []
    parts = [*_thoughts(message), *parts_of(message.get("content"))]
    parts += [part for call in calls if isinstance(call, dict) for part in _call(call)]
    return Turn(
        role=_ROLES.get(kind, "system" if kind in _TYPES else kind),
        parts=parts,
        key=message.get("id"),
        at=moment_of(message.get("timestamp")),
        model=message.get("model"),
        input_tokens=counted(tokens.get("input")) + counted(tokens.get("tool")),
        output_tokens=counted(tokens.get("output")) + counted(tokens.get("thoughts")),
        **details_of(tokens),
        metadata={} if kind in _ROLES else {"type": kind},
        original=message,
    )


def _thoughts(message: Json) -> list[Json]:
    thoughts = message["thoughts"] if isinstance(message.get("thoughts"), list) else []
    lines = [
        ": ".join(
            filter(
                None,
                (text_or_none(thought.get("subject")), text_or_none(thought.get("description"))),
            )
        )
        for thought in thoughts
        if isinstance(thought, dict)
    ]
    return [{"type": "reasoning", "content": "\n".join(lines)}] if any(lines) else []


def _call(call: Json) -> list[Json]:
    """A call, and its result when there is one."""
    ident, tool = call.get("id"), call.get("name")
    request = tool_call(ident, tool, call.get("args"))
    result = call.get("result")
    pieces = result if isinstance(result, list) else [result] if isinstance(result, dict) else []
    answers = [
        response_of(piece["functionResponse"])
        for piece in pieces
        if isinstance(piece, dict) and isinstance(piece.get("functionResponse"), dict)
    ]
    if not answers and result in (None, []):
        return [request]
    response = answers[0] if len(answers) == 1 else answers or result
    failed = {"is_error": True} if call.get("status") == "error" else {}
    return [request, tool_response(ident, response, tool) | failed]
