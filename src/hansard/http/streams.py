"""Server-sent events: a stream of changes as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import StreamingResponse

from hansard.errors import Invalid, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hansard.http.call import Call
    from hansard.service.events import Events, ImportBuffer

HEARTBEAT = 15.0
_CHECKED_US = 1_000_000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def event_stream(
    call: Call[Any, Any], events: Events, after: int | None
) -> StreamingResponse:
    """Changes of the caller's workspace behind ``Last-Event-ID``, else behind ``after``, else from now on."""
    given = call.headers.get("last-event-id")
    if given and not (given.isascii() and given.isdigit() and len(given) < 19):  # noqa: PLR2004 - within 64 bits
        raise Invalid("Last-Event-ID is not one that this stream gave", param="Last-Event-ID")
    start = int(given) if given else after
    if start is None:
        start = await events.now(call.principal)
    return StreamingResponse(
        _told(call, events, start), media_type="text/event-stream", headers=_HEADERS
    )


async def _told(call: Call[Any, Any], events: Events, after: int) -> AsyncIterator[bytes]:
    """The stream; it ends before it tells anything to a key that was revoked or has expired more than a second ago."""
    yield f"retry: 1000\nid: {after}\nevent: hello\ndata: {{}}\n\n".encode()
    caller, keys, checked_at = call.principal, call.service.keys, 0
    async for changes in events.follow(caller, after, HEARTBEAT):
        now = call.service.clock()
        if now - checked_at > _CHECKED_US:
            try:
                await keys.holder(caller.workspace_id, caller.key_id)
            except Unauthenticated:
                return
            checked_at = now
        yield b": still here\n\n" if changes is None else _lines(changes)


def _lines(changes: ImportBuffer) -> bytes:
    """The events; behind a resync those that are still kept, so that one who breaks off there misses none of them."""
    at = changes.events[0].n - 1 if changes.events else changes.next
    resync = b'id: %d\nevent: resync\ndata: {"next":%d}\n\n' % (at, at) if changes.resync else b""
    return resync + b"".join(
        b"id: %d\ndata: %b\n\n"
        % (
            one.n,
            msgspec.json.encode(
                {"type": one.type, "session_id": f"ses_{one.session_id}", "seq": one.seq}
            ),
        )
        for one in changes.events
    )
