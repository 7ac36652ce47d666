"""What the native API takes and shows of a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hansard.errors import Invalid
from hansard.http.fields import Time, us
from hansard.model import Message, MessageDraft, Usage, parts
from hansard.model.item import Item
from hansard.model.message import ROLES, is_role
from hansard.model.times import Moment, rfc3339
from hansard.model.usage import SUMS
from hansard.native.document_bodies import DocumentSet
from hansard.native.schemas import (
    AnyJson,
    Deleted,
    HasMore,
    Json,
    Metadata,
    NextCursor,
    Parts,
    RoleIn,
    RoleOut,
    SessionId,
)
from hansard.native.session_bodies import SessionStart
from hansard.native.usage_bodies import UsageIn, UsageOut, usage_out
from hansard.service.messages import check_count
from hansard.service.render_cache import MessageProjection

_TAKEN = (*ROLES, "developer")


class ItemIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The foreign original of a message, kept byte for byte: ``data`` or ``base64``."""

    example: ClassVar[Json] = {
        "format": "openai.response",
        "data": {"type": "reasoning", "id": "rs_1", "summary": []},
    }

    format: str
    """What it is, by a name of the caller's choice: 1–64 characters."""
    data: AnyJson | UnsetType = UNSET
    """Any JSON value; its text is kept as it stands in the request."""
    base64: bytes | UnsetType = UNSET
    """Any bytes, in base64, such as JSON that no strict reader takes."""


class ItemOut(Struct, frozen=True, kw_only=True):
    """The foreign original of a message: ``data`` or ``base64``, as it came."""

    described_by: ClassVar[type[Struct]] = ItemIn
    example: ClassVar[Json] = ItemIn.example

    format: str
    data: AnyJson | UnsetType = UNSET
    base64: bytes | UnsetType = UNSET


class MessageOut(Struct, frozen=True, kw_only=True):
    """One entry of a session. A field that was not set is left out."""

    described_by: ClassVar[type[Struct]] = Message
    example: ClassVar[Json] = {
        "id": "msg_0190163d-8694-739b-aea5-966c00000004",
        "session_id": "order-17",
        "seq": 4,
        "role": "assistant",
        "parts": [{"type": "text", "content": "It arrives tomorrow."}],
        "created_at": "2026-01-31T09:30:41Z",
        "client_id": "mail-89",
        "run_id": "turn-1",
        "sender": "operator",
        "sender_id": "grace",
        "model": "gpt-5",
        "usage": Usage.example,
        "metadata": {"finish_reason": "stop"},
        "edited_at": "2026-01-31T09:35:00Z",
        "item": ItemIn.example,
    }

    id: str
    session_id: SessionId
    seq: int
    role: RoleOut
    """`system`, `user`, `assistant`, `tool`, `developer`, or another that came with an item. Set by
    the caller."""
    parts: Parts
    created_at: Time
    client_id: str | UnsetType = UNSET
    run_id: str | UnsetType = UNSET
    sender: str | UnsetType = UNSET
    sender_id: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    usage: UsageOut | UnsetType = UNSET
    """The model tokens of this message and their price. Set by the caller."""
    metadata: Metadata | UnsetType = UNSET
    edited_at: Time | UnsetType = UNSET
    item: ItemOut | UnsetType = UNSET
    """Its foreign original. Set by the caller; shown with `items=true` alone."""


class MessageChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a message says; it has either ``parts`` or ``text``."""

    described_by: ClassVar[type[Struct]] = MessageOut
    example: ClassVar[Json] = {"role": "user", "text": "Where is order 17?"}
    instead: ClassVar[dict[str, str]] = {
        "content": "what is said goes into 'text', or into 'parts' as a list"
    }

    role: RoleIn
    """`system`, `user`, `assistant`, `tool` or `developer`; with an `item` any other as well."""
    parts: Parts | UnsetType = UNSET
    text: str | None = None
    """Short for `parts` with one text part of this content."""
    run_id: str | None = None
    sender: Literal["operator"] | None = None
    sender_id: str | None = None
    model: str | None = None
    usage: UsageIn | None = None
    metadata: Metadata | UnsetType = UNSET
    item: ItemIn | None = None
    """The foreign original that the message stands for. It is neither shown on the page nor
    searched: `parts` are."""


class MessageIn(MessageChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to append; it has either ``parts`` or ``text``."""

    described_by: ClassVar[type[Struct]] = MessageChange
    example: ClassVar[Json] = {
        "role": "user",
        "text": "Where is my order?",
        "client_id": "mail-88",
    }

    client_id: str | None = None
    """The caller's own id, 1–256 characters, unique in the session: a message sent again with
    the same one is stored once."""
    created_at: Moment | None = None
    """When it was written; at most a day ahead. The time of the request by default."""


class AppendIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages to append, in their order: all of them or, after an error, none."""

    example: ClassVar[Json] = {
        "messages": [
            MessageIn.example,
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
    """1–100 messages."""
    expected_seq: Annotated[int, Meta(ge=0)] | None = None
    """The `last_seq` that the caller knows: refused with 409 when the session is further on."""
    session: SessionStart | None = None
    """Creates the session of the path in the same transaction where it is not there. One that is
    there is not changed."""
    documents: list[DocumentSet] = []
    """Documents to set in the same transaction, at most 100. With the scope `session`, and without
    a `session`, they are those of the path's."""


class Appended(Struct, frozen=True, kw_only=True):
    """The messages as they are stored."""

    data: list[MessageOut]
    """One for each message of the request, in its order."""


class MessageList(Struct, frozen=True, kw_only=True):
    """A page of a transcript."""

    data: list[MessageOut]
    """The messages of the page, in the `order` asked for; deleted ones are left out."""
    has_more: HasMore
    next_cursor: NextCursor


class MessageMatches(Struct, frozen=True, kw_only=True):
    """The messages that have one of some client ids."""

    data: list[MessageOut]
    """Ordered by their sessions, then by `seq`; at most 200."""


class MessageDeleted(Struct, frozen=True, kw_only=True):
    """What a deletion removed, for ever."""

    id: str
    """The message, as the request named it."""
    deleted: Deleted


def drafts_of(messages: Sequence[MessageIn]) -> list[MessageDraft]:
    """The messages of one call; TooLarge before any is looked at where there are too many."""
    check_count(len(messages))
    return [draft_of(message, index) for index, message in enumerate(messages)]


def draft_of(body: MessageIn, index: int) -> MessageDraft:
    """The message that a caller means; Invalid names the part that is wrong."""
    draft = content_of(body, f"messages[{index}]")
    return msgspec.structs.replace(draft, client_id=body.client_id, created_at=us(body.created_at))


def content_of(body: MessageChange, where: str) -> MessageDraft:
    """What a message says, as a draft without an id and a time of its own."""
    raw, usage = _without_null(body.parts), body.usage or UsageIn()
    if (raw is None) == (body.text is None):
        raise Invalid(f"{where} needs either parts or text", param=f"{where}.parts")
    if raw is None:
        raw = parts.text_part(body.text or "")
    text = parts.check(raw, f"{where}.parts")
    metadata = _without_null(body.metadata) or Raw(b"{}")
    if not bytes(metadata).lstrip().startswith(b"{"):
        raise Invalid(f"{where}.metadata must be an object", param=f"{where}.metadata")
    item = item_of(body.item, f"{where}.item")
    check_role(body.role, item, f"{where}.role")
    return MessageDraft(
        role=body.role,
        parts=raw.copy(),
        text=text,
        sender=body.sender,
        sender_id=body.sender_id,
        model=body.model,
        run_id=body.run_id,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost_nanos=round(usage.cost_usd * 1e9),
        metadata=metadata.copy(),
        item=item,
    )


def item_of(body: ItemIn | None, where: str) -> Item | None:
    """The item that a caller means; Invalid when it is neither JSON nor bytes, or both."""
    if body is None:
        return None
    if (body.data is UNSET) == (body.base64 is UNSET):
        raise Invalid(f"{where} needs either data or base64", param=f"{where}.data")
    if isinstance(body.base64, bytes):
        return Item(body.format, "bytes", body.base64)
    return Item(body.format, "json", bytes(body.data))  # type: ignore[arg-type]  # it is set, since base64 is not


def check_role(role: str, item: Item | None, where: str) -> None:
    """Raises Invalid for a role that is none of ours, and that no foreign item has."""
    if role in _TAKEN or (item is not None and is_role(role)):
        return
    raise Invalid(
        f"{where}: unknown value {role!r}: choose from {', '.join(sorted(_TAKEN))}",
        param=where,
        reason="not_a_choice",
    )


def _without_null(value: Raw | UnsetType) -> Raw | None:
    return None if value is UNSET or bytes(value) == b"null" else value


def itemed_out(session_name: str, message: Message, item: Item | None) -> MessageOut:
    """The message with its item."""
    shown = message_out(session_name, message)
    return shown if item is None else msgspec.structs.replace(shown, item=item_out(item))


def item_out(item: Item) -> ItemOut:
    if item.encoding == "json":
        return ItemOut(format=item.format, data=Raw(item.data))
    return ItemOut(format=item.format, base64=item.data)


def message_out(session_name: str, message: Message) -> MessageOut:
    has_usage = any(getattr(message, name) for name in SUMS)
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
        usage=usage_out(message) if has_usage else UNSET,
        metadata=message.metadata if bytes(message.metadata) != b"{}" else UNSET,
        edited_at=rfc3339(message.edited_at) if message.edited_at is not None else UNSET,
    )


MESSAGE = MessageProjection("native.message", message_out)
