"""The events of a session: each message is one or several of them, read or followed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct, field
from starlette.responses import StreamingResponse

from hansard.dialects.anthropic.sessions import check_thread
from hansard.http.call import Call
from hansard.http.route import Route
from hansard.http.streams import HEARTBEAT, stream
from hansard.model import Message, MessageQuery, Session, parts
from hansard.model.parts import Part
from hansard.model.times import Moment, rfc3339
from hansard.model.tool_calls import has_failed
from hansard.service.providers.media import MEDIA, answer_parts, label_of, media_of
from hansard.service.providers.names import json_object
from hansard.service.providers.text import words_of

Json = dict[str, Any]
_MOST = 200
_PATH = "/anthropic/v1/sessions/{session_id}"
_MESSAGES = {
    "user": "user.message",
    "assistant": "agent.message",
    "system": "system.message",
    "tool": "agent.message",
}


class EventParams(Struct, frozen=True, kw_only=True):
    """Which events, and which page of them."""

    example: ClassVar[Json] = {
        "types[]": ["user.message", "agent.message"],
        "created_at[gte]": "2026-01-01T00:00:00Z",
        "created_at[lte]": "2026-01-31T23:59:59Z",
        "created_at[gt]": "2026-01-01T00:00:00Z",
        "created_at[lt]": "2026-01-31T23:59:59Z",
        "limit": 100,
    }

    types: tuple[str, ...] = field(name="types[]", default=())
    """Only events of these types."""
    created_after: Moment | None = field(name="created_at[gt]", default=None)
    """Only events after this time."""
    created_from: Moment | None = field(name="created_at[gte]", default=None)
    """Only events at this time or later."""
    created_before: Moment | None = field(name="created_at[lt]", default=None)
    """Only events before this time."""
    created_until: Moment | None = field(name="created_at[lte]", default=None)
    """Only events at this time or earlier."""
    limit: Annotated[int, Meta(ge=1)] = 100
    """The most messages whose events a page may have; more than 200 counts as 200."""
    order: Literal["asc", "desc"] = "asc"
    """`asc` is oldest first."""
    page: str | None = None
    """The `next_page` of the page before."""


class EventList(Struct, frozen=True, kw_only=True):
    """A page of events."""

    example: ClassVar[Json] = {
        "data": [
            {
                "id": "msg_0190163d-8694-739b-aea5-966c00000001.0",
                "type": "user.message",
                "content": [{"type": "text", "text": "Where is my order?"}],
                "processed_at": "2026-01-31T09:30:00Z",
            }
        ],
        "next_page": None,
    }

    data: list[Json]
    """The events of the page: `user.message`, `agent.message`, `agent.thinking`,
    `agent.tool_use`, `agent.tool_result` and `system.message`."""
    next_page: str | None = None
    """The `page` that follows; null on the last one."""


async def list_events(call: Call[EventParams, None]) -> EventList:
    """List the events of a session, the oldest first"""
    return await _listed(call)


async def list_thread_events(call: Call[EventParams, None]) -> EventList:
    """List the events of the primary thread, which are those of its session"""
    await _thread(call)
    return await _listed(call)


async def follow(call: Call[None, None]) -> StreamingResponse:
    """Follow the events of a session from now on, as server-sent events"""
    return await _followed(
        call, await call.service.sessions.read(call.principal, call.path["session_id"])
    )


async def follow_thread(call: Call[None, None]) -> StreamingResponse:
    """Follow the events of the primary thread from now on"""
    return await _followed(call, await _thread(call))


async def _thread(call: Call[Any, Any]) -> Session:
    session = await call.service.sessions.read(call.principal, call.path["session_id"])
    check_thread(session, call.path["thread_id"])
    return session


async def _listed(call: Call[EventParams, None]) -> EventList:
    params, messages = call.params, call.service.messages
    name = call.path["session_id"]
    walk = ("anthropic", name, params.order)
    position = messages.position_of(call.principal, walk, params.page) if params.page else {}
    is_backwards = params.order == "desc"
    query = msgspec.structs.replace(
        MessageQuery(limit=min(params.limit, _MOST), newest=is_backwards, descending=is_backwards),
        **position,
    )
    _, rows, more = await messages.list(call.principal, name, query)
    following = messages.cursor(call.principal, walk, query, rows[-1].seq) if more else None
    shown = [
        event for message in rows if _is_within(params, message) for event in events_of(message)
    ]
    wanted = [event for event in shown if not params.types or event["type"] in params.types]
    return EventList(data=wanted, next_page=following)


def _is_within(params: EventParams, message: Message) -> bool:
    at = message.created_at
    return (
        (params.created_from is None or at >= params.created_from)
        and (params.created_after is None or at > params.created_after)
        and (params.created_until is None or at <= params.created_until)
        and (params.created_before is None or at < params.created_before)
    )


async def _followed(call: Call[Any, Any], session: Session) -> StreamingResponse:
    return await stream(call, _pieces(call, session), "text/event-stream")


async def _pieces(call: Call[Any, Any], session: Session) -> AsyncIterator[bytes]:
    """A comment at once, so that the client knows that it is connected; then event by event."""
    service, seq = call.service, session.last_seq
    start = await service.events.now(call.principal)
    yield b": connected\n\n"
    async for changes in service.events.follow(call.principal, start, HEARTBEAT):
        if changes is None:
            yield b": still here\n\n"
            continue
        if not changes.resync and all(event.session_id != session.id for event in changes.events):
            continue
        more = True
        while more:
            query = MessageQuery(after=seq, limit=_MOST)
            _, rows, more = await service.messages.list(call.principal, session.name, query)
            for message in rows:
                seq = message.seq
                yield b"".join(map(_line, events_of(message)))


def _line(event: Json) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), msgspec.json.encode(event))


def events_of(message: Message) -> Iterator[Json]:
    """The events of a message: what is said as one, and each call and answer of a tool."""
    at = rfc3339(message.created_at)
    content: list[Json] = []
    for index, part in enumerate(parts.decode(message.parts)):
        head = {"id": f"{message.id}.{index}", "processed_at": at}
        match part.type:
            case "reasoning" | "redacted_thinking":
                yield head | {"type": "agent.thinking"}
            case "tool_call":
                call = {"type": "agent.tool_use", "name": part.name or ""}
                arguments = json_object(part.arguments)
                yield head | {"id": part.id or head["id"], "input": arguments} | call
            case "tool_call_response":
                answer = {"type": "agent.tool_result", "tool_use_id": part.id or ""}
                failed = {"is_error": True} if has_failed(part) else {}
                yield head | answer | {"content": _blocks(answer_parts(part.response))} | failed
            case _:
                content += _blocks([part])
    if content:
        kind = _MESSAGES[message.role]
        yield {"id": message.id, "type": kind, "content": content, "processed_at": at}


def _blocks(shown: Iterable[Part]) -> list[Json]:
    """Content blocks: texts, images, and a line for what is neither."""
    blocks: list[Json] = []
    for part in shown:
        if part.type in MEDIA:
            blocks.append(_image(part) or {"type": "text", "text": label_of(part)})
        elif words := words_of(part):
            blocks.append({"type": "text", "text": words})
    return blocks


def _image(part: Part) -> Json | None:
    media = media_of(part)
    if media is None or not media.is_image:
        return None
    if media.data is not None:
        source = {"type": "base64", "media_type": media.mime_type, "data": media.data}
        return {"type": "image", "source": source}
    return {"type": "image", "source": {"type": "url", "url": media.url}}


_SHARED: dict[str, Any] = {"scope": "sessions:read"}
_STREAM: dict[str, Any] = _SHARED | {"media_type": "text/event-stream", "returns": str}

routes = (
    Route(f"GET {_PATH}/events", list_events, params=EventParams, returns=EventList, **_SHARED),
    Route(f"GET {_PATH}/events/stream", follow, **_STREAM),
    Route(
        f"GET {_PATH}/threads/{{thread_id}}/events",
        list_thread_events,
        params=EventParams,
        returns=EventList,
        **_SHARED,
    ),
    Route(f"GET {_PATH}/threads/{{thread_id}}/stream", follow_thread, **_STREAM),
)
