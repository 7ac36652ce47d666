"""``/v1/events`` and ``/v1/changes``: what happens in the workspace, pushed or fetched."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from hansard.http.call import Call
from hansard.http.route import LAST_EVENT, Route
from hansard.http.streams import event_stream
from hansard.model.times import rfc3339

Since = Annotated[
    int, Meta(ge=0, lt=2**62, description="the `next` of an earlier answer, or the id of an event")
]


class EventParams(Struct, frozen=True, kw_only=True):
    after: Since | None = None


class ChangeParams(Struct, frozen=True, kw_only=True):
    since: Since = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class ChangeOut(Struct, frozen=True, kw_only=True):
    """``seq`` is that of the last message, where the change was one of messages."""

    id: int
    type: str
    session_id: str
    seq: int | None
    at: str


class ChangeList(Struct, frozen=True, kw_only=True):
    """Ask again with ``since=next``.  ``resync`` says that changes in between are no longer kept: list the sessions anew."""

    data: list[ChangeOut]
    next: int
    has_more: bool
    resync: bool


async def stream_events(call: Call[EventParams, None]) -> StreamingResponse:
    """Follow the workspace as server-sent events, resumed by Last-Event-ID

    Each event's data is ``{"type", "session_id", "seq"}``; a comment comes every 15 seconds without one. An event named
    ``resync`` says that earlier ones are no longer kept: list the sessions anew; those that are kept follow.
    """
    return await event_stream(call, call.service.events, call.params.after)


async def list_changes(call: Call[ChangeParams, None]) -> ChangeList:
    """List what happened behind a number, oldest first"""
    changes = await call.service.events.since(call.principal, call.params.since, call.params.limit)
    data = [
        ChangeOut(
            id=one.n,
            type=one.type,
            session_id=f"ses_{one.session_id}",
            seq=one.seq,
            at=rfc3339(one.at),
        )
        for one in changes.events
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
