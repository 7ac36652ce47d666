"""Messages of a thread: appended, replaced in place, listed with the newest first, deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from starlette.responses import Response, StreamingResponse

from hansard.dialects.assistant_ui.contents import (
    AI_SDK,
    AUI,
    Json,
    Stored,
    content_of,
    draft_of,
    stored_of,
)
from hansard.dialects.assistant_ui.errors import NO_MESSAGE, NO_THREAD
from hansard.dialects.assistant_ui.leases import HEARTBEAT_MS, RunOut, hold, open_lease, run_out
from hansard.dialects.assistant_ui.threads import MOST, PATH
from hansard.dialects.assistant_ui.trees import Itemed, message_before, parents_of, stretches
from hansard.errors import NotFound
from hansard.http.call import Call
from hansard.http.fields import Time, schema_of
from hansard.http.route import MIB, Route
from hansard.http.streams import filled, stream
from hansard.ids import RUN
from hansard.model import Message, Run, Session
from hansard.model.item import Item
from hansard.model.times import rfc3339_ms

_CONTENT: Json = {"role": "user", "content": [{"type": "text", "text": "Where is my order?"}]}
_IDENT = "msg_0190163d-8694-739b-aea5-966c00000001"
_BODY = 8 * MIB
Content = Annotated[Raw, schema_of(Json)]


class MessageParams(Struct, kw_only=True, frozen=True):
    """Which messages."""

    format: str | None = None
    """Only messages of this format, such as `aui/v0` or `ai-sdk/v6`."""
    limit: Annotated[int, Meta(ge=1)] = MOST
    """The most messages that a page may have; more than 200 counts as 200."""
    after: str | None = None
    """The `id` of the last message of the page before, which is its oldest."""


class MessageIn(Struct, kw_only=True, frozen=True):
    """A message to append."""

    example: ClassVar[Json] = {
        "parent_id": None,
        "format": AUI,
        "content": _CONTENT,
        "external_id": "m-1",
        "parent_external_id": "m-0",
        "open_run": True,
        "lease_id": "run_0190163d-8694-739b-aea5-966c26f8ad91",
    }

    format: Annotated[str, Meta(min_length=1, max_length=64)]
    """What its content is, such as `aui/v0` or `ai-sdk/v6`; 1–64 characters."""
    content: Content
    """The message as the runtime has it: an object, kept byte for byte."""
    parent_id: str | None = None
    """The message that it hangs under, by its `id` or `external_id`; null for a first one."""
    external_id: str | None = None
    """The runtime's own id of it, 1–256 characters: sent again with the same one, it is stored
    once."""
    parent_external_id: str | None = None
    """The message that it hangs under, where `parent_id` is null."""
    open_run: bool = False
    """True opens a run lease: the message is still being written."""
    lease_id: str | None = None
    """Replaces the content of the message with the `external_id`, as the holder of its lease."""


class MessageCreated(Struct, kw_only=True):
    """Which message was stored, and its lease where it has one."""

    example: ClassVar[Json] = {
        "message_id": _IDENT,
        "lease_id": "run_0190163d-8694-739b-aea5-966c26f8ad91",
        "heartbeat_interval_ms": HEARTBEAT_MS,
    }

    message_id: str
    """The id of the message."""
    lease_id: str | UnsetType = UNSET
    """The lease; only with `open_run`."""
    heartbeat_interval_ms: int | UnsetType = UNSET
    """The milliseconds between two heartbeats; only with `open_run`."""


class MessagePatch(Struct, kw_only=True, frozen=True):
    """Another content of a message."""

    example: ClassVar[Json] = {
        "content": _CONTENT,
        "lease_id": "run_0190163d-8694-739b-aea5-966c26f8ad91",
    }

    content: Content
    """The message as the runtime has it now: an object. What was there before is gone for good."""
    lease_id: str | None = None
    """The lease of the writer, which this keeps alive."""


class DeleteIn(Struct, kw_only=True, frozen=True):
    """Messages to delete."""

    example: ClassVar[Json] = {"message_ids": [_IDENT]}

    message_ids: Annotated[list[str], Meta(min_length=1, max_length=100)]
    """1–100 messages, by their ids."""


class MessageOut(Struct, kw_only=True):
    """A message of a thread."""

    example: ClassVar[Json] = {
        "id": _IDENT,
        "parent_id": None,
        "height": 0,
        "created_at": "2026-01-31T09:30:00.000Z",
        "updated_at": "2026-01-31T09:30:00.000Z",
        "format": AUI,
        "content": _CONTENT,
        "external_id": "m-1",
        "run": RunOut.example,
    }

    id: str
    """The message's id, as in the native API."""
    parent_id: str | None
    """The message that it hangs under; null for a first one."""
    height: int
    """How many messages were above it when it came."""
    created_at: Time
    """When it was created."""
    updated_at: Time
    """When it was last replaced, else when it was created."""
    format: str
    """What its content is."""
    content: Content
    """The message as the runtime gave it; one of another API in the format that was asked for,
    else in `aui/v0`."""
    external_id: str | None
    """The runtime's own id of it; null where it gave none."""
    run: RunOut | UnsetType = UNSET
    """Its lease; only where it has one."""


