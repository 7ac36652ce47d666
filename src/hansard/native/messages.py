"""``/v1/sessions/{session_id}/messages``: append, list in both directions, read, delete."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.fields import Moment, us
from hansard.http.route import MIB, ONCE, CacheValidator, Route
from hansard.model import Message, MessageDraft, MessageQuery, Usage, parts
from hansard.model.message import Role
from hansard.model.times import rfc3339
from hansard.native.schemas import Metadata, Parts, PartsIn
from hansard.service.render_cache import MessageProjection


class UsageIn(Usage, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a caller says of it."""


class UsageOut(Struct, frozen=True, kw_only=True):
    """Model tokens and their price in US dollars."""

    input_tokens: int
    output_tokens: int
    cost_usd: float


class MessageIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text`` may stand for a single text part."""

    instead: ClassVar[dict[str, str]] = {
        "content": "what is said goes into 'text', or into 'parts' as a list"
    }

    role: Role
    parts: PartsIn | UnsetType = UNSET
    text: str | None = None
    client_id: str | None = None
    created_at: Moment | None = None
    run_id: str | None = None
    sender: Literal["operator"] | None = None
    sender_id: str | None = None
    model: str | None = None
    usage: UsageIn | None = None
    metadata: Metadata | UnsetType = UNSET


class AppendIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``expected_seq`` is the last seq that the caller knows: a session that has moved on answers 409."""

    example: ClassVar[dict[str, Any]] = {
        "messages": [
            {"role": "user", "text": "Where is my order?", "client_id": "mail-88"},
            {
                "role": "assistant",
                "parts": [
                    {
                        "type": "tool_call",
                        "id": "call_1",
                        "name": "find_order",
                        "arguments": {"order": 17},
                    }
                ],
            },
            {
                "role": "tool",
                "parts": [{"type": "tool_call_response", "id": "call_1", "response": "shipped"}],
            },
            {
                "role": "assistant",
                "text": "It arrives tomorrow.",
                "usage": {"input_tokens": 210, "output_tokens": 9},
            },
        ],
        "expected_seq": 0,
    }

    messages: list[MessageIn]
    expected_seq: Annotated[int, Meta(ge=0)] | None = None


class ListParams(Struct, frozen=True, kw_only=True):
    """``before``, ``after`` and ``around`` take a message id, a client id or a seq."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    order: Literal["asc", "desc"] = "asc"
    cursor: str | None = None
    before: str | None = None
    after: str | None = None
    around: str | None = None
    role: list[Role] = []
    as_of: (
        Annotated[
            Moment,
            Meta(
                description="the transcript as it stood then: only messages of that time or before it"
            ),
        ]
        | None
    ) = None


class MessageOut(Struct, frozen=True, kw_only=True):
    id: str
    session_id: str
    seq: int
    role: str
    parts: Parts
    created_at: str
    client_id: str | UnsetType = UNSET
    run_id: str | UnsetType = UNSET
    sender: str | UnsetType = UNSET
    sender_id: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    usage: UsageOut | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


class Appended(Struct, frozen=True, kw_only=True):
    data: list[MessageOut]


class MessageList(Struct, frozen=True, kw_only=True):
    data: list[MessageOut]
    has_more: bool
    next_cursor: str | None


class MessageDeleted(Struct, frozen=True, kw_only=True):
    id: str
    deleted: bool


async def append_messages(call: Call[None, AppendIn]) -> Appended:
    """Append one message or a batch of up to 100, durable when this answers"""
    drafts = [draft_of(message, index) for index, message in enumerate(call.body.messages)]
    appended = await call.service.messages.append(
        call.principal,
        call.path["session_id"],
        drafts,
        expected_seq=call.body.expected_seq,
        once=call.once(_appended),
    )
    return _appended(appended)


def _appended(appended: tuple[Any, list[Message]]) -> Appended:
    session, messages = appended
    name = session.own_id or f"ses_{session.id}"
    return Appended(data=[message_out(name, message) for message in messages])


async def _mark(call: Call[Any, Any]) -> CacheValidator:
    """What is said in a session changes with its row."""
    one = await call.service.messages.standing(call.principal, call.path["session_id"])
    return CacheValidator(one, f'W/"{one.tag}"')


async def list_messages(call: Call[ListParams, None]) -> MessageList:
    """Read a transcript forwards or backwards, or around one message"""
    asked = call.params
    backwards, until = asked.order == "desc", None if asked.as_of is None else asked.as_of.us + 1
    query = MessageQuery(
        limit=asked.limit,
        descending=backwards,
        newest=backwards,
        roles=tuple(asked.role),
        created_before=until,
        **await _place(call),
    )
    shown = await call.service.messages.list_as(
        call.principal, call.validator.state, query, MESSAGE
    )
    cursor = None
    if shown.last is not None and shown.more and asked.around is None:
        cursor = call.service.messages.cursor(call.principal, _walk(call), query, shown.last)
    return MessageList(data=shown.messages, has_more=shown.more, next_cursor=cursor)  # type: ignore[arg-type]  # each is a MessageOut, encoded already


async def _place(call: Call[ListParams, None]) -> dict[str, int]:
    asked = call.params
    given = [
        (field, value)
        for field in ("before", "after", "around")
        if (value := getattr(asked, field)) is not None
    ]
    if len(given) + (asked.cursor is not None) > 1:
        raise Invalid(
            "give one of before, after, around and cursor, not several", param=given[-1][0]
        )
    if asked.cursor is not None:
        return call.service.messages.place_of(call.principal, _walk(call), asked.cursor)
    return {
        field: await call.service.messages.place(
            call.principal, call.path["session_id"], value, param=field
        )
        for field, value in given
    }


def _walk(call: Call[ListParams, None]) -> list[object]:
    """What must be the same on every page: a cursor belongs to it."""
    asked = call.params
    return [call.path["session_id"], asked.order, sorted(asked.role), us(asked.as_of)]


async def read_message(call: Call[None, None]) -> MessageOut:
    """Read one message by its id or by the caller's client id"""
    session, message = await call.service.messages.read(
        call.principal, call.path["session_id"], call.path["message_id"]
    )
    return message_out(session.name, message)


