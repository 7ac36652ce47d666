"""``/v1/events`` and ``/v1/changes``: what happens in the workspace, pushed or fetched."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import LAST_EVENT, Route
from hansard.http.streams import event_stream
from hansard.model.times import rfc3339
from hansard.native.schemas import Json, SessionUid

Since = Annotated[
    int,
    Meta(
        ge=0,
        lt=2**62,
        description="Only events after this one: the `next` of an answer, or an event's id.",
        examples=[1042],
    ),
]


class EventParams(Struct, frozen=True, kw_only=True):
    """Where the stream begins."""

    after: Since | None = None
    """Only events after this one, by its id. Without it the stream begins now."""


class ChangeParams(Struct, frozen=True, kw_only=True):
    """Which events."""

    since: Since = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 200
    """The most events that an answer may have."""


class ChangeOut(Struct, frozen=True, kw_only=True):
    """An event: something that happened to a session."""

    example: ClassVar[Json] = {
        "id": 1042,
        "type": "message.appended",
        "session_id": "ses_0190163d-8694-739b-aea5-966c26f8ad91",
        "seq": 4,
        "at": "2026-01-31T09:30:41Z",
    }

    id: int
    """Its number in the workspace; later events have higher ones."""
    type: str
    """`session.created`, `session.updated`, `session.deleted`, `message.appended`,
    `message.updated`, `message.deleted`, `run.started`, `run.updated`, `run.finished`,
    `note.created`, `note.deleted`, `score.created` or `score.deleted`."""
    session_id: SessionUid
    seq: int | None
    """For a message, the `seq` of the last one concerned; else null."""
    at: Time
    """When it happened."""


class ChangeList(Struct, frozen=True, kw_only=True):
    """Events in the order in which they happened."""

    data: list[ChangeOut]
    """The events, the oldest first."""
    next: int
    """Send it as `since` to go on."""
    has_more: bool
    """Whether more events are there already."""
    resync: bool
    """Whether events before these are no longer kept: list the sessions again."""


async def stream_events(call: Call[EventParams, None]) -> StreamingResponse:
    """Follow the workspace as server-sent events

    Each event's data is ``{"type", "session_id", "seq"}``; a comment comes every 15 seconds without
    one. An event named ``resync`` says that earlier ones are no longer kept: list the sessions
    again; the events that are kept follow.
    """
    return await event_stream(call, call.service.events, call.params.after)


async def list_changes(call: Call[ChangeParams, None]) -> ChangeList:
    """List the events after a number, the oldest first"""
    changes = await call.service.events.since(call.principal, call.params.since, call.params.limit)
    data = [
        ChangeOut(
            id=event.n,
            type=event.type,
            session_id=f"ses_{event.session_id}",
            seq=event.seq,
            at=rfc3339(event.at),
        )
        for event in changes.events
    ]
    return ChangeList(
        data=data, next=changes.next, has_more=changes.has_more, resync=changes.resync
    )


routes = (
    Route(
        "GET /v1/events",
        stream_events,
        scope="sessions:read",
        params=EventParams,
        request_headers=(LAST_EVENT,),
        media_type="text/event-stream",
        returns=str,
    ),
    Route(
        "GET /v1/changes",
        list_changes,
        scope="sessions:read",
        params=ChangeParams,
        returns=ChangeList,
    ),
)
