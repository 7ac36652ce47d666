"""The page's own stream of events: the API's, for who signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from hansard.http.route import Route
from hansard.http.streams import event_stream

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call

Number = Annotated[int, Meta(ge=0, lt=2**62)]


class Behind(Struct, frozen=True, kw_only=True):
    after: Number | None = None
    since: Number = 0


async def stream(call: Call[Behind, None]) -> Response:
    """Follow the workspace"""
    return await event_stream(call, call.service.events, call.params.after)


async def changes(call: Call[Behind, None]) -> dict[str, Any]:
    """What happened behind a number, where there is no stream"""
    page = await call.service.events.since(call.principal, call.params.since)
    data = [
        {
            "id": event.n,
            "type": event.type,
            "session_id": f"ses_{event.session_id}",
            "seq": event.seq,
        }
        for event in page.events
    ]
    return {"data": data, "next": page.next, "has_more": page.has_more, "resync": page.resync}


routes: tuple[Route, ...] = (
    Route(
        "GET /ui/events",
        stream,
        scope="sessions:read",
        params=Behind,
        media_type="text/event-stream",
    ),
    Route("GET /ui/changes", changes, scope="sessions:read", params=Behind),
)
