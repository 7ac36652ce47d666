"""``/v1/sessions/{session_id}/messages``: append, list in both directions, read, delete."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Raw, Struct
from msgspec.json import encode

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.fields import us
from hansard.http.route import MIB, ONCE, CacheValidator, Route
from hansard.model import Message, MessageQuery
from hansard.model.message import Role
from hansard.model.session import name_of
from hansard.model.times import Moment
from hansard.native.document_bodies import set_draft
from hansard.native.errors import NO_MESSAGE, NO_SESSION
from hansard.native.message_bodies import (
    MESSAGE,
    Appended,
    AppendIn,
    MessageDeleted,
    MessageList,
    MessageMatches,
    MessageOut,
    drafts_of,
    itemed_out,
    message_out,
)
from hansard.native.schemas import Cursor, Json, Limit
from hansard.native.sessions import SESSION_PATH, session_draft
from hansard.service.render_cache import Stretch


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
    items: bool = False
    """True shows the foreign original of each message that has one, as its `item`."""


class ReadParams(Struct, frozen=True, kw_only=True):
    """What to show of a message."""

    example: ClassVar[Json] = {"items": True}

    items: bool = False
    """True shows its foreign original, if it has one, as its `item`."""


class NamedParams(Struct, frozen=True, kw_only=True):
    """Which messages, whatever session they are of."""

    example: ClassVar[Json] = {"client_id": ["mail-88"], "items": True}

    client_id: tuple[Annotated[str, Meta(max_length=256)], ...]
    """1–100 client ids."""
    items: bool = False
    """True shows the foreign original of each message that has one, as its `item`."""


async def append_messages(call: Call[None, AppendIn]) -> Appended:
    """Append 1–100 messages, which are durable when this answers"""
    drafts = await call.off_loop(lambda: drafts_of(call.body.messages))
    expected_seq, session = call.body.expected_seq, call.body.session
    documents = [set_draft(each) for each in call.body.documents]
    call.forget_body()
    return _appended(
        await call.service.messages.append(
            call.principal,
            call.path["session_id"],
            drafts,
            expected_seq=expected_seq,
            start=None if session is None else session_draft(session),
            documents=documents,
            once=call.once(_appended),
        )
    )


def _appended(result: tuple[Any, list[Message]]) -> Appended:
    session, messages = result
    name = name_of(session.id, session.own_id)
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
    stretch = await _stretch(call, query)
    cursor = None
    if stretch.last is not None and stretch.more and params.around is None:
        cursor = call.service.messages.cursor(call.principal, _scope(call), query, stretch.last)
    return MessageList(
        data=stretch.messages,  # type: ignore[arg-type]  # each is a MessageOut, encoded already
        has_more=stretch.more,
        next_cursor=cursor,
    )


async def _stretch(call: Call[ListParams, None], query: MessageQuery) -> Stretch:
    messages = call.service.messages
    if not call.params.items:
        return await messages.list_as(call.principal, call.validator.state, query, MESSAGE)
    session, itemed, more = await messages.list_with_items(
        call.principal, call.path["session_id"], query
    )
    shown = [Raw(encode(itemed_out(session.name, *each))) for each in itemed]
    ends = [message.seq for message, _ in (itemed[:1] + itemed[-1:])]
    return Stretch(shown, more, (min if query.backwards else max)(ends, default=None))


async def list_named(call: Call[NamedParams, None]) -> MessageMatches:
    """Read messages by the caller's client ids, whatever session they are of"""
    named = await call.service.messages.named(call.principal, call.params.client_id)
    show = itemed_out if call.params.items else _without_item
    return MessageMatches(data=[show(*message) for message in named])


def _without_item(session_name: str, message: Message, _: object) -> MessageOut:
    return message_out(session_name, message)


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


async def read_message(call: Call[ReadParams, None]) -> MessageOut:
    """Read one message by its id or by the caller's client id"""
    session, message, item = await call.service.messages.read_with_item(
        call.principal, call.path["session_id"], call.path["message_id"]
    )
    return itemed_out(session.name, message, item if call.params.items else None)


async def delete_message(call: Call[None, None]) -> MessageDeleted:
    """Permanently delete one message; its seq is never used again"""
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
        msgpack=True,
        scope="sessions:write",
        body=AppendIn,
        body_limit=8 * MIB,
        returns=Appended,
        status=201,
        request_headers=(ONCE,),
        errors=NO_SESSION
        | {
            409: "`seq_mismatch`: the session is not at `expected_seq`; `seq` is where it is."
            " `session_exists`: it is of another user than `session` says.",
            412: "`revision_mismatch`: one of the `documents` is at another `revision`.",
            413: "`batch_too_large`, `document_too_large`: there are more than 100 messages or"
            " documents, or one of these has more than 4 MiB.",
        },
    ),
    Route(
        f"GET {MESSAGES_PATH}",
        list_messages,
        msgpack=True,
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
        msgpack=True,
        scope="sessions:read",
        params=ReadParams,
        returns=MessageOut,
        errors=NO_MESSAGE,
    ),
    Route(
        "GET /v1/messages",
        list_named,
        msgpack=True,
        scope="sessions:read",
        params=NamedParams,
        returns=MessageMatches,
        errors={413: "`too_many_messages`: more than 200 messages have these client ids."},
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