class MessageList(Struct, kw_only=True):
    """A page of messages."""

    messages: list[MessageOut]
    """The messages of the page, the newest first."""


async def create_message(call: Call[None, MessageIn]) -> MessageCreated:
    """Append a message to a thread"""
    body, thread = call.body, call.path["thread_id"]
    if body.lease_id is not None:
        return await _write_as_holder(call, thread, body.lease_id)
    parent_id, height = await _position(call, thread, body.parent_id or body.parent_external_id)
    stored = Stored(format=body.format, parent_id=parent_id, height=height, content=body.content)
    run_id = call.service.ids.prefixed(RUN) if body.open_run else None
    draft = draft_of(stored, client_id=body.external_id, run_id=run_id)
    _, messages = await call.service.messages.append(call.principal, thread, [draft])
    run = await open_lease(call, thread, messages[0]) if body.open_run else None
    if run is None:
        return MessageCreated(message_id=messages[0].id)
    return MessageCreated(
        message_id=messages[0].id, lease_id=run.id, heartbeat_interval_ms=HEARTBEAT_MS
    )


async def _write_as_holder(
    call: Call[None, MessageIn], thread: str, lease_id: str
) -> MessageCreated:
    message = await _replace(call, thread, call.body.external_id or "", lease_id)
    return MessageCreated(message_id=message.id)


async def _position(call: Call[Any, Any], thread: str, named: str | None) -> tuple[str | None, int]:
    """The parent's id, and how many messages are above its child; NotFound."""
    if not named:
        return None, 0
    _, parent, item = await _message(call, thread, named)
    stored = stored_of(item)
    return parent.id, parent.seq if stored is None else stored.height + 1


async def update_message(call: Call[None, MessagePatch]) -> Response:
    """Replace the content of a message, in place"""
    await _replace(call, call.path["thread_id"], call.path["message_id"], call.body.lease_id)
    return Response(status_code=204)


async def _replace(
    call: Call[None, MessageIn] | Call[None, MessagePatch],
    thread: str,
    name: str,
    lease_id: str | None,
) -> Message:
    """Put the content of the body into a message; Conflict for one who does not hold its lease."""
    _, message, item = await _message(call, thread, name)
    if lease_id is not None:
        await hold(call, thread, message, lease_id)
    before, content = stored_of(item), call.body.content
    if before is None:
        before = Stored(
            format=AI_SDK if b'"parts"' in bytes(content) else AUI,
            parent_id=await message_before(call, thread, message.seq),
            height=message.seq - 1,
            content=content,
        )
    stored = Stored(
        format=before.format, parent_id=before.parent_id, height=before.height, content=content
    )
    await call.service.messages.edit(
        call.principal, thread, message.id, draft_of(stored, before=message)
    )
    return message


async def _message(
    call: Call[Any, Any], thread: str, name: str
) -> tuple[Session, Message, Item | None]:
    rows: tuple[Session, Message, Item | None] = await call.service.messages.read_with_item(
        call.principal, thread, name
    )
    return rows


