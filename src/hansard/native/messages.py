"""``/v1/sessions/{session_id}/messages``: append, list in both directions, read, delete."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from msgspec import Struct

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.fields import us
from hansard.http.route import MIB, ONCE, CacheValidator, Route
from hansard.model import Message, MessageQuery
from hansard.model.message import Role
from hansard.model.times import Moment
from hansard.native.errors import NO_MESSAGE, NO_SESSION
from hansard.native.message_bodies import (
    MESSAGE,
    Appended,
    AppendIn,
    MessageDeleted,
    MessageList,
    MessageOut,
    draft_of,
    message_out,
)
from hansard.native.schemas import Cursor, Json, Limit
from hansard.native.sessions import SESSION_PATH


class ListParams(Struct, frozen=True, kw_only=True):
    """Which stretch of a transcript; ``before``, ``after``, ``around``, ``cursor`` exclude others.

    The first three take a ``seq``, or the ``id`` or ``client_id`` of a message.
    """

    example: ClassVar[Json] = {
        "before": "42",
        "after": "mail-88",
        "around": "msg_0190163d-8694-739b-aea5-966c00000004",
        "role": ["user", "assistant"],
        "as_of": "2026-01-31T09:30:00Z",
    }

    limit: Limit = 50
    """The most messages that a page may have."""
    order: Literal["asc", "desc"] = "asc"
    """`asc` begins with the oldest message, `desc` with the newest."""
    cursor: Cursor = None
    before: str | None = None
    """The last messages before this one: a `seq`, an `id` or a `client_id`."""
    after: str | None = None
    """The first messages after this one: a `seq`, an `id` or a `client_id`."""
    around: str | None = None
    """This message and those around it: a `seq`, an `id` or a `client_id`."""
    role: tuple[Role, ...] = ()
    """Only messages with one of these roles."""
    as_of: Moment | None = None
    """The transcript as it stood then: only messages of that time or before."""


async def append_messages(call: Call[None, AppendIn]) -> Appended:
    """Append 1–100 messages, which are durable when this answers"""
    drafts = await call.off_loop(
        lambda: [draft_of(message, index) for index, message in enumerate(call.body.messages)]
    )
    expected_seq = call.body.expected_seq
    call.forget_body()
    return _appended(
        await call.service.messages.append(
            call.principal,
            call.path["session_id"],
            drafts,
            expected_seq=expected_seq,
            once=call.once(_appended),
        )
    )


def _appended(result: tuple[Any, list[Message]]) -> Appended:
    session, messages = result
    name = session.own_id or f"ses_{session.id}"
    return Appended(data=[message_out(name, message) for message in messages])


async def _validator(call: Call[Any, Any]) -> CacheValidator:
    """A transcript is current while its session's row is."""
    revision = await call.service.messages.standing(call.principal, call.path["session_id"])
    return CacheValidator(revision, f'W/"{revision.tag}"')


async def list_messages(call: Call[ListParams, None]) -> MessageList:
    """Read a transcript forwards, backwards, or around a message"""
    params = call.params
    backwards, until = (
        params.order == "desc",
        None if params.as_of is None else int(params.as_of) + 1,
    )
    query = MessageQuery(
        limit=params.limit,
        descending=backwards,
        newest=backwards,
        roles=tuple(params.role),
        created_before=until,
        **await _position(call),
    )
    stretch = await call.service.messages.list_as(
        call.principal, call.validator.state, query, MESSAGE
    )
    cursor = None
    if stretch.last is not None and stretch.more and params.around is None:
        cursor = call.service.messages.cursor(call.principal, _scope(call), query, stretch.last)
    return MessageList(
        data=stretch.messages,  # type: ignore[arg-type]  # each is a MessageOut, encoded already
        has_more=stretch.more,
        next_cursor=cursor,
    )


async def _position(call: Call[ListParams, None]) -> dict[str, int]:
    """Where the page begins, as a field of MessageQuery."""
    params = call.params
    positions = [
        (field, value)
        for field in ("before", "after", "around")
        if (value := getattr(params, field)) is not None
    ]
    if len(positions) + (params.cursor is not None) > 1:
        raise Invalid(
            "give one of before, after, around and cursor, not several", param=positions[-1][0]
        )
    if params.cursor is not None:
        return call.service.messages.position_of(call.principal, _scope(call), params.cursor)
    return {
        field: await call.service.messages.find_seq(
            call.principal, call.path["session_id"], value, param=field
        )
        for field, value in positions
    }


def _scope(call: Call[ListParams, None]) -> list[object]:
    """What must be the same on every page: a cursor belongs to it."""
    params = call.params
    return [call.path["session_id"], params.order, sorted(params.role), us(params.as_of)]


async def read_message(call: Call[None, None]) -> MessageOut:
    """Read one message by its id or by the caller's client id"""
    session, message = await call.service.messages.read(
        call.principal, call.path["session_id"], call.path["message_id"]
    )
    return message_out(session.name, message)


async def delete_message(call: Call[None, None]) -> MessageDeleted:
    """Delete one message for ever; its seq is never used again"""
    name = call.path["message_id"]

    def deleted(_session: object) -> MessageDeleted:
        return MessageDeleted(id=name, deleted=True)

    return deleted(
        await call.service.messages.delete(
            call.principal, call.path["session_id"], name, once=call.once(deleted)
        )
    )


MESSAGES_PATH = f"{SESSION_PATH}/messages"

routes = (
    Route(
        f"POST {MESSAGES_PATH}",
        append_messages,
        scope="sessions:write",
        body=AppendIn,
        body_limit=8 * MIB,
        returns=Appended,
        status=201,
        request_headers=(ONCE,),
        errors=NO_SESSION
        | {
            409: "`seq_mismatch`: the session is not at `expected_seq`; `seq` is where it is.",
            413: "`batch_too_large`: there are more than 100 messages.",
        },
    ),
    Route(
        f"GET {MESSAGES_PATH}",
        list_messages,
        scope="sessions:read",
        params=ListParams,
        returns=MessageList,
        cached=True,
        validator=_validator,
        errors=NO_SESSION,
    ),
    Route(
        f"GET {MESSAGES_PATH}/{{message_id}}",
        read_message,
        scope="sessions:read",
        returns=MessageOut,
        errors=NO_MESSAGE,
    ),
    Route(
        f"DELETE {MESSAGES_PATH}/{{message_id}}",
        delete_message,
        scope="sessions:delete",
        returns=MessageDeleted,
        request_headers=(ONCE,),
        errors=NO_MESSAGE,
    ),
)
