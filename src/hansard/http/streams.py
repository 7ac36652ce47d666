"""Answers that take long: server-sent events and downloads.

Both end with the caller's key, and with the sign-in where that opened them.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.responses import StreamingResponse

from hansard.errors import Invalid, Unauthenticated
from hansard.http.answers import KEPT_BY_ITS_CALLER
from hansard.http.compression import GZIP, accepts_gzip, compressed_pieces, is_compressible, weak

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from hansard.http.call import Call
    from hansard.service.events import Changes, Events

HEARTBEAT = 15.0
T = TypeVar("T")
_CHECK_SECONDS = 1.0
_ITEMS = 50
_DOWNLOAD_HEADERS = {
    "cache-control": "no-store",
    "vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
_KEPT_BY_ITS_CALLER = {name.decode(): value.decode() for name, value in KEPT_BY_ITS_CALLER}
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def event_stream(
    call: Call[Any, Any], events: Events, after: int | None
) -> StreamingResponse:
    """Changes of the caller's workspace.

    They begin after ``Last-Event-ID``, else after ``after``, else now.
    """
    last_id = call.headers.get("last-event-id")
    if last_id and not (last_id.isascii() and last_id.isdigit() and len(last_id) < 19):  # noqa: PLR2004 - within 64 bits
        raise Invalid("Last-Event-ID is not one that this stream gave", param="Last-Event-ID")
    start = int(last_id) if last_id else after
    if start is None:
        start = await events.now(call.principal)
    return StreamingResponse(
        _event_lines(call, events, start), media_type="text/event-stream", headers=_HEADERS
    )


async def download(
    call: Call[Any, Any], pieces: AsyncIterator[bytes], media_type: str, suffix: str
) -> StreamingResponse:
    """A file in pieces.

    It begins with the first one, so that what fails before that is an error.
    """
    return await stream(call, pieces, media_type, f"hansard.{suffix}")


async def stream(
    call: Call[Any, Any],
    pieces: AsyncIterator[bytes],
    media_type: str = "application/json",
    filename: str | None = None,
) -> StreamingResponse:
    """An answer in pieces, each of which is made when the one before it is out.

    A file where it has a name.

    That of a cached route has its ETag: who has the whole answer may ask whether it still holds.
    """
    first = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in _while_valid(call, pieces):
            yield piece

    content, headers = whole(), dict(_DOWNLOAD_HEADERS)
    is_packed = is_compressible(media_type) and accepts_gzip(call.headers)
    if is_packed:
        content = compressed_pieces(content)
        headers["Content-Encoding"] = GZIP
    name = {"Content-Disposition": f'attachment; filename="{filename}"'} if filename else {}
    headers |= name
    if call.route.cached:
        tag = call.validator.tag
        headers |= _KEPT_BY_ITS_CALLER | {"ETag": weak(tag) if is_packed else tag}
    return StreamingResponse(content, media_type=media_type, headers=headers)


async def filled(
    head: bytes,
    pieces: AsyncIterator[Sequence[object]],
    encode: Callable[[object], bytes] = msgspec.json.encode,
) -> AsyncIterator[bytes]:
    """A JSON array of the items of the pieces, without its closing bracket.

    It begins with ``head``, which has the opening bracket.
    """
    yield head
    separator = b""
    async for items in pieces:
        for start in range(0, len(items), _ITEMS):
            yield separator + b",".join(map(encode, items[start : start + _ITEMS]))
            separator = b","


async def _while_valid(call: Call[Any, Any], items: AsyncIterator[T]) -> AsyncIterator[T]:
    """The items, as long as the caller's key and sign-in are good.

    Raises Unauthenticated before it gives anything to a key that was revoked or has expired more
    than a second ago, or to a sign-in that has ended.
    """
    caller, checked_at = call.principal, -_CHECK_SECONDS
    async for item in items:
        now = time.monotonic()
        if now - checked_at >= _CHECK_SECONDS:
            await call.service.keys.holder(caller.workspace_id, caller.key_id)
            await call.authenticate()
            checked_at = now
        yield item


async def _event_lines(call: Call[Any, Any], events: Events, after: int) -> AsyncIterator[bytes]:
    """The stream, which ends with the caller's key or sign-in."""
    yield f"retry: 1000\nid: {after}\nevent: hello\ndata: {{}}\n\n".encode()
    with contextlib.suppress(Unauthenticated):
        async for changes in _while_valid(call, events.follow(call.principal, after, HEARTBEAT)):
            yield b": still here\n\n" if changes is None else _lines(changes)


def _lines(changes: Changes) -> bytes:
    """The events.

    Behind a resync those that are still kept, so that one who breaks off there misses none of them.
    """
    at = changes.events[0].n - 1 if changes.events else changes.next
    resync = b'id: %d\nevent: resync\ndata: {"next":%d}\n\n' % (at, at) if changes.resync else b""
    return resync + b"".join(
        b"id: %d\ndata: %b\n\n"
        % (
            event.n,
            msgspec.json.encode(
                {"type": event.type, "session_id": f"ses_{event.session_id}", "seq": event.seq}
            ),
        )
        for event in changes.events
    )