async def delete_message(call: Call[None, None]) -> MessageDeleted:
    """Delete one message for ever; its seq is never used again"""
    name = call.path["message_id"]

    def tell(_session: object) -> MessageDeleted:
        return MessageDeleted(id=name, deleted=True)

    return tell(
        await call.service.messages.delete(
            call.principal, call.path["session_id"], name, once=call.once(tell)
        )
    )


def draft_of(given: MessageIn, index: int) -> MessageDraft:
    """The message that a caller means; Invalid names the part that is wrong."""
    where = f"messages[{index}]"
    raw, spent = _said(given.parts), given.usage or UsageIn()
    if (raw is None) == (given.text is None):
        raise Invalid(f"{where} needs either parts or text", param=f"{where}.parts")
    if raw is None:
        raw = parts.text_part(given.text or "")
    checked = parts.check(raw, f"{where}.parts")
    metadata = _said(given.metadata) or Raw(b"{}")
    if not bytes(metadata).lstrip().startswith(b"{"):
        raise Invalid(f"{where}.metadata must be an object", param=f"{where}.metadata")
    return MessageDraft(
        role=given.role,
        parts=raw.copy(),
        text=parts.text_of(checked),
        client_id=given.client_id,
        sender=given.sender,
        sender_id=given.sender_id,
        model=given.model,
        run_id=given.run_id,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_nanos=round(spent.cost_usd * 1e9),
        created_at=us(given.created_at),
        metadata=metadata.copy(),
    )


def _said(value: Raw | UnsetType) -> Raw | None:
    """What was said; null says nothing."""
    return None if value is UNSET or bytes(value) == b"null" else value


def message_out(session_name: str, message: Message) -> MessageOut:
    spent = message.input_tokens or message.output_tokens or message.cost_nanos
    return MessageOut(
        id=message.id,
        session_id=session_name,
        seq=message.seq,
        role=message.role,
        parts=message.parts,
        created_at=rfc3339(message.created_at),
        client_id=message.client_id or UNSET,
        run_id=message.run_id or UNSET,
        sender=message.sender or UNSET,
        sender_id=message.sender_id or UNSET,
        model=message.model or UNSET,
        usage=UsageOut(
            input_tokens=message.input_tokens,
            output_tokens=message.output_tokens,
            cost_usd=message.cost_nanos / 1e9,
        )
        if spent
        else UNSET,
        metadata=message.metadata if bytes(message.metadata) != b"{}" else UNSET,
    )


MESSAGE = MessageProjection("native.message", message_out)
MANY = "/v1/sessions/{session_id}/messages"

routes = (
    Route(
        f"POST {MANY}",
        append_messages,
        scope="sessions:write",
        body=AppendIn,
        body_limit=8 * MIB,
        returns=Appended,
        status=201,
        request_headers=(ONCE,),
    ),
    Route(
        f"GET {MANY}",
        list_messages,
        scope="sessions:read",
        params=ListParams,
        returns=MessageList,
        cached=True,
        validator=_mark,
    ),
    Route(f"GET {MANY}/{{message_id}}", read_message, scope="sessions:read", returns=MessageOut),
    Route(
        f"DELETE {MANY}/{{message_id}}",
        delete_message,
        scope="sessions:delete",
        returns=MessageDeleted,
        request_headers=(ONCE,),
    ),
)