async def list_messages(call: Call[MessageParams, None]) -> StreamingResponse:
    """List the messages of a thread, the newest first"""
    session = await call.service.sessions.read(call.principal, call.path["thread_id"])
    before = None
    if call.params.after is not None:
        before = await call.service.messages.find_seq(
            call.principal, session.name, call.params.after, param="after"
        )
    return await stream(call, _page(call, session, before))


async def _page(
    call: Call[MessageParams, None], session: Session, before: int | None
) -> AsyncIterator[bytes]:
    async for data in filled(b'{"messages":[', _shown(call, session, before)):
        yield data
    yield b"]}"


async def _shown(
    call: Call[MessageParams, None], session: Session, before: int | None
) -> AsyncIterator[list[MessageOut]]:
    """The messages of the page, some at a time; a page is full unless the thread is at its end."""
    left = min(call.params.limit, MOST)
    async for stretch in stretches(call, session.name, before):
        shown = await _stretch(call, session, stretch)
        yield shown[:left]
        left -= len(shown)
        if left <= 0:
            return


async def _stretch(
    call: Call[MessageParams, None], session: Session, stretch: Itemed
) -> list[MessageOut]:
    """A stretch, without the messages of other formats."""
    wanted, now = call.params.format, call.service.clock()
    runs = await call.service.runs.by_ids(
        call.principal, session, [message.run_id for message, _ in stretch if message.run_id]
    )
    parents = await parents_of(call, session.name, stretch)
    shown = [
        message_out(message, item, parent, wanted, runs, now)
        for (message, item), parent in zip(stretch, parents, strict=True)
    ]
    return [each for each in shown if each is not None]


def message_out(  # noqa: PLR0913 - what is shown of it
    message: Message,
    item: Item | None,
    parent_id: str | None,
    wanted: str | None,
    runs: dict[str, Run],
    now: int,
) -> MessageOut | None:
    """The message in the wanted format; None where it is of another one."""
    stored = stored_of(item)
    content = content_of(message, wanted or AUI) if stored is None else stored.content
    shown = (wanted or AUI) if stored is None else stored.format
    if content is None or wanted not in (None, shown):
        return None
    run = runs.get(message.run_id or "")
    return MessageOut(
        id=message.id,
        parent_id=parent_id,
        height=message.seq - 1 if stored is None else stored.height,
        created_at=rfc3339_ms(message.created_at),
        updated_at=rfc3339_ms(message.edited_at or message.created_at),
        format=shown,
        content=content,  # type: ignore[arg-type]  # JSON in either form
        external_id=message.client_id,
        run=UNSET if run is None else run_out(run, now),
    )


async def delete_messages(call: Call[None, DeleteIn]) -> Response:
    """Permanently delete messages; those that are not there are passed over

    Raises 404 where none of them is there.
    """
    absent: NotFound | None = None
    deleted = 0
    for ident in dict.fromkeys(call.body.message_ids):
        try:
            await call.service.messages.delete(call.principal, call.path["thread_id"], ident)
        except NotFound as problem:
            absent = problem
        else:
            deleted += 1
    if absent is not None and not deleted:
        raise absent
    return Response(status_code=204)


_MESSAGES = f"{PATH}/{{thread_id}}/messages"

routes = (
    Route(
        f"GET {_MESSAGES}",
        list_messages,
        scope="sessions:read",
        params=MessageParams,
        returns=MessageList,
        errors=NO_THREAD,
    ),
    Route(
        f"POST {_MESSAGES}",
        create_message,
        scope="sessions:write",
        body=MessageIn,
        body_limit=_BODY,
        returns=MessageCreated,
        errors=NO_MESSAGE | {409: "The lease is another's, or has ended."},
    ),
    Route(
        f"PUT {_MESSAGES}/{{message_id}}",
        update_message,
        scope="sessions:write",
        body=MessagePatch,
        body_limit=_BODY,
        status=204,
        errors=NO_MESSAGE | {409: "The lease is another's, or has ended."},
    ),
    Route(
        f"DELETE {_MESSAGES}",
        delete_messages,
        scope="sessions:delete",
        body=DeleteIn,
        status=204,
        errors=NO_MESSAGE,
    ),
)
