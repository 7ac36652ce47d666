"""GitHub Copilot CLI's sessions: ``~/.copilot/session-state/<id>/events.jsonl``, an event a line.

- events are ``{type, data, id, timestamp, parentId}``; older ones have their data beside the type;
- requests of tools are calls, their completions the answers; events of the session itself are
  passed over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import attached
from hansard.interchange.content.text import (
    Json,
    kind_of,
    reasoning_part,
    text_or_none,
    tool_call,
    tool_response,
)
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, values
from hansard.model import SessionDraft

marks = ("type", "data", "id", "timestamp", "parentId")

_START, _MODEL = "session.start", "session.model_change"
shaping = (_START.encode(), _MODEL.encode())

_SPOKEN = {"user.message", "assistant.message"}
_ANSWERS = {"tool.execution_complete", "tool.result"}
_STARTED = {"tool.execution_start", "tool.invoke"}
_FOLDER = re.compile(r"([^/\\!]+)[/\\]events\.jsonl")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(kind_of(record) in _SPOKEN for record in shape.objects):
        return None
    return "no line is an event user.message or assistant.message"


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    sessions_: dict[str, list[Json]] = defaultdict(list)
    folder = _FOLDER.search(document.name)
    ident = folder[1] if folder else document.stem
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not an event of Copilot CLI: no object")
        else:
            data = item.value["data"] if isinstance(item.value.get("data"), dict) else {}
            if item.value.get("type") == _START:
                ident = text_or_none(data.get("sessionId")) or ident
            sessions_[ident].append(item.value)
    for ident, events in sessions_.items():
        yield from guarded(1, _session, ident, events, rules)


def tail(before: list[Json], new: list[Json]) -> list[Json] | None:
    """New events, with the start, the last model and the requests of the tools that run."""
    begun = {_data(event).get("toolCallId") for event in new if kind_of(event) in _STARTED}
    requests = [event for event in before if begun & _requested(event)]
    known = set[object]().union(*map(_requested, [*requests, *new]))
    if not begun <= known or any(kind_of(event) == _START for event in new):
        return None
    shapes = [event for event in before if kind_of(event) in {_START, _MODEL}]
    return [*shapes, *requests, *new]


def _requested(event: Json) -> set[object]:
    requests = _data(event).get("toolRequests")
    return {
        request.get("toolCallId")
        for request in (requests if isinstance(requests, list) else [])
        if isinstance(request, dict)
    }


def _session(ident: str, events: list[Json], rules: Rules) -> Iterator[SessionRecord]:
    requested: set[str] = set()
    turns = [turn for event in events if (turn := _turn(event, requested)) is not None]
    start = next((_data(event) for event in events if event.get("type") == _START), {})
    context = start["context"] if isinstance(start.get("context"), dict) else {}
    models = [_data(event) for event in events if event.get("type") == _MODEL]
    draft = SessionDraft(
        id=own_id(ident, events[:1]),
        channel=rules.channel or "copilot-cli",
        agent="copilot-cli",
        model=text_or_none(models[-1].get("newModel"))
        if models
        else text_or_none(start.get("selectedModel")),
        metadata={
            key: context[key]
            for key in ("cwd", "gitRoot", "branch", "repository")
            if context.get(key)
        },
    )
    yield from sessions(1, draft, turns, rules, Span(started=moment_of(start.get("startTime"))))


def _data(event: Json) -> Json:
    return event["data"] if isinstance(event.get("data"), dict) else event


def _turn(event: Json, requested: set[str]) -> Turn | None:
    """The message that an event is; None for one that says nothing."""
    kind, data = kind_of(event), _data(event)
    if kind in _SPOKEN:
        parts, role = _spoken(data, requested), str(kind).partition(".")[0]
    elif kind == "assistant.reasoning":
        parts, role = [reasoning_part(data.get("content"))], "assistant"
    elif kind in _STARTED and data.get("toolCallId") not in requested:
        passed = data.get("arguments", data.get("toolArgs"))
        parts, role = [tool_call(data.get("toolCallId"), data.get("toolName"), passed)], "assistant"
    elif kind in _ANSWERS:
        parts, role = [_answer(data)], "tool"
    else:
        return None
    usage = data["usage"] if isinstance(data.get("usage"), dict) else {}
    return Turn(
        role=role,
        parts=parts,
        key=event.get("id"),
        at=moment_of(event.get("timestamp")),
        model=data.get("model"),
        input_tokens=usage.get("inputTokens"),
        output_tokens=data.get("outputTokens", usage.get("outputTokens")),
        **details_of(usage),
        original=event,
    )


def _spoken(data: Json, requested: set[str]) -> list[Json]:
    thought = text_or_none(data.get("reasoningText"))
    requests = data["toolRequests"] if isinstance(data.get("toolRequests"), list) else []
    calls = [
        tool_call(request.get("toolCallId"), request.get("name"), request.get("arguments"))
        for request in requests
        if isinstance(request, dict)
    ]
    requested.update(call["id"] for call in calls if call["id"])
    listed = data["attachments"] if isinstance(data.get("attachments"), list) else []
    files = [
        attached(item.get("displayName") or item.get("path"), None)
        for item in listed
        if isinstance(item, dict)
    ]
    return [
        *([reasoning_part(thought)] if thought else []),
        *parts_of(data.get("content")),
        *files,
        *calls,
    ]


def _answer(data: Json) -> Json:
    result = data.get("result")
    content = result.get("content") if isinstance(result, dict) and "content" in result else result
    failed = {"is_error": True} if data.get("success") is False else {}
    response = content if content is not None else data.get("error")
    return tool_response(data.get("toolCallId"), response, data.get("toolName")) | failed
