"""Sessions of Google's Agent Development Kit: ``{id, appName, userId, state, events}``.

An event is a message; its author, if not the user, is kept in the metadata.  Events without content
change the state and are left out.  The state is the session's metadata.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_each
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of, whole_output
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("appName", "userId", "events", "state", "lastUpdateTime")

_KEPT = (
    "author",
    "branch",
    "invocationId",
    "invocation_id",
    "errorCode",
    "errorMessage",
    "actions",
)


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    for record in shape.objects:
        events = record.get("events")
        if isinstance(events, list) and (
            _app(record) or any(_is_event(event) for event in events[:3])
        ):
            return None
    return "no record has events with an author"


def _app(record: Json) -> str | None:
    return text_or_none(record.get("appName")) or text_or_none(record.get("app_name"))


def _is_event(value: object) -> bool:
    return (
        isinstance(value, dict)
        and "author" in value
        and isinstance(value.get("content"), dict | None)
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_each(values(stream, apart=True), lambda item: _session(item, rules))


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record = item.value
    if not isinstance(record, dict) or not isinstance(record.get("events"), list):
        message = "no events: not a session of ADK"
        raise Unreadable(message)
    events = [
        event
        for event in record["events"]
        if isinstance(event, dict) and event.get("content") and event.get("partial") is not True
    ]
    authors = (
        text_or_none(event.get("author")) for event in events if event.get("author") != "user"
    )
    state = record.get("state")
    draft = SessionDraft(
        id=own_id(record.get("id"), record),
        channel=rules.channel,
        app=_app(record),
        agent=next(filter(None, authors), None),
        user_id=text_or_none(record.get("userId")) or text_or_none(record.get("user_id")),
        metadata={"state": state} if state else {},
    )
    updated = moment_of(record.get("lastUpdateTime", record.get("last_update_time")))
    yield from sessions(
        item.number, draft, [_turn(event) for event in events], rules, Span(updated=updated)
    )


def _turn(event: Json) -> Turn:
    content = (
        event["content"] if isinstance(event["content"], dict) else {"parts": [event["content"]]}
    )
    usage = event.get("usageMetadata") or event.get("usage_metadata") or {}
    usage = usage if isinstance(usage, dict) else {}
    return Turn(
        role="user" if event.get("author") == "user" else content.get("role") or "model",
        parts=parts_of(content.get("parts")),
        key=event.get("id"),
        at=moment_of(event.get("timestamp")),
        model=event.get("modelVersion") or event.get("model_version"),
        input_tokens=usage.get("promptTokenCount", usage.get("prompt_token_count")),
        output_tokens=whole_output(usage, "candidatesTokenCount", "candidates_token_count"),
        **details_of(usage),
        metadata={key: event[key] for key in _KEPT if event.get(key) and event[key] != "user"},
        original=event,
    )
